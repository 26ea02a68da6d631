//! Faulty Docker targets.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::pieces::of_an_engine;
use super::{Fault, Healthy, PASSWORD, check_all};
use crate::support::cli::slowness::scaled;
use crate::support::docker::{self, Contexts};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{Binary, RedisServer};
use crate::support::tls::{Certs, Leaf};
use crate::support::tls_front::TlsFront;

#[test]
fn a_faulty_docker_costs_its_own_target_only() {
    let certs = Certs::new();
    let contexts = Contexts::new();
    let cases = [
        hostile(),
        wrong_protocol(&certs),
        certificates(&certs),
        own_certificates(&certs, contexts.folder()),
        context_files(&contexts),
        context_certificates(&certs, &contexts),
        items(),
        unfinished_refusals(),
        lists(),
        selection(),
        of_an_engine(),
    ];
    check_all("docker", cases.into_iter().flatten());
}

fn at(host: &str) -> Value {
    json!({"host": host})
}

fn hostile() -> Vec<Fault> {
    let half =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"Version\":\"20.1".to_vec();
    let trickled = [&half[..], &[b' '; 800]].concat();
    let slowly = |bytes| Behaviour::Trickle { bytes, every: scaled(Duration::from_millis(20)) };
    let status = |code: u16| Behaviour::HttpStatus(code, r#"{"message":"no"}"#.to_owned());
    let elsewhere = "http://127.0.0.1:1/version".to_owned();
    [
        ("refused", Behaviour::Refuses, "refused", ""),
        ("accepts and never answers", Behaviour::Silent, "timeout", ""),
        ("closes at once", Behaviour::ClosesAtOnce, "cut", "without an answer"),
        ("garbage", Behaviour::Garbage, "protocol", ""),
        ("half an answer", Behaviour::CutAfter(half.clone()), "cut", ""),
        ("half an answer, then silence", Behaviour::Script(vec![half]), "timeout", ""),
        // One that never ends is measured where nothing runs beside it: tests/bounds.
        ("trickle", slowly(trickled), "timeout", ""),
        ("HTTP redirect", Behaviour::Redirect(elsewhere), "protocol", "redirect"),
        ("HTTP 206", status(206), "protocol", "not the whole answer"),
        ("HTTP 401", status(401), "authentication", "401"),
        ("HTTP 403", status(403), "permission", "403"),
        ("HTTP 500", status(500), "protocol", "500"),
        ("HTTP 503", status(503), "unavailable", "503"),
        ("HTTP 429", status(429), "unavailable", "429"),
        ("JSON of something else", status(200), "protocol", ""),
    ]
    .into_iter()
    .map(|(name, behaviour, kind, mentions)| {
        let server = Hostile::start(behaviour);
        Fault::docker(name, at(&format!("tcp://{}", server.address())), &[kind])
            .mentioning(mentions)
            .with(server)
    })
    .collect()
}

/// What is refused is told as such, however the words about it end.
fn unfinished_refusals() -> Vec<Fault> {
    let refusal = |status: &str, length: usize, said: usize| {
        let said = "x".repeat(said);
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{said}").into_bytes()
    };
    let https = "Client sent an HTTP request to an HTTPS server.\n";
    let told = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: 900\r\n\r\n{https}");
    [
        (
            "HTTP 403 that breaks off",
            Behaviour::CutAfter(refusal("403 Forbidden", 900, 10)),
            "permission",
        ),
        (
            "HTTP 500 that never ends",
            Behaviour::Script(vec![refusal("500 Internal Server Error", 900, 10)]),
            "protocol",
        ),
        (
            "HTTP 401 of a gigabyte",
            Behaviour::CutAfter(refusal("401 Unauthorized", 1 << 30, 9 << 20)),
            "authentication",
        ),
        (
            "HTTP 400 of a TLS port that never ends",
            Behaviour::Script(vec![told.into_bytes()]),
            "tls",
        ),
    ]
    .into_iter()
    .map(|(name, behaviour, kind)| {
        let server = Hostile::start(behaviour);
        Fault::docker(name, at(&format!("tcp://{}", server.address())), &[kind]).with(server)
    })
    .collect()
}

fn wrong_protocol(certs: &Certs) -> Vec<Fault> {
    let over_tls = |address| json!({"host": format!("tcp://{address}"), "tls": {"ca": certs.ca}});
    let no_file =
        json!({"host": format!("tcp://{}", docker::tcp()), "tls": {"ca": "no/such/ca.pem"}});
    // what dockerd says on its TLS port, and what other servers do
    let told = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
        .to_vec();
    let [told, alert] = [told, vec![0x15, 3, 1, 0, 2, 2, 70]]
        .map(|answer| Hostile::start(Behaviour::CutAfter(answer)));
    let plainly = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request".to_vec();
    let [plainly, silent] = [Behaviour::CutAfter(plainly), Behaviour::Silent].map(Hostile::start);
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let plain = |server: &Hostile| at(&format!("tcp://{}", server.address()));
    vec![
        Fault::docker("tls: to a plain engine", over_tls(docker::tcp()), &["tls"])
            .mentioning("TLS"),
        Fault::docker(
            "tls: to a server that answers plainly",
            over_tls(plainly.address()),
            &["tls"],
        )
        .mentioning("TLS")
        .with(plainly),
        Fault::docker("tls: to a silent server", over_tls(silent.address()), &["tls", "timeout"])
            .mentioning("TLS")
            .with(silent),
        Fault::docker("no tls: to an engine with TLS", plain(&told), &["tls"])
            .mentioning("add tls:")
            .with(told),
        Fault::docker("no tls: to a server with a TLS alert", plain(&alert), &["tls"])
            .mentioning("add tls:")
            .with(alert),
        Fault::docker("file of tls: is missing", no_file, &["tls"]).mentioning("no/such/ca.pem"),
        // Redis takes the header Host for an attack, and hangs up
        Fault::docker(
            "tcp:// to a Redis",
            at(&format!("tcp://127.0.0.1:{}", redis.port())),
            &["cut", "protocol"],
        )
        .with(redis),
        Fault::docker(
            "socket that does not exist",
            at("unix:///no/such/docker.sock"),
            &["unreachable"],
        )
        .mentioning("/no/such/docker.sock"),
        // a resolver may take its time
        Fault::docker(
            "name that does not exist",
            at("tcp://name.invalid:2375"),
            &["unreachable", "timeout"],
        )
        .mentioning("name.invalid"),
    ]
}

/// Certificates of the server that do not fit.
fn certificates(certs: &Certs) -> Vec<Fault> {
    [
        ("certificate that ended", &certs.expired, &certs.ca, "renew"),
        ("certificate for another name", &certs.wrong_name, &certs.ca, "tls.server-name"),
        ("certificate of another authority", &certs.server, &certs.other_ca, "tls.ca"),
    ]
    .map(|(name, leaf, ca, mentions)| {
        let front = TlsFront::start(docker::tcp(), leaf, None);
        let target = json!({"host": format!("tcp://{}", front.address()), "tls": {"ca": ca}});
        Fault::docker(name, target, &["tls"]).mentioning(mentions).with(front)
    })
    .into()
}

/// An engine that wants to know who asks.
fn own_certificates(certs: &Certs, folder: &Path) -> Vec<Fault> {
    let not_pem = folder.join("not-pem");
    std::fs::write(&not_pem, PASSWORD).expect("write into a folder of ours");
    let Leaf { cert, key } = &certs.client;
    let stranger = Path::new("no/such/key.pem");
    [
        ("no client certificate where one is demanded", json!({}), "tls.cert"),
        ("client key is missing", json!({"cert": cert, "key": stranger}), "no/such/key.pem"),
        (
            "client key that cannot be read",
            json!({"cert": cert, "key": folder}),
            "not a regular file",
        ),
        ("client key that is not a key", json!({"cert": cert, "key": not_pem}), "not-pem"),
        (
            "client key of another certificate",
            json!({"cert": cert, "key": certs.server.key}),
            "do not fit",
        ),
        ("client certificate is missing", json!({"cert": stranger, "key": key}), "no/such/key.pem"),
    ]
    .map(|(name, mut tls, mentions)| {
        let front = TlsFront::start(docker::tcp(), &certs.server, Some(&certs.ca));
        tls["ca"] = json!(certs.ca);
        // its reason may be lost with the connection
        let kinds = if tls["cert"].is_null() { &["tls", "cut"][..] } else { &["tls"] };
        let target = json!({"host": format!("tcp://{}", front.address()), "tls": tls});
        Fault::docker(name, target, kinds).mentioning(mentions).with(front)
    })
    .into()
}

fn of_context(name: &'static str, context: &str, contexts: &Contexts, kind: &'static str) -> Fault {
    Fault::docker(name, json!({"context": context}), &[kind])
        .with_variable("DOCKER_CONFIG", contexts.variable())
}

/// Contexts that are none.
fn context_files(contexts: &Contexts) -> Vec<Fault> {
    contexts.create("edge", "host=tcp://127.0.0.1:1");
    contexts.create("remote", "host=ssh://audit@engine.invalid");
    let broken = |name: &str, text: &str| {
        contexts.create(name, "host=tcp://127.0.0.1:1");
        std::fs::write(contexts.meta(name), text).expect("write into a folder of ours");
    };
    // the client of another system wrote this one
    let pipe =
        r#"{"Name":"windows","Endpoints":{"docker":{"Host":"npipe:////./pipe/docker_engine"}}}"#;
    broken("windows", pipe);
    broken("half", r#"{"Name":"half","Endpo"#);
    broken("cluster", r#"{"Name":"cluster","Endpoints":{"kubernetes":{}}}"#);
    broken(
        "password",
        &format!(
            r#"{{"Name":"password","Endpoints":{{"docker":{{"Host":"tcp://me:{PASSWORD}@h:1"}}}}}}"#
        ),
    );
    contexts.create("folder", "host=tcp://127.0.0.1:1");
    let meta = contexts.meta("folder");
    std::fs::remove_file(&meta).expect("made above");
    std::fs::create_dir(&meta).expect("a folder of ours");
    let of = |name, context, kind| of_context(name, context, contexts, kind);
    vec![
        of("context that does not exist", "elsewhere", "file").mentioning(
            "known: default, ca-folder, cluster, edge, ended, foreign, no-key, password, remote, windows",
        ),
        Fault::docker("context over ssh, of a name that does not exist", json!({"context": "remote"}), &["unreachable", "timeout"])
            .with_variable("DOCKER_CONFIG", contexts.variable())
            .mentioning("engine.invalid"),
        of("context of a pipe of Windows", "windows", "unsupported").mentioning("neither unix:// nor tcp://"),
        of("context whose file is cut", "half", "file").mentioning("docker context inspect half"),
        of("context of something else", "cluster", "file").mentioning("no Docker Engine"),
        of("context with a password in its host", "password", "unsupported").mentioning("password"),
        of("context whose file cannot be read", "folder", "file").mentioning("not a regular file"),
        of("context of an engine that is gone", "edge", "refused").mentioning("127.0.0.1:1"),
        Fault::docker("neither $HOME nor $DOCKER_CONFIG", json!({"context": "edge"}), &["file"])
            .with_variable("HOME", "")
            .mentioning("DOCKER_CONFIG"),
    ]
}

/// Contexts whose certificates are of no use.
fn context_certificates(certs: &Certs, contexts: &Contexts) -> Vec<Fault> {
    let Leaf { cert, key } = &certs.client;
    let own = format!("cert={},key={}", cert.display(), key.display());
    let front = |name: &str, leaf: &Leaf, ca: &Path| {
        let front = TlsFront::start(docker::tcp(), leaf, Some(&certs.ca));
        contexts.create(name, &format!("host=tcp://{},ca={},{own}", front.address(), ca.display()));
        front
    };
    let (ended, foreign) = (
        front("ended", &certs.expired, &certs.ca),
        front("foreign", &certs.server, &certs.other_ca),
    );
    let (no_key, folder) =
        (front("no-key", &certs.server, &certs.ca), front("ca-folder", &certs.server, &certs.ca));
    std::fs::remove_file(contexts.tls("no-key").join("key.pem")).expect("the client wrote it");
    let ca = contexts.tls("ca-folder").join("ca.pem");
    std::fs::remove_file(&ca).expect("the client wrote it");
    std::fs::create_dir(&ca).expect("a folder of ours");
    let of = |name, context, kind| of_context(name, context, contexts, kind);
    vec![
        of("context: certificate that ended", "ended", "tls").mentioning("renew").with(ended),
        of("context: certificate of another authority", "foreign", "tls")
            .mentioning("docker context update foreign")
            .with(foreign),
        of("context: client key is missing", "no-key", "file").mentioning("key.pem").with(no_key),
        of("context: authority that cannot be read", "ca-folder", "tls")
            .mentioning("ca.pem")
            .with(folder),
    ]
}

/// Lists of which an item is not as it should be.
fn items() -> Vec<Fault> {
    let running = |more: Value| {
        let mut list = json!([{"Image": "redis:7.2.4", "ImageID": "sha256:1", "Names": ["/a"], "State": "running"}]);
        list.as_array_mut().expect("made above").push(more);
        list.to_string()
    };
    [
        (
            "container that is a number",
            "/containers/json",
            running(json!(7)),
            "protocol",
            "1 of 2 containers",
        ),
        (
            "container without a state",
            "/containers/json",
            running(json!({"Image": "x"})),
            "protocol",
            "1 of 2",
        ),
        (
            "container in an unknown state",
            "/containers/json",
            running(json!({"Image": "nginx:1.27.3", "State": "sleepwalking"})),
            "unsupported",
            "sleepwalking",
        ),
        (
            "image that is not an object",
            "/images/json",
            "[null, 7]".to_owned(),
            "protocol",
            "2 of 2 images",
        ),
        (
            "list that is not one",
            "/containers/json",
            r#"{"message":"no"}"#.to_owned(),
            "protocol",
            "Docker Engine",
        ),
    ]
    .map(answer)
    .into()
}

/// Lists that are not whole, or not known to be.
fn lists() -> Vec<Fault> {
    [
        (
            "container with a key twice",
            "/containers/json",
            r#"[{"Image": "redis:7.0.15", "State": "running", "State": "exited"}]"#.to_owned(),
            "protocol",
            "the key \"State\" twice",
        ),
        (
            "list without what runs",
            "/containers/json",
            "[]".to_owned(),
            "protocol",
            "GET /info counts 2",
        ),
    ]
    .map(answer)
    .into()
}

/// An engine that answers one path otherwise: name, path, body, kind, and what is mentioned.
type Answer = (&'static str, &'static str, String, &'static str, &'static str);

fn answer((name, path, body, kind, mentions): Answer) -> Fault {
    let server = Hostile::start(Behaviour::HttpByPath(answers_but(path, 200, &body)));
    Fault::docker(name, at(&format!("tcp://{}", server.address())), &[kind])
        .mentioning(mentions)
        .with(server)
}

/// The engine is well; the profile is not.
fn selection() -> Vec<Fault> {
    let server = Hostile::start(Behaviour::HttpByPath(answers_but("", 200, "")));
    let target =
        json!({"host": format!("tcp://{}", server.address()), "include": {"names": ["chache"]}});
    let name = "include that selects nothing";
    vec![Fault::docker(name, target, &["nothing-selected"]).mentioning("none of 3").with(server)]
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
        let proxy = Hostile::start(Behaviour::HttpByPath(answers_but(path, 403, "{}")));
        let report =
            healthy.beside("docker", at(&format!("tcp://{}", proxy.address()))).audit().report(3);
        assert_eq!(report.failed_parts("production", "docker/sick"), [part], "{path}: {report}");
        let [failure] = report.failures("production", "docker/sick")[..] else {
            panic!("{path}: {report}")
        };
        assert_eq!(failure["kind"], "permission", "{path}");
        assert!(
            failure["advice"].as_str().is_some_and(|advice| advice.contains(path)),
            "{path}: {failure:#}"
        );
        for component in seen {
            assert_eq!(
                report.cell(component, "production")["state"],
                "present",
                "{path}: {component}"
            );
        }
    }
}

/// What a real engine answered, but for one path.
pub(crate) fn answers_but(path: &str, code: u16, body: &str) -> Vec<(&'static str, u16, String)> {
    [
        ("/version", include_str!("../../fixtures/docker/version.json")),
        ("/info", include_str!("../../fixtures/docker/info.json")),
        ("/containers/json", include_str!("../../fixtures/docker/containers.json")),
        ("/images/json", include_str!("../../fixtures/docker/images.json")),
    ]
    .map(
        |(own, answer)| {
            if own == path { (own, code, body.to_owned()) } else { (own, 200, answer.to_owned()) }
        },
    )
    .to_vec()
}
