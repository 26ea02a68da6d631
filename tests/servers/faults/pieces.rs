//! Answers in pieces whose size cannot be: told as no answer, of each collector that speaks HTTP.

use std::path::Path;

use serde_json::{Value, json};

use super::{Fault, TOKEN};
use crate::support::hostile::{Behaviour, Hostile};

/// What each size is called, the size itself, and what an answer with it is told as.
fn sizes() -> Vec<(&'static str, String, &'static str)> {
    let endless = format!("d;{}", "x".repeat(256 * 1024));
    vec![
        ("a piece larger than 64 bits", "fffffffffffffffff".to_owned(), "protocol"),
        ("a piece that wraps to one", "10000000000000001".to_owned(), "protocol"),
        ("a piece of 64 bits", "ffffffffffffffff".to_owned(), "cut"),
        ("a piece below zero", "-1".to_owned(), "protocol"),
        ("a piece whose size is a sign alone", "-".to_owned(), "protocol"),
        ("a piece without a size", String::new(), "protocol"),
        ("a piece whose size has a sign", "+d".to_owned(), "protocol"),
        ("a piece with an extension without end", endless, "protocol"),
    ]
}

fn behaviour(size: &str, body: &str) -> Behaviour {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    Behaviour::CutAfter(format!("{head}{size}\r\n{body}\r\n0\r\n\r\n").into_bytes())
}

/// A cluster, by a kubeconfig that is kept in the folder.
pub(super) fn of_a_cluster(folder: &Path) -> Vec<Fault> {
    let body = r#"{"major":"1"}"#;
    let cases = sizes().into_iter().enumerate().map(|(place, (name, size, kind))| {
        let server = Hostile::start(behaviour(&size, body));
        let path = folder.join(format!("pieces-{place}"));
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: k, cluster: {{server: 'http://{}'}}}}]\n\
             contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nusers: [{{name: u, user: {{token: {TOKEN}x}}}}]\n",
            server.address()
        );
        std::fs::write(&path, text).expect("write into a folder of ours");
        let target = json!({"kubeconfig": path});
        Fault::kubernetes(name, target, &[kind]).with(server)
    });
    cases.collect()
}

/// An engine.
pub(super) fn of_an_engine() -> Vec<Fault> {
    let cases = sizes().into_iter().map(|(name, size, kind)| {
        let server = Hostile::start(behaviour(&size, r#"{"Version":1}"#));
        let target: Value = json!({"host": format!("tcp://{}", server.address())});
        Fault::docker(name, target, &[kind]).with(server)
    });
    cases.collect()
}
