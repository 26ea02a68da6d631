//! Several servers of one target, whose series one Prometheus keeps: each is judged, and the worst
//! is named.

use std::collections::BTreeMap;

use super::kept::{audited, keeping, metrics, row, run_id};
use super::*;

/// The same families once, with the series of all.
pub(super) fn merged(all: &[String]) -> String {
    let mut families: BTreeMap<&str, String> = BTreeMap::new();
    for text in all {
        for family in text.trim_end_matches("# EOF\n").split("# TYPE ").skip(1) {
            let (head, lines) = family.split_once('\n').expect("a family has lines");
            families.entry(head).or_default().push_str(lines);
        }
    }
    let told = families.iter().map(|(head, lines)| format!("# TYPE {head}\n{lines}"));
    told.collect::<String>() + "# EOF\n"
}

/// Series of one server with a label of its own.
fn member(name: &str, run_id: &str, span: (i64, i64), burst: i64) -> String {
    let label = format!("job=\"redis\",instance=\"{name}\"");
    metrics(run_id, span, burst, 60).replace("job=\"redis\"", &label)
}

/// A target of several nodes, and the labels of each.
fn of_nodes(nodes: &[&RedisServer], url: &str, labels: &[(u16, Value)]) -> Value {
    let members: serde_json::Map<String, Value> =
        labels.iter().map(|(port, labels)| (format!("127.0.0.1:{port}"), labels.clone())).collect();
    let urls: Vec<String> = nodes.iter().map(|node| node.url()).collect();
    json!({"targets": {"redis": [{
        "name": "cache",
        "nodes": urls,
        "load": {"prometheus": {"url": url, "match": {"job": "redis", "members": members}}},
    }]}})
}

#[test]
fn every_member_is_judged_and_the_worst_is_named() {
    let servers = [(); 4].map(|()| RedisServer::start(Binary::Redis70, &[]));
    let [one, two, three, production] = &servers;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let end = now().as_second() / 300 * 300 + 300;
    let span = (end - 2 * 86_400, end);
    let quiet = end + 1;
    let metrics = merged(&[
        member("one", &run_id(one), span, quiet),
        member("two", &run_id(two), span, end - 2 * 3_600 - 130),
    ]);
    let prometheus = keeping(dir.path(), &metrics);
    let url = prometheus.url();
    let labels = |name: &str| json!({"instance": name});
    let judged = |nodes: &[&RedisServer], labels: &[(u16, Value)], code: i32| {
        let production =
            json!({"targets": {"redis": [{"name": "cache", "url": production.url()}]}});
        let qualif = of_nodes(nodes, &url, labels);
        audited(&Profiles::new(&[("qualif", qualif), ("production", production)]), code)
    };
    let (first, second) = ((one.port(), labels("one")), (two.port(), labels("two")));
    let report = judged(&[one, two], &[first.clone(), second.clone()], 1);
    let [(_, summary), ..] = report.summaries("load-regression")[..] else { panic!("{report:?}") };
    assert!(summary.contains("walk share 5.37 % in the worst 5 minutes of 24h"), "{summary}");
    assert!(summary.contains(&format!(", on 127.0.0.1:{}", two.port())), "{summary}");
    let load = &report["run"]["load"][0];
    assert_eq!(list(&load["windows"][0]["servers"]).count(), 2, "{load}");
    assert_eq!(text(&load["windows"][0]["identity"]), "proven", "{load}");
    // Of a third one nothing is kept: not known, and the breach of another counts all the same.
    let third = (three.port(), labels("three"));
    let nodes = [one, two, three];
    let report = judged(&nodes, &[first.clone(), second.clone(), third.clone()], 1);
    let load = &report["run"]["load"][0];
    assert_eq!(text(&row(load, "walk-share")["windows"][0]["outcome"]), "breached", "{load}");
    let place = format!("127.0.0.1:{}", three.port());
    assert!(list(&load["notes"]).any(|note| text(note).contains(&place)), "{load}");
    let report = judged(&[one, three], &[first.clone(), third], 0);
    let load = &report["run"]["load"][0];
    let day = &row(load, "walk-share")["windows"][0];
    assert_eq!(text(&day["outcome"]), "unknown", "{day}");
    assert!(list(&day["unknown"]).any(|why| text(why).starts_with(&place)), "{day}");
    // So it is where the profile forgets one that answers.
    let report = judged(&[one, three], std::slice::from_ref(&first), 0);
    let load = &report["run"]["load"][0];
    let day = &row(load, "walk-share")["windows"][0];
    assert_eq!(text(&day["outcome"]), "unknown", "{day}");
    assert!(list(&day["unknown"]).any(|why| text(why).starts_with(&place)), "{day}");
    // Labels that fit two servers cost that member alone.
    let both = (one.port(), json!({}));
    let report = judged(&[one, two], &[both, second], 1);
    let load = &report["run"]["load"][0];
    assert_eq!(text(&row(load, "walk-share")["windows"][0]["outcome"]), "breached", "{load}");
    let is_told = |note: &Value| text(note).contains("instance=\"one\"");
    assert!(list(&load["notes"]).any(is_told), "{load}");
}
