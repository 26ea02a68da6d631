//! A server that says no, or nothing: told with what to do, and never with the password.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use envparity::collect::config::COLLECTORS;
use envparity::history::{HistoryError, PostgresAddress, PostgresOptions, Store};

use super::{error_of, open, told, try_open};
use crate::cli::slowness::scaled;
use crate::postgres_server::{PASSWORD, PostgresServer, WRITER};
use crate::tls::Certs;
use crate::world::{audit, buckets, evidence, key, now, save};

fn short(url: &str) -> Result<Store, HistoryError> {
    let wait = Duration::from_millis(300);
    let options = PostgresOptions { connect: wait, wait, statement: scaled(wait * 100) };
    Store::open_postgres(&PostgresAddress::parse(url)?, options, true)
}

#[test]
fn a_server_that_does_not_let_us_in_says_why() {
    let server = PostgresServer::start();
    let url = server.database("past");
    server.sql("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    server.sql("postgres", "CREATE DATABASE secure");
    let other = |from: &str, to: &str| told(&error_of(&url.replace(from, to)));
    let wrong = other(PASSWORD, "hunter2");
    assert!(wrong.contains("does not take the password of the user envparity"), "{wrong}");
    assert!(!wrong.contains("hunter2"), "{wrong}");
    let nobody = other(WRITER, "nobody");
    assert!(nobody.contains("does not take the password of the user nobody"), "{nobody}");
    let without = other(&format!(":{PASSWORD}"), "");
    assert!(without.contains("password") && without.contains("PGPASSWORD"), "{without}");
    let absent = other("/past", "/future");
    assert!(absent.contains("no such database: postgres://127.0.0.1") && absent.contains("CREATE"));
    let latin = other("/past", "/latin");
    assert!(latin.contains("as LATIN1") && latin.contains("ENCODING 'UTF8'"), "{latin}");
    let plain = other("/past", "/secure");
    assert!(plain.contains("without TLS") && plain.contains("sslmode=verify-full"), "{plain}");
    let no_tls = told(&error_of(&format!("{url}?sslmode=verify-full")));
    assert!(no_tls.contains("does not speak TLS") && no_tls.contains("ssl = on"), "{no_tls}");
    let socket = server.socket_folder().display();
    let by_socket = format!("postgres://postgres@/past?host={socket}");
    assert!(told(&error_of(&by_socket)).contains("host"), "a user and no host");
    let by_socket = format!("postgres:///past?host={socket}");
    assert!(told(&error_of(&by_socket)).contains("socket"), "it is named by another port");
    // Nothing was made in any of them.
    assert!(matches!(try_open(&url, false), Err(HistoryError::Missing(_))));
    let port = server.port();
    drop(server);
    let refused = told(&error_of(&url));
    let address = format!("postgres://127.0.0.1:{port}/past refused the connection");
    assert!(refused.contains(&address) && refused.contains("listen_addresses"), "{refused}");
}

#[test]
fn what_is_no_server_of_postgres_is_told() {
    for (answer, said) in [
        ("", "ended"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "check that the URL names a PostgreSQL server"),
        ("E\u{7f}\u{7f}\u{7f}\u{7f}", "gave no answer"),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 1_024];
            let _ = stream.read(&mut asked);
            stream.write_all(answer.as_bytes()).unwrap();
            // The last one is to be continued, and never is.
            if answer.starts_with('E') {
                while stream.read(&mut asked).is_ok_and(|count| count > 0) {}
            }
        });
        let text =
            told(&short(&format!("postgres://u:{PASSWORD}@127.0.0.1:{port}/x")).unwrap_err());
        assert!(text.contains(said), "{answer}: {text}");
        serving.join().unwrap();
    }
    // Endless: it is left after so many bytes.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut sent = 0_usize;
        let _ = stream.write_all(b"E\x7f\xff\xff\xff");
        let chunk = vec![b'x'; 1 << 20];
        while stream.write_all(&chunk).is_ok() {
            sent += 1;
        }
        sent
    });
    let text = told(&error_of(&format!("postgres://u@127.0.0.1:{port}/x")));
    assert!(text.contains("more than a history holds") || text.contains("no answer"), "{text}");
    assert!(serving.join().unwrap() < 200);
}

#[test]
fn a_server_that_is_silent_is_left_in_time() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let mut store = open(&url);
    save(&mut store, audit(now(), &[]));
    server.signal("STOP");
    let begin = Instant::now();
    let text = told(&short(&url).err().unwrap());
    assert!(text.contains("gave no answer within") && text.contains("firewall"), "{text}");
    assert!(begin.elapsed() < scaled(Duration::from_secs(5)), "{:?}", begin.elapsed());
    server.signal("CONT");
}

#[test]
fn tls_is_verified() {
    let certs = Certs::new();
    let readable = tempfile::tempdir().unwrap();
    let url_of = |server: &PostgresServer, host: &str, ca: &std::path::Path| {
        let url = server.url("secure").replace("127.0.0.1", host);
        format!("{url}?sslmode=verify-full&sslrootcert={}", ca.display())
    };
    let start = |leaf: &crate::tls::Leaf| {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::Permissions::from_mode(0o711);
        std::fs::set_permissions(readable.path(), open).unwrap();
        let (cert, key) = (readable.path().join("cert.pem"), readable.path().join("key.pem"));
        std::fs::copy(&leaf.cert, &cert).unwrap();
        std::fs::copy(&leaf.key, &key).unwrap();
        for path in [&cert, &key] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
            crate::postgres_server::give(path);
        }
        let files = [("ssl_cert_file", cert), ("ssl_key_file", key)];
        let settings = files.map(|(name, path)| format!("{name}={}", path.display()));
        let server = PostgresServer::start_with(&["ssl=on", &settings[0], &settings[1]]);
        server.database("secure");
        server
    };
    let server = start(&certs.server);
    let mut store = open(&url_of(&server, "localhost", &certs.ca));
    save(&mut store, audit(now(), &evidence()));
    let encrypted = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'envparity'";
    assert_eq!(server.sql("secure", encrypted), "t");
    drop(store);
    open(&url_of(&server, "127.0.0.1", &certs.ca)).verify(None).unwrap().unwrap();
    let other = told(&error_of(&url_of(&server, "localhost", &certs.other_ca)));
    assert!(other.contains("of an unknown authority") && other.contains("sslrootcert"), "{other}");
    let none = told(&error_of(&url_of(&server, "localhost", "/missing.pem".as_ref())));
    assert!(none.contains("/missing.pem cannot be used"), "{none}");
    drop(server);
    for (leaf, said) in
        [(&certs.wrong_name, "is for another name"), (&certs.expired, "has expired")]
    {
        let server = start(leaf);
        let text = told(&error_of(&url_of(&server, "localhost", &certs.ca)));
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn a_role_that_may_only_read_reads() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let head = save(&mut open(&url), audit(now(), &evidence())).digest;
    server.sql("past", "CREATE ROLE reader LOGIN PASSWORD 'read-only'");
    let reader = url.replace(&format!("{WRITER}:{PASSWORD}"), "reader:read-only");
    let denied = told(&try_open(&reader, false).err().unwrap());
    assert!(denied.contains("the user reader may not") && denied.contains("SELECT"), "{denied}");
    server.sql("past", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
    let mut store = try_open(&reader, true).unwrap();
    assert_eq!(store.newest_runs(10).unwrap().len(), 1);
    assert_eq!(store.evidence_of_run(1, COLLECTORS).unwrap().len(), 3);
    store.verify(Some(&head)).unwrap().unwrap();
    let error = store.save_run(audit(now(), &[]), COLLECTORS).unwrap_err();
    assert!(told(&error).contains("the user reader may not do that"), "{error}");
    // A standby, or a user that is set to read only.
    server.sql("past", &format!("ALTER ROLE {WRITER} SET default_transaction_read_only = on"));
    save(&mut open(&url), audit(now(), &[]));
    assert_eq!(store.verify(None).unwrap().unwrap().runs, 2);
}

#[test]
fn a_newer_schema_is_read_and_never_written() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let head = save(&mut open(&url), audit(now(), &evidence())).digest;
    server.sql("past", "UPDATE meta SET schema = 2, tool = 'envparity 9.0.0'");
    server.sql("past", "ALTER TABLE run ADD COLUMN later TEXT");
    let mut store = open(&url);
    let error = store.save_run(audit(now(), &[]), COLLECTORS).unwrap_err();
    assert!(told(&error).contains("envparity 9.0.0, schema 2; this one writes 1"), "{error}");
    assert!(store.add_buckets(&[(key("up"), vec![])]).is_err());
    assert_eq!(store.evidence_of_run(1, COLLECTORS).unwrap().len(), 3);
    assert_eq!(store.verify(Some(&head)).unwrap().unwrap().runs, 1);
}

#[test]
fn a_lock_is_waited_for_and_then_told() {
    let server = PostgresServer::start();
    let url = server.database("past");
    save(&mut open(&url), audit(now(), &[]));
    let mut store = short(&url).unwrap();
    let writing =
        server.session("past", "SELECT pg_advisory_xact_lock(x'656e767061726974'::BIGINT)");
    let begin = Instant::now();
    let error = store.save_run(audit(now(), &[]), COLLECTORS).unwrap_err();
    assert!(matches!(error, HistoryError::Locked(_)), "{error}");
    assert!(told(&error).contains("pg_stat_activity"));
    assert!(begin.elapsed() >= Duration::from_millis(300), "it was not waited for");
    // Reading is not kept from anybody.
    assert_eq!(store.newest_runs(10).unwrap().len(), 1);
    store.verify(None).unwrap().unwrap();
    drop(writing);
    server.sql(
        "past",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
    );
    let mut store = open(&url);
    save(&mut store, audit(now(), &[]));
    assert_eq!(PostgresOptions::default().wait, Duration::from_secs(5));
}

#[test]
fn a_disk_that_is_full_takes_a_whole_run_or_nothing_of_it() {
    let server = PostgresServer::start_on_small_disk();
    server.sql("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", server.small_disk()));
    server.sql("postgres", &format!("CREATE DATABASE past OWNER {WRITER} TABLESPACE small"));
    let mut store = open(&server.url("past"));
    let evidence = evidence();
    let mut saved = 0;
    let error = loop {
        // So that it does not take all too many runs.
        let of = key(&format!("cmd/{saved}"));
        if let Err(error) = store.add_buckets(&[(of, buckets(300, 2_000))]) {
            break error;
        }
        match store.save_run(audit(now(), &evidence), COLLECTORS) {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
        assert!(saved < 1_000, "the disk is never full");
    };
    assert!(matches!(error, HistoryError::Full(_)), "{error}");
    assert!(told(&error).contains("prune"));
    assert_eq!(store.verify(None).unwrap().unwrap().runs, saved);
}

#[test]
fn what_is_no_history_is_left_as_it_is() {
    let server = PostgresServer::start();
    for (name, made) in [
        ("bills", "CREATE TABLE bills (id INTEGER)"),
        (
            "names",
            "CREATE TABLE meta (k TEXT); CREATE TABLE run (k TEXT); CREATE TABLE inventory (k TEXT)",
        ),
    ] {
        let url = server.database(name);
        server.sql(name, made);
        server.sql(name, &format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {WRITER}"));
        let before = server.sql(name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
        for create in [true, false] {
            let error = try_open(&url, create).err().unwrap();
            let is_told = matches!(error, HistoryError::Foreign(_) | HistoryError::Damaged(_));
            assert!(is_told, "{made}: {error}");
        }
        let after = server.sql(name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
        assert_eq!(before, after);
    }
    // A schema of one's own is another place.
    server.sql("bills", &format!("CREATE SCHEMA {WRITER} AUTHORIZATION {WRITER}"));
    save(&mut open(&server.url("bills")), audit(now(), &[]));
}
