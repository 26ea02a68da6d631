//! What is answered, to whom, and to what.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::cli::Profiles;
use crate::support::cli::recorded_info;
use crate::support::cli::slowness::{scaled, wait_until};
use crate::support::serving::{ServeProcess, ask, get};

/// Two environments of recorded answers.
pub(crate) fn profiles(more: &str) -> Profiles {
    let profiles = Profiles::of(&["qualif", "production"]);
    for name in ["qualif", "production"] {
        profiles.recorded(name, &recorded_info("redis-7.0.15.txt"));
    }
    let audit = profiles.read("audit.yaml");
    profiles.write("audit.yaml", &format!("{audit}history: {{path: h.db}}\n{more}"));
    profiles
}

const PAGES: &[(&str, &str)] = &[
    ("/", "text/html; charset=utf-8"),
    ("/timeline", "text/html; charset=utf-8"),
    ("/metrics", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ("/report.html", "text/html; charset=utf-8"),
    ("/report.yaml", "application/yaml; charset=utf-8"),
];

#[test]
fn pages_are_answered_with_type_tag_and_time() {
    let profiles = profiles("");
    profiles.run(&["audit"]);
    let served = ServeProcess::start(&profiles, &[]);
    wait_until("the report of before is there", || {
        get(served.address, "/report.html").status == 200
    });
    for (path, kind) in PAGES {
        let page = get(served.address, path);
        assert_eq!((page.status, page.header("content-type")), (200, Some(*kind)), "{path}");
        let tag = page.header("etag").unwrap();
        assert!(page.header("last-modified").unwrap().ends_with(" GMT"), "{}", page.head);
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        let length = page.body.len().to_string();
        assert_eq!(page.header("content-length"), Some(length.as_str()), "{path}");
        let head = ask(served.address, &format!("HEAD {path}"), "");
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        // What does not tell the time is the same once more.
        if path.starts_with("/report") {
            let known = ask(
                served.address,
                &format!("GET {path}"),
                &format!("If-None-Match: \"x\", {tag}\r\n"),
            );
            assert_eq!((known.status, known.body.as_str()), (304, ""), "{path}");
            let since = page.header("last-modified").unwrap();
            let since = format!("If-Modified-Since: {since}\r\n");
            assert_eq!(ask(served.address, &format!("GET {path}"), &since).status, 304, "{path}");
            let before = "If-Modified-Since: Mon, 13 Apr 2020 20:05:00 GMT\r\n";
            assert_eq!(ask(served.address, &format!("GET {path}"), before).status, 200, "{path}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let refused = ask(served.address, &format!("{method} {path}"), "");
            assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
        }
    }
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/checklist.html", 503),
        ("/checklist.html?release=v22", 503),
        ("/nothing", 404),
        ("/../etc/passwd", 404),
        ("/report.html/", 404),
        ("//", 404),
    ] {
        assert_eq!(get(served.address, path).status, status, "{path}");
    }
}

#[test]
fn another_name_of_this_machine_is_refused() {
    let profiles = profiles("");
    let served = ServeProcess::start(&profiles, &[]);
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
}

#[test]
fn a_token_is_asked_for_but_of_probes() {
    let profiles = profiles("serve: {token: \"${file:token}\"}\n");
    profiles.write("token", "s3cret-of-serve\n");
    let served = ServeProcess::start(&profiles, &[]);
    for path in ["/", "/metrics", "/nothing", "/report.html"] {
        let refused = get(served.address, path);
        assert_eq!(refused.status, 401, "{path}");
        assert!(refused.header("www-authenticate").is_some() && !refused.body.contains("s3cret"));
    }
    let shown = "Authorization: Bearer s3cret-of-serve\r\n";
    assert_eq!(ask(served.address, "GET /", shown).status, 200);
    assert_eq!(ask(served.address, "GET /nothing", shown).status, 404);
    assert_eq!(
        ask(served.address, "GET /", "Authorization: Bearer s3cret-of-serv\r\n").status,
        401
    );
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(served.address, path).status, 200, "{path}");
    }
    assert!(!served.told().contains("s3cret"), "{}", served.told());
}

#[test]
fn other_machines_are_served_with_a_token_alone() {
    let profiles = profiles("");
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:9464"] {
        let refused = profiles.run(&["serve", "--listen", listen]);
        refused.expect(2);
        assert!(refused.says("no token is asked for"), "{refused}");
    }
    let wrong = profiles.run(&["serve", "--listen", "nowhere"]);
    assert!(wrong.expect(2).says("not an address and a port"), "{wrong}");
    profiles.write("token", "  \n");
    let audit = profiles.read("audit.yaml");
    profiles.write("audit.yaml", &format!("{audit}serve: {{token: \"${{file:token}}\"}}\n"));
    let empty = profiles.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(empty.expect(2).says("token"), "{empty}");
}

#[test]
fn slow_and_large_and_many_requests_hurt_nobody() {
    let profiles = profiles("");
    let served = ServeProcess::start(&profiles, &[]);
    // Forty connections that say nothing: eight of them wait for a place.
    let start = Instant::now();
    let mut idle: Vec<TcpStream> =
        (0..40).map(|_| TcpStream::connect(served.address).unwrap()).collect();
    for stream in &mut idle {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ");
    }
    assert_eq!(get(served.address, "/healthz").status, 200);
    assert!(start.elapsed() < scaled(Duration::from_secs(20)), "{:?}", start.elapsed());
    drop(idle);
    let large = format!("X-Large: {}\r\n", "x".repeat(100_000));
    let mut stream = TcpStream::connect(served.address).unwrap();
    let _ = stream.write_all(format!("GET / HTTP/1.1\r\n{large}\r\n").as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "a head of 100 kB was taken");
    // A body is not read.
    let body = ask(served.address, "GET /healthz", "Content-Length: 1000000000\r\n");
    assert_eq!(body.status, 200);
    assert_eq!(get(served.address, "/healthz").status, 200);
}
