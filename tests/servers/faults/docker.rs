//! Faulty Docker targets.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Fault, Healthy, check_all};
use crate::support::docker;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{Binary, RedisServer};
use crate::support::tls::Certs;

#[test]
fn a_faulty_docker_costs_its_own_target_only() {
    let certs = Certs::new();
    let (table, problems) = check_all([hostile(), wrong_protocol(&certs)].into_iter().flatten());
    println!("{table}");
    assert!(problems.is_empty(), "\n{problems}");
}

fn at(host: &str) -> Value {
    json!({"host": host})
}

fn hostile() -> Vec<Fault> {
    let half =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"Version\":\"20.1".to_vec();
    let trickled = [&half[..], &[b' '; 800]].concat();
    let slowly = |bytes| Behaviour::Trickle { bytes, every: Duration::from_millis(20) };
    let status = |code: u16| Behaviour::HttpStatus(code, r#"{"message":"no"}"#.to_owned());
    let elsewhere = "http://127.0.0.1:1/version".to_owned();
    [
        ("refused", Behaviour::Refuses, "refused", ""),
        ("accepts and never answers", Behaviour::Silent, "timeout", ""),
        ("closes at once", Behaviour::ClosesAtOnce, "cut", "without an answer"),
        ("garbage", Behaviour::Garbage, "protocol", ""),
        ("half an answer", Behaviour::CutAfter(half.clone()), "cut", ""),
        ("half an answer, then silence", Behaviour::Script(vec![half]), "timeout", ""),
        ("endless answer", Behaviour::EndlessHttpBody, "too-large", ""),
        ("trickle", slowly(trickled), "timeout", ""),
        ("HTTP redirect", Behaviour::Redirect(elsewhere), "protocol", "redirect"),
        ("HTTP 401", status(401), "authentication", "401"),
        ("HTTP 403", status(403), "permission", "403"),
        ("HTTP 500", status(500), "protocol", "500"),
        ("JSON of something else", status(200), "protocol", ""),
    ]
    .into_iter()
    .map(|(name, behaviour, kind, mentions)| {
        let server = Hostile::start(behaviour);
        Fault::docker(name, at(&format!("tcp://{}", server.address())), &[kind]).mentioning(mentions).with(server)
    })
    .collect()
}

fn wrong_protocol(certs: &Certs) -> Vec<Fault> {
    let over_tls = |address| json!({"host": format!("tcp://{address}"), "tls": {"ca": certs.ca}});
    let no_file = json!({"host": format!("tcp://{}", docker::tcp()), "tls": {"ca": "no/such/ca.pem"}});
    // what dockerd says on its TLS port, and what other servers do
    let told = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n".to_vec();
    let [told, alert] = [told, vec![0x15, 3, 1, 0, 2, 2, 70]].map(|answer| Hostile::start(Behaviour::CutAfter(answer)));
    let plainly = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request".to_vec();
    let [plainly, silent] = [Behaviour::CutAfter(plainly), Behaviour::Silent].map(Hostile::start);
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let plain = |server: &Hostile| at(&format!("tcp://{}", server.address()));
    vec![
        Fault::docker("tls: to a plain engine", over_tls(docker::tcp()), &["tls"]).mentioning("TLS"),
        Fault::docker("tls: to a server that answers plainly", over_tls(plainly.address()), &["tls"])
            .mentioning("TLS")
            .with(plainly),
        Fault::docker("tls: to a silent server", over_tls(silent.address()), &["tls", "timeout"])
            .mentioning("TLS")
            .with(silent),
        Fault::docker("no tls: to an engine with TLS", plain(&told), &["tls"]).mentioning("add tls:").with(told),
        Fault::docker("no tls: to a server with a TLS alert", plain(&alert), &["tls"])
            .mentioning("add tls:")
            .with(alert),
        Fault::docker("file of tls: is missing", no_file, &["tls", "file"]).mentioning("no/such/ca.pem"),
        // Redis takes the header Host for an attack, and hangs up
        Fault::docker("tcp:// to a Redis", at(&format!("tcp://127.0.0.1:{}", redis.port())), &["cut", "protocol"])
            .with(redis),
        Fault::docker("socket that does not exist", at("unix:///no/such/docker.sock"), &["unreachable"])
            .mentioning("/no/such/docker.sock"),
        // a resolver may take its time
        Fault::docker("name that does not exist", at("tcp://name.invalid:2375"), &["unreachable", "timeout"])
            .mentioning("name.invalid"),
    ]
}

/// As a proxy in front of the engine's socket does that was told to allow less.
#[test]
fn a_forbidden_path_costs_its_part_only() {
    let healthy = Healthy::start(Binary::Redis70, Binary::Redis70);
    for (path, part, seen) in [
        // the part is both paths
        ("/version", "engine", &["image/redis"][..]),
        ("/info", "engine", &["docker/engine", "image/redis"]),
        ("/containers/json", "containers", &["docker/engine", "host/kernel"]),
        ("/images/json", "images", &["docker/engine", "host/kernel", "image/redis"]),
    ] {
        let proxy = Hostile::start(Behaviour::HttpByPath(answers_without(path)));
        let report = healthy.beside("docker", at(&format!("tcp://{}", proxy.address()))).audit().report(3);
        assert_eq!(report.failed_parts("production", "docker/sick"), [part], "{path}: {report}");
        let [failure] = report.failures("production", "docker/sick")[..] else { panic!("{path}: {report}") };
        assert_eq!(failure["kind"], "permission", "{path}");
        assert!(failure["advice"].as_str().is_some_and(|advice| advice.contains(path)), "{path}: {failure:#}");
        for component in seen {
            assert_eq!(report.cell(component, "production")["state"], "present", "{path}: {component}");
        }
    }
}

/// What a real engine answered, but for one path.
fn answers_without(forbidden: &str) -> Vec<(&'static str, u16, String)> {
    [
        ("/version", include_str!("../../fixtures/docker/version.json")),
        ("/info", include_str!("../../fixtures/docker/info.json")),
        ("/containers/json", include_str!("../../fixtures/docker/containers.json")),
        ("/images/json", include_str!("../../fixtures/docker/images.json")),
    ]
    .map(|(path, body)| if path == forbidden { (path, 403, "{}".to_owned()) } else { (path, 200, body.to_owned()) })
    .to_vec()
}
