//! What hostile servers can make an audit hold.

use serde_json::{Value, json};

use crate::profiles::Profiles;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{ApiServer, Cluster, Fault, When};

const MIB: u64 = 1024;

/// An audit of one target, all of whose answers are more than anybody could want.
fn peak(collector: &str, target: Value) -> u64 {
    let profiles = Profiles::new(&[("production", json!({"deadline": "3s", "targets": {collector: [target]}}))]);
    let (took, peak, report) = profiles.measured();
    assert_eq!(report.verdict(), "incomplete", "{report}");
    println!("{collector}: {} MiB after {took:.2?}", peak / MIB);
    peak
}

#[test]
fn hostile_servers_do_not_fill_the_memory() {
    let endless = Hostile::start(Behaviour::EndlessHttpBody);
    let docker = peak("docker", json!({"name": "x", "host": format!("tcp://{}", endless.address())}));
    let cluster = |fault: Fault| {
        let server = ApiServer::start(Cluster::recorded());
        server.fault("/api/v1/pods", When::Always, fault);
        let folder = tempfile::tempdir().expect("a temporary directory");
        peak("kubernetes", json!({"name": "x", "kubeconfig": server.kubeconfig().write(folder.path())}))
    };
    let peaks = [docker, cluster(Fault::Endless), cluster(Fault::GzipBomb), cluster(Fault::SamePageForEver)];
    assert!(peaks.iter().all(|peak| *peak < 64 * MIB), "{peaks:?} KiB");
}
