//! Faulty HTTP targets.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Fault, PASSWORD, PASSWORD_REFERENCE, check_all};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::tls::Certs;
use crate::support::tls_front::TlsFront;

#[test]
fn a_faulty_http_service_costs_its_own_target_only() {
    let certs = Certs::new();
    let faults = [hostile(), refusals(), answers(), encrypted(&certs)];
    check_all("http", faults.into_iter().flatten());
}

/// With a token: whatever happens, it must not be told.
fn at(server: &Hostile) -> Value {
    let url = format!("http://{}/info?key=value", server.address());
    json!({"url": url, "pointer": "/version", "token": PASSWORD_REFERENCE})
}

fn fault(name: &'static str, behaviour: Behaviour, kind: &'static str) -> Fault {
    let server = Hostile::start(behaviour);
    Fault::http(name, at(&server), &[kind]).with(server)
}

fn answered(body: &str) -> Behaviour {
    Behaviour::HttpStatus(200, body.to_owned())
}

fn hostile() -> Vec<Fault> {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"version\": \"1.".to_vec();
    let trickled = format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(500)).into_bytes();
    let trickle = Behaviour::Trickle { bytes: trickled, every: Duration::from_millis(20) };
    vec![
        fault("refused", Behaviour::Refuses, "refused"),
        fault("accepts and never answers", Behaviour::Silent, "timeout"),
        fault("closes at once", Behaviour::ClosesAtOnce, "cut").mentioning("without an answer"),
        fault("garbage", Behaviour::Garbage, "protocol"),
        fault("half an answer", Behaviour::CutAfter(half.clone()), "cut"),
        fault("half an answer, then silence", Behaviour::Script(vec![half]), "timeout"),
        fault("a piece larger than any", pieces("fffffffffffffffff"), "protocol")
            .mentioning("malformed"),
        fault("a piece whose size is not a number", pieces("-1"), "protocol"),
        fault("endless answer", Behaviour::EndlessHttpBody, "too-large"),
        fault("trickle", trickle, "timeout"),
    ]
}

/// An answer in pieces, of which the first has this size.
fn pieces(size: &str) -> Behaviour {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    Behaviour::CutAfter(
        format!("{head}{size}\r\n{{\"version\": \"1.2.3\"}}\r\n0\r\n\r\n").into_bytes(),
    )
}

fn refusals() -> Vec<Fault> {
    let status = |code| Behaviour::HttpStatus(code, format!("{{\"you said\": \"{PASSWORD}\"}}"));
    let elsewhere = Behaviour::Redirect("http://127.0.0.1:9/".to_owned());
    let stranger = Hostile::start(status(401));
    let target = json!({"url": format!("http://{}/info", stranger.address()), "regex": "v(.+)"});
    let forbidden = |length| {
        let head = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {length}\r\n\r\n");
        [head.into_bytes(), vec![b'x'; 3 << 20]].concat()
    };
    let endless = Behaviour::Script(vec![forbidden(1_usize << 40)]);
    vec![
        fault("HTTP redirect", elsewhere, "protocol").mentioning("not followed"),
        fault("HTTP 401 to a token", status(401), "authentication").mentioning("renew"),
        Fault::http("HTTP 401 to nobody", target, &["authentication"])
            .mentioning("token:")
            .with(stranger),
        fault("HTTP 403", status(403), "permission"),
        fault("HTTP 403 that breaks off", Behaviour::CutAfter(forbidden(4 << 20)), "permission"),
        fault("HTTP 403 that never ends", endless, "permission"),
        fault("HTTP 404", status(404), "protocol").mentioning("404"),
        fault("HTTP 500", status(500), "protocol"),
        fault("HTTP 503", status(503), "unavailable"),
    ]
}

fn answers() -> Vec<Fault> {
    let repeated = format!("{{\"version\": \"1-{PASSWORD}\"}}");
    let large = format!("{{\"version\": \"{}\"}}", "1".repeat(2 << 20));
    let other = |name, more: Value, kind, body: &str| {
        let server = Hostile::start(answered(body));
        let mut target = at(&server);
        let keys = target.as_object_mut().expect("made above");
        keys.remove("pointer");
        keys.extend(more.as_object().expect("written below").clone());
        Fault::http(name, target, &[kind]).with(server)
    };
    let token = |reference: &str| json!({"pointer": "/version", "token": reference});
    let fine = "{\"version\": \"1.2.3\"}";
    vec![
        fault("a page of HTML", answered("<html>1.2.3</html>"), "protocol").mentioning("page"),
        fault("JSON without the pointer", answered("{}"), "protocol").mentioning("pointer:"),
        fault("a map where the pointer leads", answered("{\"version\": {}}"), "protocol"),
        fault("a number with a point", answered("{\"version\": 1.10}"), "protocol"),
        fault("a word that is not a version", answered("{\"version\": \"stable\"}"), "protocol"),
        fault("token repeated as version", answered(&repeated), "protocol"),
        fault("an answer over the cap", answered(&large), "too-large"),
        other("regex that finds nothing", json!({"regex": "v(x+)"}), "protocol", fine),
        other("header that is not there", json!({"header": "X-Version"}), "protocol", fine),
        other("secret variable is missing", token("${env:ENVPARITY_NO_SUCH}"), "secret", fine),
        other("secret file is missing", token("${file:no/such/file}"), "secret", fine),
    ]
}

/// TLS where there is none, none where there is, and certificates that do not fit.
fn encrypted(certs: &Certs) -> Vec<Fault> {
    let fine = || Hostile::start(answered("{\"version\": \"1.2.3\"}"));
    let behind = |name, leaf, ca: &std::path::Path, mentions| {
        let server = fine();
        let front = TlsFront::start(server.address(), leaf, None);
        let url = format!("https://{}/info", front.address());
        let target = json!({"url": url, "pointer": "/version", "tls": {"ca": ca}});
        Fault::http(name, target, &["tls"]).mentioning(mentions).with((server, front))
    };
    let server = fine();
    let front = TlsFront::start(server.address(), &certs.server, None);
    let plain = json!({"url": format!("http://{}/", front.address()), "pointer": "/version"});
    let silent = Hostile::start(Behaviour::HttpStatus(200, String::new()));
    let url = format!("https://{}/", silent.address());
    vec![
        behind("certificate that ended", &certs.expired, &certs.ca, "renew"),
        behind("certificate for another name", &certs.wrong_name, &certs.ca, "tls.server-name"),
        behind("certificate of another authority", &certs.server, &certs.other_ca, "tls.ca"),
        Fault::http("http:// to a TLS server", plain, &["tls", "cut"]).with((server, front)),
        Fault::http(
            "https:// to a plain server",
            json!({"url": url, "pointer": ""}),
            &["tls", "timeout"],
        )
        .with(silent),
    ]
}
