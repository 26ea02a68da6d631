//! Faulty Redis targets.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Fault, PASSWORD, PASSWORD_REFERENCE, check_all};
use crate::support::cli::slowness::scaled;
use crate::support::docker;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{AUDITOR, Binary, RedisServer};
use crate::support::tls::Certs;

#[test]
fn a_faulty_redis_costs_its_own_target_only() {
    let certs = Certs::new();
    let faults =
        [hostile(), refusals(), credentials(), certificates(&certs), wrong_protocol(&certs)];
    check_all("redis", faults.into_iter().flatten());
}

/// With a password: whatever happens, it must not be told.
fn at(url: &str) -> Value {
    json!({"url": url, "password": PASSWORD_REFERENCE})
}

/// The answer to HELLO, by the newer protocol.
fn hello() -> Vec<u8> {
    b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n".to_vec()
}

fn fault(name: &'static str, behaviour: Behaviour, kind: &'static str) -> Fault {
    let server = Hostile::start(behaviour);
    Fault::redis(name, at(&format!("redis://{}", server.address())), &[kind]).with(server)
}

fn hostile() -> Vec<Fault> {
    let trickled = format!("$5000\r\n{}", "# Server\r\n".repeat(500)).into_bytes();
    let trickle = Behaviour::Trickle { bytes: trickled, every: scaled(Duration::from_millis(20)) };
    let half = || vec![hello(), b"$5000\r\n# Server\r\nredis_version:7.0.15\r\nredis_mo".to_vec()];
    let info = |answer: &[u8]| Behaviour::Script(vec![hello(), answer.to_vec()]);
    vec![
        fault("refused", Behaviour::Refuses, "refused"),
        fault("accepts and never answers", Behaviour::Silent, "timeout"),
        fault("closes at once", Behaviour::ClosesAtOnce, "cut").mentioning("without an answer"),
        fault("garbage", Behaviour::Garbage, "protocol"),
        fault("half an answer to HELLO", Behaviour::CutAfter(hello()[..20].to_vec()), "cut"),
        fault("half an INFO, then closes", Behaviour::ScriptThenClose(half()), "cut"),
        fault("half an INFO, then silence", Behaviour::Script(half()), "timeout"),
        fault("endless answer", Behaviour::EndlessBulk, "too-large"),
        fault("trickle", trickle, "timeout"),
        fault("INFO that is a number", info(b":7\r\n"), "protocol"),
        fault("INFO of something else", info(b"$5\r\nhello\r\n"), "protocol"),
        fault("INFO that is always empty", Behaviour::Script(empty_info()), "protocol"),
        fault("an error without a word", info(b"-\r\n"), "protocol").mentioning("error"),
        fault("control characters in an error", info(b"-OOPS \x1b[31mred\x07\r\n"), "protocol"),
    ]
}

fn empty_info() -> Vec<Vec<u8>> {
    let empty = || b"$0\r\n\r\n".to_vec();
    vec![hello(), empty(), empty(), empty()]
}

/// Servers that say why they do not serve, and some that repeat what they heard, password and all.
fn refusals() -> Vec<Fault> {
    let says = |words: String| Behaviour::Script(vec![format!("-{words}\r\n").into_bytes()]);
    let protected =
        b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n"
            .to_vec();
    let full = b"-ERR max number of clients reached\r\n".to_vec();
    let repeated = format!("OOPS what is HELLO 3 AUTH default {PASSWORD}");
    let later = vec![hello(), format!("-OOPS what is {PASSWORD}\r\n").into_bytes()];
    vec![
        fault("protected mode", Behaviour::CutAfter(protected), "permission")
            .mentioning("protected mode"),
        fault(
            "restarting, and loading its data",
            Behaviour::Script(vec![
                hello(),
                b"-LOADING Redis is loading the dataset in memory\r\n".to_vec(),
            ]),
            "unavailable",
        )
        .mentioning("loading"),
        fault("no room for another client", Behaviour::CutAfter(full), "unavailable")
            .mentioning("maxclients"),
        fault("password repeated by HELLO's error", says(repeated), "protocol"),
        fault("password repeated by INFO's error", Behaviour::Script(later), "protocol"),
    ]
}

fn credentials() -> Vec<Fault> {
    let guarded = RedisServer::with_acl(Binary::Redis70);
    let url = guarded.url();
    let user = json!({"url": url, "username": AUDITOR, "password": PASSWORD_REFERENCE});
    let password = format!(">{PASSWORD}");
    let may_not =
        ["--user", AUDITOR, "on", &password, "resetkeys", "-@all", "+hello", "+auth", "+ping"];
    let no_info = RedisServer::start(Binary::Redis70, &may_not);
    let denied = json!({"url": no_info.url(), "username": AUDITOR, "password": PASSWORD_REFERENCE});
    // such a server repeats what it does not understand, password and all
    let renamed = ["--rename-command", "HELLO", "", "--rename-command", "AUTH", ""];
    let echo = RedisServer::start(Binary::Redis70, &renamed);
    let from = |reference: &str| json!({"url": url, "password": reference});
    vec![
        Fault::redis("wrong password of the default user", at(&url), &["authentication"])
            .mentioning("password"),
        Fault::redis("wrong password of an ACL user", user, &["authentication"])
            .mentioning(AUDITOR),
        Fault::redis("no password where one is needed", json!({"url": url}), &["authentication"])
            .mentioning("password")
            .with(guarded),
        Fault::redis("NOPERM on INFO", denied, &["permission"]).mentioning("+info").with(no_info),
        Fault::redis("neither HELLO nor AUTH", at(&echo.url()), &["protocol", "authentication"])
            .with(echo),
        Fault::redis("secret variable is missing", from("${env:ENVPARITY_NO_SUCH}"), &["secret"])
            .mentioning("ENVPARITY_NO_SUCH"),
        Fault::redis("secret file is missing", from("${file:no/such/file}"), &["secret"])
            .mentioning("no/such/file"),
    ]
}

/// Certificates that do not fit, and what the reader is told to do about each.
fn certificates(certs: &Certs) -> Vec<Fault> {
    let cases = [
        ("certificate that ended", &certs.expired, &certs.ca, "renew"),
        ("certificate for another name", &certs.wrong_name, &certs.ca, "tls.server-name"),
        ("certificate of another authority", &certs.server, &certs.other_ca, "tls.ca"),
    ];
    let faults = cases.map(|(name, leaf, ca, mentions)| {
        let server = RedisServer::start_tls(Binary::Valkey80, certs, leaf);
        let target =
            json!({"url": server.url(), "password": PASSWORD_REFERENCE, "tls": {"ca": ca}});
        Fault::redis(name, target, &["tls"]).mentioning(mentions).with(server)
    });
    faults.into()
}

fn wrong_protocol(certs: &Certs) -> Vec<Fault> {
    let (plain, tls) = (
        RedisServer::start(Binary::Redis70, &[]),
        RedisServer::start_tls(Binary::Redis70, certs, &certs.server),
    );
    let over_tls = |port: u16| {
        let ca = json!({"ca": certs.ca});
        json!({"url": format!("rediss://127.0.0.1:{port}"), "password": PASSWORD_REFERENCE, "tls": ca})
    };
    let without_tls = at(&format!("redis://127.0.0.1:{}", tls.port()));
    let (silent, errs) = (
        Hostile::start(Behaviour::Silent),
        Hostile::start(Behaviour::Script(vec![b"-ERR unknown command\r\n".to_vec()])),
    );
    let alert = Hostile::start(Behaviour::CutAfter(vec![0x15, 3, 1, 0, 2, 2, 70]));
    vec![
        // the zero in a TLS header ends the line for Redis, but not the wait for its end: it never
        // answers
        Fault::redis("rediss:// to a plain server", over_tls(plain.port()), &["tls", "timeout"])
            .mentioning("TLS")
            .with(plain),
        Fault::redis("rediss:// to a server that answers plainly", over_tls(errs.port()), &["tls"])
            .mentioning("TLS")
            .with(errs),
        Fault::redis("rediss:// to a silent server", over_tls(silent.port()), &["tls", "timeout"])
            .mentioning("TLS")
            .with(silent),
        Fault::redis("redis:// to a TLS server", without_tls, &["tls", "cut"])
            .mentioning("TLS")
            .with(tls),
        Fault::redis(
            "redis:// to a server with a TLS alert",
            at(&format!("redis://{}", alert.address())),
            &["tls"],
        )
        .mentioning("rediss://")
        .with(alert),
        Fault::redis(
            "redis:// to an HTTP server",
            at(&format!("redis://{}", docker::tcp())),
            &["protocol"],
        )
        .mentioning("HTTP"),
        // a resolver may take its time
        Fault::redis(
            "name that does not exist",
            at("redis://name.invalid:6379"),
            &["unreachable", "timeout"],
        )
        .mentioning("name.invalid"),
    ]
}
