//! Answers of a Prometheus: of every shape, cut anywhere, and over every bound.

use super::*;

const MATRIX: &str = r#"{"data":{"result":[{"values":[[300,"1"],[600,"NaN"],[900.0,"3e6"]],
    "metric":{"__name__":"x","cmd":"config|get"}}],"resultType":"matrix"},"infos":["i"],
    "status":"success","warnings":["one store is gone"],"isPartial":true}"#;

fn read(body: &[u8], path: &str) -> Result<ReadAnswer, Failure> {
    super::read(body, path, AnswerBounds::ANSWER)
}

fn failure(body: &str) -> Failure {
    read(body.as_bytes(), "/api/v1/query").unwrap_err()
}

#[test]
fn prometheus_answers_are_read_in_any_order_of_keys() {
    let told = read(MATRIX.as_bytes(), "/").unwrap();
    let [series] = &told.series[..] else { panic!("{told:?}") };
    assert_eq!(series.labels["cmd"], "config|get");
    let points: Vec<_> = series.points.iter().map(|p| (p.at_millis, p.value)).collect();
    assert_eq!(points, [(300_000, 1.0), (900_000, 3e6)]);
    assert_eq!(told.warnings, ["one store is gone", "the answer is partial"]);
    let vector = r#"{"status":"success","data":{"resultType":"vector","result":
        [{"metric":{},"value":[1.5,"+Inf"]},{"metric":{},"value":[1.781,"7"]}]}}"#;
    let told = read(vector.as_bytes(), "/").unwrap();
    assert!(told.series[0].points.is_empty());
    assert_eq!(told.series[1].points[0].at_millis, 1781);
    let list = r#"{"status":"success","data":[{"cmd":"get"}]}"#;
    assert_eq!(read(list.as_bytes(), "/").unwrap().series[0].labels["cmd"], "get");
}

#[test]
fn prometheus_answers_of_any_other_shape_are_refused() {
    for body in [
        "",
        "<html><body>Sign in</body></html>",
        "[]",
        "{}",
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":null}"#,
        r#"{"status":"success","data":{}}"#,
        r#"{"status":"fine","data":[]}"#,
        r#"{"status":"success","data":[]} trailing"#,
        r#"{"status":"success","data":[],"data":[]}"#,
        r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#,
        r#"{"status":"success","data":{"result":[{"metric":{},"value":[1,"one"]}]}}"#,
        r#"{"status":"success","data":{"result":[{"metric":{},"value":[1,1]}]}}"#,
        r#"{"status":"success","data":{"result":[{"metric":{},"value":[-1,"1"]}]}}"#,
        r#"{"status":"success","data":{"result":[{"metric":{},"values":[[2,"1"],[1,"1"]]}]}}"#,
        r#"{"status":"success","data":{"result":[{"metric":{},"values":[[2,"1"],[2,"1"]]}]}}"#,
    ] {
        let failure = failure(body);
        assert_eq!(failure.kind, FailureKind::Protocol, "{body}: {failure}");
    }
}

#[test]
fn prometheus_answers_that_break_off_are_told_wherever_they_do() {
    for end in 1..MATRIX.len() {
        let kind = failure(&MATRIX[..end]).kind;
        assert_eq!(kind, FailureKind::Cut, "{}", &MATRIX[..end]);
    }
}

#[test]
fn prometheus_says_why_it_refuses() {
    let said = failure(r#"{"status":"error","errorType":"execution","error":"too many"}"#);
    assert!(said.message.ends_with("with an error: too many"), "{said}");
    let long = format!(r#"{{"status":"error","error":"{}"}}"#, "é".repeat(4000));
    assert!(failure(&long).message.chars().count() < 400);
}

#[test]
fn prometheus_answers_over_a_bound_are_refused_as_a_whole() {
    let list = |items: String| format!(r#"{{"status":"success","data":[{items}]}}"#);
    let labels: Vec<String> = (0..65).map(|i| format!("\"l{i}\":\"\"")).collect();
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_TEXT));
    for body in [list("{},".repeat(10_001)), list(format!("{{{}}}", labels.join(","))), list(long)]
    {
        let failure = failure(&body);
        assert_eq!(failure.kind, FailureKind::TooLarge, "{failure}");
    }
}

#[test]
fn values_are_counted_while_they_are_read_and_over_all_answers_of_a_bucket() {
    let of = |count: usize| {
        let points: Vec<String> = (1..=count).map(|at| format!("[{at},\"1\"]")).collect();
        let series = format!(r#"{{"metric":{{}},"values":[{}]}}"#, points.join(","));
        format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#)
    };
    // It is refused at the value that is too much: nobody looks at the end of the answer.
    let endless = of(MAX_POINTS + 1).replace("]}]}}", "");
    let refused = failure(&endless);
    assert_eq!(refused.kind, FailureKind::TooLarge, "{refused}");
    let half = of(MAX_BUCKET_POINTS / 2 + 1);
    let read = |bounds| super::read(half.as_bytes(), "/", bounds);
    let first = read(AnswerBounds::BUCKET).unwrap();
    let refused = read(AnswerBounds::BUCKET.after(&first.series)).unwrap_err();
    assert_eq!(refused.kind, FailureKind::TooLarge);
    assert!(refused.message.starts_with("the samples of one bucket have more"), "{refused}");
}

#[test]
fn prometheus_values_off_the_grid_are_seen() {
    let span = LoadSpan { from: 300, to: 900 };
    let of = |at_millis| {
        [ToldSeries { points: vec![SeriesPoint { at_millis, value: 1.0 }], ..Default::default() }]
    };
    for (at, fits) in [
        (300_000, true),
        (900_000, true),
        (301_000, false),
        (600_001, false),
        (1_200_000, false),
        (0, false),
    ] {
        assert_eq!(is_on_grid(&of(at), span, 300), fits, "{at}");
    }
}
