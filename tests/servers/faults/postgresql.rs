//! Faulty PostgreSQL servers.

use serde_json::{Value, json};

use super::{Fault, PASSWORD, PASSWORD_REFERENCE, check_all};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::postgres::{PostgresServer, WRITER};
use crate::support::tls::Certs;
use crate::support::tls_front::TlsFront;

#[test]
fn a_faulty_postgresql_costs_its_own_target_only() {
    let certs = Certs::new();
    let faults = [hostile(), answers(), refusals(), encrypted(&certs)];
    check_all("postgresql", faults.into_iter().flatten());
}

/// With a password: whatever happens, it must not be told.
fn at(address: &str) -> Value {
    let url = format!("postgres://{address}/orders");
    json!({"url": url, "username": "auditor", "password": PASSWORD_REFERENCE})
}

fn fault(name: &'static str, behaviour: Behaviour, kind: &'static str) -> Fault {
    let server = Hostile::start(behaviour);
    Fault::postgresql(name, at(&server.address().to_string()), &[kind]).with(server)
}

/// One message of the protocol.
fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a small message");
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

/// What a server says that lets somebody in, and waits for a question.
fn let_in() -> Vec<u8> {
    [message(b'R', &[0; 4]), message(b'Z', b"I")].concat()
}

fn error(code: &str, text: &str) -> Vec<u8> {
    message(b'E', format!("SFATAL\0VFATAL\0C{code}\0M{text}\0\0").as_bytes())
}

fn row(columns: &[&str]) -> Vec<u8> {
    let count = u16::try_from(columns.len()).expect("few").to_be_bytes();
    let mut body = count.to_vec();
    for column in columns {
        body.extend(u32::try_from(column.len()).expect("short").to_be_bytes());
        body.extend(column.as_bytes());
    }
    message(b'D', &body)
}

/// A description of so many columns of text.
fn columns(count: u16) -> Vec<u8> {
    let mut body = count.to_be_bytes().to_vec();
    for _ in 0..count {
        body.extend(b"c\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0");
    }
    message(b'T', &body)
}

fn answered(rows: &[Vec<u8>], count: u16) -> Vec<u8> {
    let end = [message(b'C', b"SELECT 1\0"), message(b'Z', b"T")].concat();
    [columns(count), rows.concat(), end].concat()
}

/// To whatever is said.
fn http_answer() -> Behaviour {
    Behaviour::Script(vec![b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec()])
}

fn hostile() -> Vec<Fault> {
    let half = message(b'R', &[0; 4])[..6].to_vec();
    let huge = [&b"N"[..], &0x7fff_ffff_u32.to_be_bytes(), b"M"].concat();
    vec![
        fault("refused", Behaviour::Refuses, "refused"),
        fault("accepts and never answers", Behaviour::Silent, "timeout"),
        fault("closes at once", Behaviour::ClosesAtOnce, "cut"),
        fault("garbage", Behaviour::Garbage, "protocol"),
        fault("an HTTP server", http_answer(), "protocol").mentioning("an HTTP server answered"),
        fault("half an answer", Behaviour::CutAfter(half.clone()), "cut"),
        fault("half an answer, then silence", Behaviour::Script(vec![half]), "timeout"),
        fault("lets in, then silence", Behaviour::Script(vec![let_in()]), "timeout"),
        fault("lets in, then closes", Behaviour::ScriptThenClose(vec![let_in()]), "cut"),
        fault("a message longer than any", Behaviour::Script(vec![huge]), "timeout"),
        fault(
            "a message of less than nothing",
            Behaviour::Script(vec![b"R\0\0\0\0".to_vec()]),
            "protocol",
        ),
        fault(
            "a way to log in that nobody knows",
            Behaviour::Script(vec![message(b'R', &[0, 0, 0, 99])]),
            "protocol",
        ),
    ]
}

fn answers() -> Vec<Fault> {
    let notice = |bytes: usize| {
        let text = format!("SNOTICE\0C00000\0M{}\0\0", "x".repeat(bytes));
        message(b'N', text.as_bytes())
    };
    let script = |answers: Vec<Vec<u8>>| Behaviour::Script(answers);
    let rows = vec![row(&["PostgreSQL 15.4 on x", "15.4"]); 60_000];
    let told =
        |own: &str, setting: &str| script(vec![let_in(), answered(&[row(&[own, setting])], 2)]);
    vec![
        fault(
            "a notice of 20 MB",
            script(vec![[notice(20 << 20), let_in()].concat()]),
            "too-large",
        ),
        fault(
            "a stream of rows without end",
            script(vec![let_in(), [columns(2), rows.concat()].concat()]),
            "too-large",
        ),
        fault(
            "an error that repeats the password",
            script(vec![error("XX000", PASSWORD)]),
            "protocol",
        ),
        fault("a version that is none, then silence", told("PostgreSQL x", "x"), "timeout"),
        fault(
            "too many connections",
            script(vec![error("53300", "sorry, too many clients")]),
            "unavailable",
        ),
        fault(
            "starting up",
            script(vec![error("57P03", "the database system is starting up")]),
            "unavailable",
        ),
    ]
}

/// Of a real server.
fn refusals() -> Vec<Fault> {
    let server = PostgresServer::start();
    server.database("orders");
    server.database("secure");
    let at = format!("postgres://127.0.0.1:{}", server.port());
    let of = |database: &str, role: &str| json!({"url": format!("{at}/{database}"), "username": role, "password": PASSWORD_REFERENCE});
    let without = json!({"url": format!("{at}/orders"), "username": WRITER});
    vec![
        Fault::postgresql("wrong password", of("orders", WRITER), &["authentication"])
            .mentioning("does not take the password"),
        Fault::postgresql("no such role", of("orders", "nobody"), &["authentication"]),
        Fault::postgresql("no password", without, &["authentication"]).mentioning("set password:"),
        Fault::postgresql("no such database", of("future", "postgres"), &["protocol"])
            .mentioning("no such database"),
        Fault::postgresql(
            "a database that asks for TLS",
            of("secure", WRITER),
            &["authentication"],
        )
        .mentioning("tls: {}")
        .with(server),
    ]
}

fn encrypted(certs: &Certs) -> Vec<Fault> {
    let plain = PostgresServer::start();
    let front_of = PostgresServer::start();
    let front = TlsFront::start(([127, 0, 0, 1], front_of.port()).into(), &certs.server, None);
    let with_tls = |port: u16| {
        let mut target = at(&format!("127.0.0.1:{port}"));
        target["tls"] = json!({"ca": certs.ca});
        target
    };
    let silent = Hostile::start(Behaviour::Silent);
    let lies = Hostile::start(Behaviour::Script(vec![b"S".to_vec()]));
    let odd = Hostile::start(Behaviour::Script(vec![b"X".to_vec()]));
    vec![
        Fault::postgresql("TLS of a server without", with_tls(plain.port()), &["tls"])
            .mentioning("does not speak TLS")
            .with(plain),
        Fault::postgresql("TLS of a silent server", with_tls(silent.port()), &["timeout"])
            .with(silent),
        Fault::postgresql(
            "says that it speaks TLS, and does not",
            with_tls(lies.port()),
            &["timeout"],
        )
        .with(lies),
        Fault::postgresql(
            "does not say whether it speaks TLS",
            with_tls(odd.port()),
            &["protocol"],
        )
        .with(odd),
        Fault::postgresql(
            "a port that speaks TLS at once",
            at(&front.address().to_string()),
            &["tls", "timeout", "cut"],
        )
        .with((front_of, front)),
    ]
}
