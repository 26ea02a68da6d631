//! What hostile servers can make an audit hold.

use std::time::Duration;

use serde_json::{Value, json};

use crate::profiles::Profiles;
use crate::support::cli::slowness::deadline;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{ApiServer, Cluster, Fault, When};

const MIB: u64 = 1024;

/// On an idle machine: long enough for every cap to be met.
const DEADLINE: Duration = Duration::from_secs(3);

/// An audit of one target, all of whose answers are more than anybody could want.
fn peak(collector: &str, target: &Value) -> u64 {
    let profiles = Profiles::new(&[(
        "production",
        json!({"deadline": deadline(DEADLINE), "targets": {collector: [target]}}),
    )]);
    let (_, peak, report) = profiles.measured();
    assert_eq!(report.verdict(), "incomplete", "{report}");
    peak
}

#[test]
fn hostile_servers_do_not_fill_the_memory() {
    let endless = Hostile::start(Behaviour::EndlessHttpBody);
    let docker =
        peak("docker", &json!({"name": "x", "host": format!("tcp://{}", endless.address())}));
    let cluster = |fault: Fault| {
        let server = ApiServer::start(Cluster::recorded());
        server.fault("/api/v1/pods", When::Always, fault);
        let folder = tempfile::tempdir().expect("a temporary directory");
        peak(
            "kubernetes",
            &json!({"name": "x", "kubeconfig": server.kubeconfig().write(folder.path())}),
        )
    };
    let peaks = [
        ("an engine that never stops answering", docker),
        ("a list of pods that never ends", cluster(Fault::Endless)),
        ("the same, compressed", cluster(Fault::GzipBomb)),
        ("pages that never end", cluster(Fault::SamePageForEver)),
    ];
    for (server, peak) in peaks {
        println!("{server}: {} MiB", peak / MIB);
        assert!(peak < 64 * MIB, "{server}: {peak} KiB");
    }
}
