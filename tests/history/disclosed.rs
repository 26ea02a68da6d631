//! Runs and judged load in a dossier, whatever the database: `sha256sum` proves them.

use std::path::Path;
use std::process::Command;

use envparity::history::{JudgedBuckets, JudgedSource};
use envparity::pipeline::{self, DossierAsked};
use jiff::SignedDuration;

use crate::world::{audit, buckets, evidence, example, key, now, save, stores};

fn shell(folder: &Path, line: &str) -> bool {
    Command::new("sh").args(["-c", line]).current_dir(folder).status().unwrap().success()
}

#[test]
fn judged_load_and_runs_are_proven_by_sha256sum_alone() {
    for (name, mut store, _folder) in stores() {
        let evidence = evidence();
        save(&mut store, audit(now() - SignedDuration::from_hours(48), &evidence));
        store.add_buckets(&[(key("ops"), buckets(300, 3))]).unwrap();
        let mut run = audit(now(), &evidence);
        let outside = JudgedSource::Outside {
            source: "prometheus https://prom/base".to_owned(),
            query: "last_over_time(redis_commands_processed_total[5m])".to_owned(),
            answer: "ab".repeat(32),
            buckets: buckets(300, 4),
        };
        let judged = |from_source| JudgedBuckets { key: key("ops"), from: 0, to: 900, from_source };
        run.judged = vec![judged(JudgedSource::History), judged(outside)];
        save(&mut store, run);
        save(&mut store, audit(now() + SignedDuration::from_hours(48), &evidence));
        let folder = tempfile::tempdir().unwrap();
        let asked = DossierAsked {
            from: now() - SignedDuration::from_hours(1),
            to: now() + SignedDuration::from_hours(1),
            made: now(),
            claims: std::collections::BTreeMap::new(),
        };
        let mut sink = |path: &str, bytes: &[u8]| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).map_err(|error| error.to_string())
        };
        let done = pipeline::dossier(&example(), &mut store, &asked, &mut sink).unwrap();
        assert_eq!((done.runs, done.broken), (1, None), "{name}");
        let sums = "sha256sum -c --quiet SHA256SUMS && sha256sum -c --quiet CHAIN";
        assert!(shell(folder.path(), sums), "{name}");
        let judged = r#"test "$(cat judged/*.json | jq -s length)" = 2 &&
            jq -r '"\(.digest)  \(.bytes)"' judged/*.json | sha256sum -c --quiet"#;
        assert!(shell(folder.path(), judged), "{name}");
        let rows = "jq -e '.buckets | length == 3' judged/*-000.json";
        assert!(shell(folder.path(), rows), "{name}");
        // A bucket that says something else is seen.
        assert!(shell(folder.path(), "printf x >> judged/00000002-000.bytes"));
        assert!(!shell(folder.path(), judged), "{name}");
    }
}
