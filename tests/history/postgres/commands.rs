//! The commands: the URL is a secret that is named and never shown.

use crate::cli::{Ended, Profiles, envparity, recorded_info};
use crate::postgres_server::{PASSWORD, PostgresServer};

const MONDAY: &str = "2026-11-23T06:00:00Z";

/// Two environments, and a history in a database that a variable knows.
fn profiles() -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    profiles.recorded("qualif", &recorded_info("redis-6.2.5"));
    profiles.recorded("prod", &recorded_info("redis-7.0.15"));
    let audit = profiles.read("audit.yaml");
    profiles.write("audit.yaml", &format!("{audit}history: {{postgres: \"${{env:DSN}}\"}}\n"));
    profiles
}

#[track_caller]
fn without_secret(ended: Ended) -> Ended {
    assert!(!ended.says(PASSWORD), "{ended}");
    ended
}

#[test]
fn an_audit_is_kept_in_a_database_and_moves_to_a_file_and_back() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let profiles = profiles();
    let run = |arguments: &[&str]| {
        let invocation = envparity(arguments).profiles(profiles.folder()).env("DSN", &url);
        without_secret(invocation.run())
    };
    let report = run(&["audit", "-o", "json", "--at", MONDAY]).expect(1).json();
    let head = report["run"]["history"]["digest"].as_str().unwrap().to_owned();
    run(&["history", "verify", "--head", &head]).expect(0);
    assert!(run(&["history", "list"]).expect(0).stdout.contains("prod, qualif"));
    run(&["diff", &format!("qualif@{MONDAY}"), "prod"]).expect(0);
    // To a file, and back into another database.
    let lines = profiles.path("lines.jsonl");
    let lines = lines.to_str().unwrap();
    run(&["history", "export", "--to", lines]).expect(0);
    let file = profiles.path("moved.db");
    let file = file.to_str().unwrap();
    envparity(["history", "import", "--from", lines, "--history", file]).run().expect(0);
    let again = profiles.path("again.jsonl");
    let again = again.to_str().unwrap();
    envparity(["history", "export", "--to", again, "--history", file]).run().expect(0);
    let back = server.database("back");
    let into = |arguments: &[&str]| {
        let flag = ["--history", "${env:BACK}"];
        without_secret(envparity([arguments, &flag].concat()).env("BACK", &back).run())
    };
    into(&["history", "import", "--from", again]).expect(0);
    into(&["history", "verify", "--head", &head]).expect(0);
    assert_eq!(into(&["history", "export", "--to", "-"]).stdout, profiles.read("lines.jsonl"));
    let mixed = into(&["history", "import", "--from", again]);
    assert!(mixed.expect(2).stderr.contains("not empty"), "{mixed}");
}

#[test]
fn a_password_has_no_place_among_arguments() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let profiles = profiles();
    for literal in [
        url.as_str(),
        &format!("postgres://envparity@127.0.0.1/past?password={PASSWORD}"),
        &format!("host=127.0.0.1 password={PASSWORD}"),
        &format!("mysql://u:{PASSWORD}@127.0.0.1/past"),
        &format!("postgres://u:{PASSWORD}@127.0.0.1:none/past"),
    ] {
        let ended = profiles.run(&["audit", "--history", literal]);
        assert!(without_secret(ended).expect(2).stdout.is_empty(), "something was asked");
    }
    let refused = profiles.run(&["history", "list", "--history", &url]);
    assert!(refused.expect(2).stderr.contains("PGPASSWORD"), "{refused}");
    // Without it, a variable gives the password.
    let bare = url.replace(&format!(":{PASSWORD}"), "");
    let audit = ["audit", "--at", MONDAY, "--history", &bare];
    let run = || envparity(audit).profiles(profiles.folder());
    without_secret(run().env("PGPASSWORD", PASSWORD).run()).expect(1);
    let without = without_secret(run().run());
    let is_told =
        without.stderr.contains("does not take the password") && without.stderr.contains("help: ");
    assert!(is_told && without.stdout.contains("NO-GO"), "{without}");
    without.expect(2);
}

#[test]
fn a_database_that_is_gone_costs_the_history_and_not_the_report() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let profiles = profiles();
    drop(server);
    let run = |dsn: &str| {
        let audit = envparity(["audit", "-o", "json", "--at", MONDAY]);
        without_secret(audit.profiles(profiles.folder()).env("DSN", dsn).run())
    };
    for (dsn, said) in [
        (url.as_str(), "refused the connection"),
        ("", "does not begin with postgres://"),
        ("past.db", "does not begin with postgres://"),
    ] {
        let ended = run(dsn);
        assert!(ended.stderr.contains(said) && ended.stderr.contains("${env:DSN}"), "{ended}");
        assert_eq!((ended.code, &ended.json()["verdict"]["is"]), (Some(2), &"no-go".into()));
    }
    let unset = envparity(["history", "list"]).profiles(profiles.folder()).run();
    assert!(unset.expect(2).stderr.contains("the variable DSN is not set"), "{unset}");
    // What the URL is read from is spared by what is written.
    profiles.write("dsn.secret", &url);
    let audit = profiles.read("audit.yaml").replace("${env:DSN}", "${file:dsn.secret}");
    profiles.write("audit.yaml", &audit);
    let over = format!("json={}", profiles.path("dsn.secret").display());
    let ended = profiles.run(&["audit", "-o", &over]);
    assert!(without_secret(ended).expect(2).stderr.contains("read by the history"));
    assert_eq!(profiles.read("dsn.secret"), url);
}
