//! Own samples: what audits with a history see of a Redis, with buckets of two seconds.

use super::*;

const LENGTH: BucketLength = BucketLength::new(2);

pub(super) struct Silent;

impl envparity::collect::Progress for Silent {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

/// An audit whose newest window ends now.
fn audit(folder: &Path, history: &Path) -> envparity::model::Audit {
    let at = now();
    let today = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let profiles = profile::load(folder, &pipeline::rule_ids(), today).expect("they are right");
    // A window ends a minute before the run.
    let options = AuditOptions {
        at: Some(at + jiff::SignedDuration::from_secs(60)),
        length: LENGTH,
        ..AuditOptions::default()
    };
    let open = || Store::open(history, &SqliteOptions::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let audited = runtime.expect("a runtime").block_on(pipeline::audit_and_keep(
        &profiles,
        &options,
        RunFacts::default(),
        Arc::new(now),
        &Silent,
        open,
    ));
    let (audit, kept) = audited.expect("the environments are known");
    kept.expect("the history is written");
    audit
}

#[test]
fn a_burst_between_two_audits_with_a_history_is_a_no_go() {
    let (qualif, production) = (
        RedisServer::start(Binary::Redis70, &["--enable-debug-command", "yes"]),
        RedisServer::start(Binary::Redis70, &[]),
    );
    qualif.command(&["DEBUG", "POPULATE", "400000"]);
    let profiles = profiles(&qualif, &production, None);
    let history = profiles.path("load.db");
    let first = audit(profiles.folder(), &history);
    assert!(first.findings.iter().all(|found| found.finding.rule != "load-regression"));
    assert_eq!(first.load.len(), 2, "{:?}", first.load);
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < scaled(Duration::from_secs(9)) {
        if began.elapsed() > Duration::from_secs(3) && began.elapsed() < Duration::from_secs(6) {
            qualif.command(&["KEYS", "nothing-*"]);
        }
        last = Some(audit(profiles.folder(), &history));
        std::thread::sleep(Duration::from_millis(300));
    }
    let last = last.expect("at least one audit");
    let found = last.findings.iter().find(|found| found.finding.rule == "load-regression");
    let found = found.unwrap_or_else(|| panic!("{:?}", last.load));
    assert_eq!(found.finding.environments, ["qualif".into()]);
    assert_eq!(found.severity, envparity::model::Severity::High);
    assert_eq!(last.judgement.verdict, envparity::model::Verdict::NoGo);
    let of_production = &last.load.iter().find(|load| load.environment.as_str() == "production");
    let walk = &of_production.expect("it is sampled too").rows[0];
    assert!(walk.cells.iter().all(|cell| cell.outcome != LoadOutcome::Breached), "{walk:?}");
    // By hand: what INFO says of KEYS is what all buckets together have.
    let mut store = Store::open(&history, &SqliteOptions::default()).expect("it is there");
    let (environment, target) = (EnvironmentName::from("qualif"), TargetId::new("redis", "cache"));
    let all = store
        .read_load(&environment, &target, (0, i64::MAX / 2), &|_| true)
        .expect("it can be read");
    let place = all.values().next().expect("one server");
    let keys = &place.buckets[&Series::Command("keys".to_owned())];
    let told = keys.iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.a, sum.1 + row.b));
    let info = qualif.command(&["INFO", "commandstats"]);
    let line =
        info.lines().find(|line| line.starts_with("cmdstat_keys:")).expect("KEYS was called");
    let figure = |name: &str| -> f64 {
        let value = line.split([':', ',']).find_map(|part| part.strip_prefix(name));
        value.expect("it is told").trim().parse().expect("a number")
    };
    assert_eq!(told, (figure("calls="), figure("usec=")), "{line}");
    // Our own questions are no load, and neither are our sessions.
    assert!(!place.buckets.contains_key(&Series::Command("info".to_owned())));
    let production = EnvironmentName::from("production");
    let idle = store
        .read_load(&production, &target, (0, i64::MAX / 2), &|_| true)
        .expect("it can be read");
    let idle = idle.values().next().expect("one server");
    for own in ["info", "hello"].map(|name| Series::Command(name.to_owned())) {
        assert!(!idle.buckets.contains_key(&own), "{own}: {:?}", idle.buckets[&own]);
    }
    for none in [Series::Ops, Series::Logins] {
        assert!(idle.buckets.get(&none).is_none_or(|rows| rows.iter().all(|row| row.a == 0.0)));
    }
    assert!(store.verify(None).expect("it can be read").is_ok());
}
