//! What any database of a history must keep. Nothing in here knows which one it is.

use std::time::{Duration, Instant};

use envparity::collect::config::COLLECTORS;
use envparity::history::{
    Found, JudgedBuckets, JudgedSource, KeptSample, Reference, ResolveError, parse_reference,
};
use envparity::model::{
    Bucket, BucketFlags, Evidence, Hour, LoadSpan, Outcome, RunState, Series, SpanMark,
};
use envparity::trend;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::world::{audit, buckets, evidence, key, now, sample, save, stores};

fn later(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

#[test]
fn a_run_is_a_link_of_a_chain() {
    for (name, mut store, _folder) in stores() {
        let evidence = evidence();
        let first = save(&mut store, audit(now(), &evidence));
        let second = save(&mut store, audit(now(), &evidence));
        assert_eq!((first.id, second.id), (1, 2), "{name}");
        assert_ne!(first.digest, second.digest);
        let verified = store.verify(Some(&first.digest)).unwrap().unwrap();
        assert_eq!((verified.runs, verified.head), (2, second.digest.clone()));
        let runs = store.newest_runs(10).unwrap();
        assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(runs[0].environments, ["dev", "ovh-production", "qualif"]);
        assert_eq!((runs[0].verdict.as_str(), runs[0].at), ("no-go", now()));
        assert_eq!(store.newest_runs(1).unwrap().len(), 1);
    }
}

#[test]
fn evidence_comes_back_as_it_was() {
    for (name, mut store, _folder) in stores() {
        let evidence = evidence();
        let saved = save(&mut store, audit(now(), &evidence));
        let mut back = store.evidence_of_run(saved.id, COLLECTORS).unwrap();
        for (own, found) in evidence.iter().zip(&mut back) {
            assert_eq!(sorted(own), sorted(found), "{name}");
        }
        assert_eq!(back.len(), evidence.len());
    }
}

/// Facts and images in one order: which one a target lists first is not kept.
fn sorted(evidence: &Evidence) -> Evidence {
    let mut evidence = evidence.clone();
    for target in &mut evidence.targets {
        target.fields.sort_by(|a, b| (&a.place, &a.name).cmp(&(&b.place, &b.name)));
        target.images.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
        target.required = true;
    }
    evidence
}

#[test]
fn the_same_answer_twice_is_one_inventory() {
    for (name, mut store, _folder) in stores() {
        let mut evidence = evidence();
        save(&mut store, audit(now(), &evidence));
        let (inventories, seen) = counts(&mut store);
        // Another time, counters that have grown, images in another order.
        for target in evidence.iter_mut().flat_map(|evidence| &mut evidence.targets) {
            target.set_taken(later(1));
            target.images.reverse();
            for sample in &mut target.samples {
                sample.counters.add("total_made_up", 1.0);
            }
        }
        save(&mut store, audit(later(1), &evidence));
        let again = counts(&mut store);
        assert_eq!(again, (inventories, 2 * seen), "{name}");
        // One image does not run any more: one inventory more.
        let with_images = evidence.iter_mut().flat_map(|e| &mut e.targets);
        let image = with_images.flat_map(|target| &mut target.images).next().unwrap();
        image.state = RunState::NotRunning("exited".to_owned());
        save(&mut store, audit(later(2), &evidence));
        assert_eq!(counts(&mut store), (inventories + 1, 3 * seen), "{name}");
    }
}

/// Rows of `inventory` and of `seen`, as an export has them.
fn counts(store: &mut envparity::history::Store) -> (usize, usize) {
    let mut lines = Vec::new();
    store.export(&mut lines).unwrap();
    let text = String::from_utf8(lines).unwrap();
    let of = |table: &str| text.lines().filter(|line| line.starts_with(table)).count();
    (of("[\"inventory\""), of("[\"seen\""))
}

#[test]
fn what_was_not_read_comes_back_as_that() {
    for (name, mut store, _folder) in stores() {
        let mut evidence = evidence();
        let target = &mut evidence[0].targets[0];
        let part = target.parts.keys().next().unwrap().clone();
        let failure = envparity::model::Failure::new(
            envparity::model::FailureKind::Timeout,
            "no answer within 5 s",
        );
        target.set_part(part.as_str(), Outcome::Failed(failure));
        let saved = save(&mut store, audit(now(), &evidence));
        let back = store.evidence_of_run(saved.id, COLLECTORS).unwrap();
        assert_eq!(back[0].targets[0].parts, evidence[0].targets[0].parts, "{name}");
    }
}

#[test]
fn references_find_the_newest_at_or_before() {
    for (name, mut store, _folder) in stores() {
        let evidence = evidence();
        let saved: Vec<_> =
            (0..3).map(|i| save(&mut store, audit(later(24 * i), &evidence))).collect();
        // Of one environment alone, and the clock was put back.
        let one = save(&mut store, audit(later(-1), &evidence[..1]));
        let mut find = |text: &str| {
            let reference = parse_reference(text, later(48), &TimeZone::UTC).unwrap();
            match store.resolve(&reference) {
                Ok(Found::Evidence { run, environment }) => Ok((run.id, environment.to_string())),
                Ok(Found::Run(run)) => Ok((run.id, String::new())),
                Ok(Found::File(_)) => unreachable!("no path was given"),
                Err(error) => Err((error.is_absence(), error.to_string())),
            }
        };
        let of = |id: i64, name: &str| Ok((id, name.to_owned()));
        assert_eq!(find("qualif"), of(3, "qualif"), "{name}");
        assert_eq!(find("qualif@-24h"), of(2, "qualif"));
        assert_eq!(find("qualif@-25h"), of(1, "qualif"));
        assert_eq!(find("qualif@2026-11-23T00:06Z"), of(1, "qualif"));
        assert_eq!(find("dev@2026-11-23T00:00Z"), of(4, "dev"));
        let (is_absence, text) = find("qualif@2026-11-23T00:05:59Z").unwrap_err();
        assert!(is_absence && text.contains("the oldest is of 2026-11-23T00:06:00Z"), "{text}");
        let (is_absence, text) = find("staging").unwrap_err();
        assert!(is_absence && text.contains("dev, ovh-production, qualif"), "{text}");
        let digits = &saved[1].digest[..12];
        assert_eq!(find(&format!("run:{digits}")), of(2, ""));
        assert_eq!(find(&format!("run:{digits}/dev")), of(2, "dev"));
        assert_eq!(find(&format!("run:{}", &one.digest[..12])), of(4, "dev"));
        assert!(find(&format!("run:{digits}/staging")).unwrap_err().1.contains("no evidence"));
        let (is_absence, text) = find("run:0000000000000000").unwrap_err();
        assert!(!is_absence && text.contains("no run begins"), "{text}");
    }
}

#[test]
fn digits_of_two_runs_name_none() {
    for (name, mut store, _folder) in stores() {
        // Of 17 digests, two begin alike; four digits would take some 300.
        let saved: Vec<_> =
            (0..17).map(|i| save(&mut store, audit(later(i), &[])).digest).collect();
        let first = |digest: &String| digest.chars().next().unwrap();
        let twice = saved
            .iter()
            .find(|one| saved.iter().filter(|other| first(one) == first(other)).count() > 1);
        let digits = first(twice.unwrap()).to_string();
        let found = store.resolve(&Reference::Run { digits, environment: None });
        assert!(matches!(found, Err(ResolveError::Ambiguous(..))), "{name}: {found:?}");
    }
}

#[test]
fn buckets_and_hours_come_back_as_they_were() {
    for (name, mut store, _folder) in stores() {
        let given = buckets(300, 30);
        let odd = Bucket { a: 1.0 / 3.0, b: 1e18, covered: 12.5, at: 60_000, flags: flags() };
        let hour = Hour {
            at: 3_600,
            covered: 3_600.0,
            sum_a: 1.5,
            sum_b: 2.0,
            max_a: 0.1,
            max_b: 0.2,
            flags: flags(),
        };
        store.add_buckets(&[(key("ops"), given.clone()), (key("up"), vec![odd])]).unwrap();
        store.add_hours(&[(key("ops"), vec![hour])]).unwrap();
        assert_eq!(store.read_buckets(&key("ops"), 0, i64::MAX).unwrap(), given, "{name}");
        assert_eq!(store.read_buckets(&key("up"), 0, i64::MAX).unwrap(), [odd]);
        assert_eq!(store.read_hours(&key("ops"), 0, 3_600).unwrap(), [hour]);
        // Behind the beginning, up to the end.
        assert_eq!(store.read_buckets(&key("ops"), 300, 900).unwrap(), given[1..3]);
        assert!(store.read_buckets(&key("cpu"), 0, i64::MAX).unwrap().is_empty());
        // A bucket that is told again is replaced.
        let again = Bucket { a: 99.0, ..given[0] };
        store.add_buckets(&[(key("ops"), vec![again])]).unwrap();
        assert_eq!(store.read_buckets(&key("ops"), 0, 300).unwrap(), [again]);
        // Told twice at once, the last one counts.
        let twice = vec![Bucket { a: 1.0, ..given[1] }, Bucket { a: 2.0, ..given[1] }];
        store.add_buckets(&[(key("ops"), twice.clone())]).unwrap();
        assert_eq!(store.read_buckets(&key("ops"), 300, 600).unwrap(), twice[1..]);
        let hours = vec![Hour { max_a: 7.0, ..hour }, Hour { max_a: 8.0, ..hour }];
        store.add_hours(&[(key("ops"), hours.clone())]).unwrap();
        assert_eq!(store.read_hours(&key("ops"), 0, 3_600).unwrap(), hours[1..]);
        // More than one statement holds.
        let many = buckets(1_000_200, 5_000);
        store.add_buckets(&[(key("cmd/get"), many.clone())]).unwrap();
        assert_eq!(store.read_buckets(&key("cmd/get"), 0, i64::MAX).unwrap(), many);
    }
}

fn flags() -> BucketFlags {
    BucketFlags::AT_LEAST | BucketFlags::RESTART
}

#[test]
fn the_load_of_a_target_is_its_series_by_place() {
    for (name, mut store, _folder) in stores() {
        let mut other = key("up");
        other.place = "10.0.0.2:6379".to_owned();
        let of = |key| (key, buckets(36_000, 3));
        store.add_buckets(&[of(key("up")), of(key("cmd/keys")), of(other)]).unwrap();
        let hours = envparity::model::Hour {
            at: 7_200,
            covered: 3_600.0,
            sum_a: 1.0,
            sum_b: 0.0,
            max_a: 1.0,
            max_b: 0.0,
            flags: BucketFlags::NONE,
        };
        store.add_hours(&[(key("up"), vec![hours])]).unwrap();
        let target = "redis/cache".to_owned().into();
        let span = (0, 1_000_000);
        let load = store.read_load(&"qualif".into(), &target, span, &|_| true).unwrap();
        assert_eq!(load.keys().collect::<Vec<_>>(), ["", "10.0.0.2:6379"], "{name}");
        let own = &load[""];
        assert_eq!(own.buckets.len(), 2);
        assert_eq!(own.buckets[&Series::Up], buckets(36_000, 3));
        assert_eq!(own.hours[&Series::Up], [hours]);
        let only = |series: &Series| *series == Series::Up;
        let load = store.read_load(&"qualif".into(), &target, span, &only).unwrap();
        assert_eq!(load[""].buckets.len(), 1);
        let none = store.read_load(&"dev".into(), &target, span, &|_| true).unwrap();
        assert!(none.is_empty());
    }
}

#[test]
fn samples_come_back_once() {
    for (name, mut store, _folder) in stores() {
        let kept: Vec<KeptSample> = (0..3)
            .map(|i| KeptSample {
                environment: "qualif".into(),
                sample: sample(later(i), f64::from(u8::try_from(i).unwrap())),
            })
            .collect();
        store.add_samples(&kept).unwrap();
        store.add_samples(&kept).unwrap();
        let target = "redis/cache".to_owned().into();
        let found = store.read_samples(&"qualif".into(), &target, later(0), later(2)).unwrap();
        let wanted: Vec<_> = kept[1..].iter().map(|kept| kept.sample.clone()).collect();
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn marks_are_runs_and_a_moment_is_claimed_once() {
    for (name, mut store, _folder) in stores() {
        let mark = SpanMark {
            span: LoadSpan { from: 1_000, to: 2_000 },
            label: "reproduction of v22's load".to_owned(),
            by: "ops".to_owned(),
            is_excluded: true,
        };
        let saved = store.mark_span(&"qualif".into(), &mark, now()).unwrap();
        assert_eq!(store.marked_spans(&"qualif".into()).unwrap(), [mark], "{name}");
        assert!(store.marked_spans(&"dev".into()).unwrap().is_empty());
        let verified = store.verify(Some(&saved.digest)).unwrap().unwrap();
        assert_eq!((verified.runs, store.newest_runs(1).unwrap()[0].kind.as_str()), (1, "mark"));
        assert!(store.claim_due("nightly", 300).unwrap());
        assert!(!store.claim_due("nightly", 300).unwrap());
        assert!(
            store.claim_due("nightly", 600).unwrap() && store.claim_due("hourly", 300).unwrap()
        );
    }
}

#[test]
fn what_is_old_goes_and_what_a_run_rests_on_stays() {
    const DAY: i64 = 86_400;
    for (name, mut store, _folder) in stores() {
        let today = now().as_second() / 3_600 * 3_600;
        let (old, young) = (today - 40 * DAY, today - 30 * DAY);
        let ops = key("ops");
        let all = [buckets(old + 300, 24), buckets(young + 300, 24)].concat();
        store.add_buckets(&[(ops.clone(), all), (key("cpu"), buckets(old + 300, 12))]).unwrap();
        let hour = Hour {
            at: today - 401 * DAY,
            covered: 3_600.0,
            sum_a: 1.0,
            sum_b: 1.0,
            max_a: 1.0,
            max_b: 1.0,
            flags: BucketFlags::NONE,
        };
        let kept = Hour { at: today - 399 * DAY, ..hour };
        store.add_hours(&[(ops.clone(), vec![hour, kept])]).unwrap();
        let old_sample = sample(later(-49), 1.0);
        let young_sample = sample(later(-47), 2.0);
        let of = |sample| KeptSample { environment: "qualif".into(), sample };
        store.add_samples(&[of(old_sample), of(young_sample.clone())]).unwrap();
        // A run that judged the second of two old hours, and holds samples of its own.
        let evidence = evidence();
        let mut run = audit(later(-24 * 40), &evidence);
        run.judged = vec![JudgedBuckets {
            key: ops.clone(),
            from: old + 3_600,
            to: old + 7_200,
            from_source: JudgedSource::History,
        }];
        let saved = save(&mut store, run);
        let pruned = store.prune(now(), &trend::hours_of).unwrap();
        assert_eq!((pruned.buckets, pruned.hours, pruned.samples), (24, 1, 1), "{name}");
        let left = store.read_buckets(&ops, 0, i64::MAX).unwrap();
        assert_eq!((left[0].at, left.len()), (old + 3_900, 12 + 24));
        // The hours of what is gone are there, with the worst bucket.
        let hours = store.read_hours(&ops, old, old + 7_200).unwrap();
        assert_eq!((hours.len(), hours[0].max_a.to_bits()), (2, 11.5_f64.to_bits()));
        assert_eq!(store.read_hours(&key("cpu"), old, today).unwrap().len(), 1);
        let target = "redis/cache".to_owned().into();
        let samples = store.read_samples(&"qualif".into(), &target, later(-49), now()).unwrap();
        assert!(samples.contains(&young_sample));
        store.evidence_of_run(saved.id, COLLECTORS).unwrap();
        let verified = store.verify(Some(&saved.digest)).unwrap().unwrap();
        assert_eq!((verified.runs, store.newest_runs(1).unwrap()[0].kind.as_str()), (2, "prune"));
        // Again: there is nothing, and nothing is written of it.
        assert_eq!(
            store.prune(now(), &trend::hours_of).unwrap(),
            envparity::history::Pruned::default()
        );
        assert_eq!(store.newest_runs(10).unwrap().len(), 2);
    }
}

#[test]
fn buckets_from_outside_are_kept_with_the_run_that_judged_them() {
    for (name, mut store, _folder) in stores() {
        let told = |a: f64| vec![Bucket { a, ..buckets(300, 1)[0] }];
        for a in [1.0, 2.0] {
            let mut run = audit(now(), &[]);
            run.judged = vec![JudgedBuckets {
                key: key("ops"),
                from: 0,
                to: 300,
                from_source: JudgedSource::Outside {
                    source: "prometheus https://prom/base".to_owned(),
                    query: "last_over_time(redis_commands_processed_total[5m])".to_owned(),
                    answer: "ab".repeat(32),
                    buckets: told(a),
                },
            }];
            save(&mut store, run);
        }
        assert!(store.read_buckets(&key("ops"), 0, 300).unwrap().is_empty(), "{name}");
        assert_eq!(store.read_buckets(&key("ops@run/1"), 0, 300).unwrap(), told(1.0));
        assert_eq!(store.read_buckets(&key("ops@run/2"), 0, 300).unwrap(), told(2.0));
        // They are not load of the history's own.
        let target = "redis/cache".to_owned().into();
        let load = store.read_load(&"qualif".into(), &target, (0, 300), &|_| true).unwrap();
        assert!(load.is_empty());
        store.verify(None).unwrap().unwrap();
    }
}

#[test]
fn an_export_is_read_back_whole_or_not_at_all() {
    for (name, mut store, _folder) in stores() {
        let evidence = evidence();
        save(&mut store, audit(now(), &evidence));
        store.add_buckets(&[(key("up"), buckets(300, 3_000))]).unwrap();
        let odd = Bucket { a: 1.0 / 3.0, b: 1e-300, ..buckets(900_000, 1)[0] };
        store.add_buckets(&[(key("cpu"), vec![odd])]).unwrap();
        let head = save(&mut store, audit(later(1), &evidence)).digest;
        let mut lines = Vec::new();
        store.export(&mut lines).unwrap();
        let text = String::from_utf8(lines).unwrap();
        for (of, mut into, _folder) in stores() {
            // Broken off, a line too few, a line too many, another file.
            let all: Vec<&str> = text.lines().collect();
            let broken = [
                all[..all.len() - 1].join("\n"),
                [&all[..5], &all[6..]].concat().join("\n"),
                format!("{text}{}", all[3]),
                "{\"a\": 1}".to_owned(),
                String::new(),
            ];
            for wrong in broken {
                assert!(into.import(&mut wrong.as_bytes()).is_err(), "{of}");
                assert!(into.newest_runs(1).unwrap().is_empty());
            }
            into.import(&mut text.as_bytes()).unwrap();
            assert_eq!(into.verify(Some(&head)).unwrap().unwrap().runs, 2, "{name} to {of}");
            let mut again = Vec::new();
            into.export(&mut again).unwrap();
            assert_eq!(String::from_utf8(again).unwrap(), text);
            assert!(into.import(&mut text.as_bytes()).is_err(), "two chains were mixed");
        }
    }
}

/// Rows travel together: a PostgreSQL would be waited for at each of them.
#[test]
fn rows_go_in_by_the_batch() {
    const ROWS: i64 = 1_500;
    for (name, mut store, _keep) in stores() {
        let all = buckets(300, 2 * ROWS);
        let (together, apart) = all.split_at(usize::try_from(ROWS).unwrap());
        let start = Instant::now();
        store.add_buckets(&[(key("ops"), together.to_vec())]).unwrap();
        let batch = start.elapsed();
        let start = Instant::now();
        let one_by_one = store.write_all(|store| {
            apart.iter().try_for_each(|row| store.add_buckets(&[(key("ops"), vec![*row])]))
        });
        one_by_one.unwrap();
        let single = start.elapsed();
        let of_day = |time: Duration| time.as_secs_f64() * 86_400.0 / 1_500.0;
        println!(
            "{name}: 86,400 rows would take {:.1} s in batches, {:.1} s one by one",
            of_day(batch),
            of_day(single)
        );
        assert!(name == "sqlite" || batch * 3 < single, "{name}: {batch:?}, {single:?}");
        assert_eq!(store.read_buckets(&key("ops"), 0, i64::MAX).unwrap(), all);
    }
}
