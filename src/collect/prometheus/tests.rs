//! What becomes of what a Prometheus told.

use super::load::{CounterKind, Samples, SamplesTold, StepsTold, steps};
use super::merged::{Merged, command_names};
use super::parse::{SeriesLabels, SeriesPoint, ToldSeries};
use crate::model::{BucketLength, LoadRole, LoadSpan, SeriesFault};

const LENGTH: BucketLength = BucketLength::DEFAULT;

/// A series of `name=value` labels; times are seconds.
fn series(labels: &[(&str, &str)], points: &[(i64, f64)]) -> ToldSeries {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let point = |(at, value): &(i64, f64)| SeriesPoint { at_millis: at * 1000, value: *value };
    ToldSeries { labels: labels.collect(), points: points.iter().map(point).collect() }
}

fn pod(pod: &str, points: &[(i64, f64)]) -> ToldSeries {
    series(&[("__name__", "redis_commands_processed_total"), ("pod", pod)], points)
}

fn run(pod: &str, run_id: &str, role: &str, at: &[i64]) -> ToldSeries {
    let points: Vec<(i64, f64)> = at.iter().map(|at| (*at, 1.0)).collect();
    series(&[("pod", pod), ("run_id", run_id), ("role", role)], &points)
}

#[test]
fn prometheus_series_that_follow_each_other_become_one_server() {
    let told = StepsTold {
        processed: vec![
            pod("b", &[(900, 31.0), (1200, 40.0)]),
            pod("a", &[(300, 10.0), (600, 20.0), (900, 25.0)]),
        ],
        up: vec![
            series(&[("pod", "a")], &[(300, 20.0), (600, 20.0), (900, 8.0)]),
            series(&[("pod", "b")], &[(900, 11.0), (1200, 20.0)]),
        ],
        resets: vec![series(&[("pod", "a")], &[(300, 0.0), (600, 1.0)])],
        instance: vec![
            run("a", "r", "master", &[300, 600, 900]),
            run("b", "r", "slave", &[900, 1200]),
        ],
    };
    let mut made = steps(&told, &[], LENGTH).unwrap();
    let calls = |pod: &str, points: &[(i64, f64)]| series(&[("pod", pod), ("cmd", "get")], points);
    let told = [calls("a", &[(600, 7.0), (900, 8.0)]), calls("b", &[(900, 9.0), (1200, 9.5)])];
    made.set(CounterKind::Calls, &told).unwrap();
    // Another server's, or one that is not known: of no base.
    made.set(CounterKind::Calls, &[calls("c", &[(600, 99.0)]), series(&[], &[(600, 99.0)])])
        .unwrap();
    made.set(CounterKind::Seconds, &[series(&[("pod", "a"), ("cmd", "get")], &[(600, 0.000_029)])])
        .unwrap();
    made.set(CounterKind::CpuUser, &[series(&[("pod", "a")], &[(300, 1.5), (600, 2.0)])]).unwrap();
    made.set(CounterKind::CpuSystem, &[series(&[("pod", "a")], &[(600, 0.25)])]).unwrap();
    assert_eq!(made.cuts(), [600]);
    assert_eq!((made.first(), made.newest_run().as_deref()), (Some(300), Some("r")));
    assert_eq!(made.interval(LENGTH), Some(15.0));
    let table = made.into_table();
    let rows: Vec<_> =
        table.rows().iter().map(|r| (r.at_millis / 1000, r.samples, r.role)).collect();
    let (up, down) = (LoadRole::Primary, LoadRole::Replica);
    assert_eq!(rows, [(300, 20, up), (600, 20, up), (900, 19, down), (1200, 20, down)]);
    let processed: Vec<_> = (0..4).map(|row| table.processed().get(row)).collect();
    assert_eq!(processed, [Some(10.0), Some(20.0), Some(31.0), Some(40.0)]);
    let get = &table.commands()["get"];
    let calls: Vec<_> = (0..4).map(|row| get.calls.get(row)).collect();
    assert_eq!(calls, [None, Some(7.0), Some(9.0), Some(9.5)]);
    assert_eq!(get.micros.get(1), Some(29.0));
    assert_eq!((table.cpu().get(0), table.cpu().get(1)), (None, Some(2_250_000.0)));
}

#[test]
fn prometheus_series_of_one_server_are_refused_or_told_as_none() {
    let two = StepsTold {
        processed: vec![pod("a", &[(300, 1.0), (600, 2.0)]), pod("b", &[(300, 1.0), (600, 2.0)])],
        ..StepsTold::default()
    };
    let fault = steps(&two, &[], LENGTH).err().unwrap();
    assert!(fault.to_string().contains("{pod=\"a\"} and {pod=\"b\"}"), "{fault}");
    let none = StepsTold::default();
    assert_eq!(steps(&none, &[], LENGTH).err(), Some(SeriesFault::NoSeries));
    let known = SeriesLabels::from([("job".to_owned(), "redis".to_owned())]);
    let fault = steps(&none, &[known], LENGTH).err().unwrap();
    assert_eq!(fault.to_string(), "series without samples: {job=\"redis\"}");
}

#[test]
fn prometheus_cuts_are_seen_by_falls_runs_and_resets() {
    let at = [300, 600, 900, 1200, 1500];
    let told = StepsTold {
        processed: vec![pod("a", &[(300, 10.0), (600, 5.0), (900, 6.0), (1200, 7.0), (1500, 8.0)])],
        instance: vec![
            run("a", "one", "master", &at[..3]),
            // Told for one bucket after it has gone.
            run("a", "two", "master", &at[2..]),
        ],
        ..StepsTold::default()
    };
    let mut made = steps(&told, &[], LENGTH).unwrap();
    assert_eq!(made.cuts(), [600, 900]);
    let calls = |cmd: &str, points: &[(i64, f64)]| series(&[("pod", "a"), ("cmd", cmd)], points);
    made.set(CounterKind::Calls, &[calls("config|resetstat", &[(1200, 1.0)])]).unwrap();
    assert_eq!(made.cuts(), [600, 900, 1200]);
    made.set(CounterKind::Calls, &[calls("get", &[(1200, 4.0), (1500, 3.0)])]).unwrap();
    assert_eq!(made.cuts(), [600, 900, 1200, 1500]);
    let table = made.into_table();
    assert_eq!((table.run_id(1), table.run_id(2)), (Some("one"), Some("two")));
}

#[test]
fn prometheus_samples_of_a_bucket_are_those_behind_its_begin() {
    let of = |name: &str, points: &[(i64, f64)]| series(&[("pod", "a"), ("cmd", name)], points);
    let bucket = |at, points: &[(i64, f64)]| SamplesTold {
        at,
        processed: vec![pod("a", points)],
        instance: vec![run("a", "one", "master", &[310]), run("a", "two", "slave", &[450])],
        counters: vec![
            (CounterKind::Calls, vec![of("keys", &[(300, 1.0), (450, 3.0)])]),
            (CounterKind::Keys, vec![series(&[("pod", "a")], &[(310, 5.0)])]),
        ],
    };
    let mut samples = Samples::default();
    samples.add(&bucket(600, &[(300, 9.0), (310, 9.5), (450, 1.0)]), LENGTH).unwrap();
    samples.add(&bucket(900, &[(700, 2.0)]), LENGTH).unwrap();
    let table = samples.into_table();
    let at: Vec<i64> = table.rows().iter().map(|row| row.at_millis / 1000).collect();
    assert_eq!(at, [310, 450, 700]);
    assert_eq!(
        (table.run_id(0), table.run_id(1), table.run_id(2)),
        (Some("one"), Some("two"), None)
    );
    assert_eq!(table.commands()["keys"].calls.get(1), Some(3.0));
    assert_eq!(table.keys().get(0), Some(5.0));
}

#[test]
fn prometheus_answers_of_a_span_are_put_together() {
    let mut merged = Merged::default();
    merged.add(vec![pod("a", &[(300, 1.0)])]).unwrap();
    merged.add(vec![pod("b", &[(600, 5.0)]), pod("a", &[(600, 2.0)])]).unwrap();
    assert_eq!(
        merged.into_series(),
        [pod("a", &[(300, 1.0), (600, 2.0)]), pod("b", &[(600, 5.0)])]
    );
}

#[test]
fn prometheus_load_is_bounded() {
    let points: Vec<(i64, f64)> = (1..=2001).map(|step| (step * 300, 1.0)).collect();
    let told = StepsTold { processed: vec![pod("a", &points)], ..StepsTold::default() };
    let mut made = steps(&told, &[], LENGTH).unwrap();
    let commands =
        (0..1000).map(|i| series(&[("pod", "a"), ("cmd", &format!("c{i}"))], &points[..1]));
    let failure = made.set(CounterKind::Calls, &commands.collect::<Vec<_>>()).unwrap_err();
    assert!(failure.message.contains("2001 buckets or samples of 1000 commands"), "{failure}");
    // It is refused before the columns are made.
    assert!(made.into_table().commands().len() < 1000);
    let answer = |nth: usize| (0..1_001).map(|n| pod(&format!("{nth}-{n}"), &[])).collect();
    let mut merged = Merged::default();
    merged.add(answer(0)).unwrap();
    let failure = merged.add(answer(1)).unwrap_err();
    assert!(failure.message.contains("2002 series where one server has one"), "{failure}");
    let all: Vec<(i64, f64)> = (1..=101).map(|step| (step, 1.0)).collect();
    let failure = Merged::default().add(vec![pod("a", &all); 1_990]).unwrap_err();
    assert!(failure.message.contains("series with 200990 values"), "{failure}");
    let labels = |count| (0..count).map(|n| series(&[("cmd", &format!("c{n}"))], &[]).labels);
    assert_eq!(command_names(labels(2000).collect()).unwrap().len(), 2000);
    let failure = command_names(labels(2001).collect()).unwrap_err();
    assert!(failure.message.contains("of 2001 commands"), "{failure}");
    let long = series(&[("cmd", &"x".repeat(129))], &[]).labels;
    let failure = command_names(vec![long]).unwrap_err();
    assert!(failure.message.contains("has 129 bytes"), "{failure}");
}

/// Each of its values stands at another moment, and each is told by as many series as may be.
#[test]
fn samples_of_a_bucket_take_time_by_their_number() {
    let point = |n: i64| SeriesPoint { at_millis: 300_001 + n, value: 1.0 };
    let told = |count: i64| SamplesTold {
        at: 600,
        processed: vec![ToldSeries { points: (0..count).map(point).collect(), ..pod("a", &[]) }],
        instance: (0..count)
            .map(|n| ToldSeries {
                points: vec![point(n)],
                ..run("a", &format!("{n}"), "master", &[])
            })
            .collect(),
        counters: Vec::new(),
    };
    let seconds = |count: i64| {
        let told = told(count);
        let start = std::time::Instant::now();
        let added = Samples::default().add(&told, BucketLength::new(100_000));
        assert!(added.is_ok(), "{added:?}");
        start.elapsed().as_secs_f64()
    };
    let few = (0..3).map(|_| seconds(1_200)).fold(f64::INFINITY, f64::min);
    // Less is no measure on a busy machine, and the product of the two numbers takes ten times more.
    let many = seconds(12_000);
    assert!(many < 40.0 * few.max(0.05), "{many} s, a tenth of them {few} s");
    let failure = Samples::default().add(&told(1_201), LENGTH).unwrap_err();
    assert!(failure.message.contains("1201 samples in one bucket"), "{failure}");
}

#[test]
fn mutated_answers_of_prometheus() {
    use super::parse::{AnswerBounds, is_on_grid, read};
    use crate::mutation::{MUTATIONS, attacks, enter};
    let seeds = [
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"redis_commands_processed_total","pod":"a","run_id":"x","role":"master"},"values":[[300,"1"],[600,"2.5"],[900,"NaN"],[1200,"+Inf"]]}]},"warnings":["partial"]}"#,
        r#"{"status":"success","data":[{"__name__":"redis_up","instance":"h:9121"},{"job":"redis"}]}"#,
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1435781451.781,"17"]}]}}"#,
        r#"{"status":"success","data":{"resultType":"scalar","result":[1435781451.781,"1e308"]}}"#,
        r#"{"status":"error","errorType":"bad_data","error":"invalid parameter"}"#,
        r#"{"data":{"result":[],"resultType":"matrix"},"status":"success","infos":["x"]}"#,
    ];
    let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
    let span = LoadSpan { from: 300, to: 1_200 };
    let entry = |data: &[u8]| {
        let Ok(told) = read(data, "/api/v1/query_range", AnswerBounds::ANSWER) else { return };
        for series in &told.series {
            assert!(series.points.iter().all(|point| point.value.is_finite()));
        }
        let _ = is_on_grid(&told.series, span, 300);
        let mut merged = Merged::default();
        let _ = (merged.add(told.series.clone()), merged.add(told.series.clone()));
        let of = |at| SamplesTold {
            at,
            processed: told.series.clone(),
            instance: told.series.clone(),
            counters: vec![(CounterKind::Calls, told.series.clone())],
        };
        let mut samples = Samples::default();
        let _ = (samples.add(&of(600), LENGTH), samples.add(&of(900), LENGTH));
        let _ = samples.into_table();
        let steps_told = StepsTold {
            processed: told.series.clone(),
            up: told.series.clone(),
            resets: told.series.clone(),
            instance: told.series.clone(),
        };
        if let Ok(mut made) = steps(&steps_told, &[], LENGTH) {
            for counter in
                [CounterKind::Calls, CounterKind::Seconds, CounterKind::CpuUser, CounterKind::Keys]
            {
                let _ = made.set(counter, &told.series);
            }
            let _ = (made.cuts(), made.first(), made.newest_run(), made.interval(LENGTH));
            let _ = made.into_table();
        }
    };
    enter(entry, &seeds, 4 * MUTATIONS);
}
