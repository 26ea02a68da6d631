//! Two `serve` over one real PostgreSQL: one leads, and when it is killed the other one goes on.

use super::*;
use crate::postgres_server::PostgresServer;

fn world(server: &PostgresServer) -> Profiles {
    let profiles = Profiles::of(&["qualif", "production"]);
    for name in ["qualif", "production"] {
        profiles.recorded(name, &recorded_info("redis-7.0.15.txt"));
    }
    let audit = profiles.read("audit.yaml");
    profiles.write("dsn", &server.url("history"));
    let more = "history: {postgres: \"${file:dsn}\"}\nschedule:\n- {id: often, audit: \"* * * * \
                *\"}\n";
    profiles.write("audit.yaml", &(audit + more));
    profiles
}

fn leads(served: &ServeProcess) -> bool {
    let told = served.told();
    let last = told.lines().rfind(|line| line.starts_with("this process"));
    last.is_some_and(|line| line.contains("leads:"))
}

/// `(due, runs)`: each time that was due, and how many audits were kept for it.
fn kept(server: &PostgresServer) -> Vec<(String, usize)> {
    let sql = "SELECT body FROM run WHERE kind = 'audit' ORDER BY id";
    let text = server.sql("history", sql);
    let mut found: Vec<(String, usize)> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let body: serde_json::Value = serde_json::from_str(line).expect("a body");
        let due = body["facts"]["due"].as_str().expect("a run of a schedule").to_owned();
        match found.iter_mut().find(|(known, _)| *known == due) {
            Some((_, count)) => *count += 1,
            None => found.push((due, 1)),
        }
    }
    found
}

#[test]
fn one_of_two_leads_and_the_other_one_takes_over_when_it_is_killed() {
    let server = PostgresServer::start();
    server.database("history");
    let profiles = world(&server);
    let mut first = ServeProcess::start(&profiles, &[]);
    let second = ServeProcess::start(&profiles, &[]);
    wait_until("the first leads", || leads(&first));
    assert!(!leads(&second), "both lead");
    let is_answered = |served: &ServeProcess| get(served.address, "/readyz").status == 200;
    assert!(is_answered(&first) && is_answered(&second));
    let minutes = |count: u64| scaled(Duration::from_secs(60 * count + 30));
    let end = Instant::now() + minutes(2);
    while kept(&server).is_empty() {
        assert!(Instant::now() < end, "nothing was run: {}", first.told());
        std::thread::sleep(Duration::from_millis(200));
    }
    // The other one shows the report of a run that it did not make.
    let end = Instant::now() + scaled(Duration::from_secs(45));
    while get(second.address, "/report.html").status != 200 {
        assert!(Instant::now() < end, "no report: {}", second.told());
        std::thread::sleep(Duration::from_millis(200));
    }
    first.signal("KILL");
    first.wait();
    let before = kept(&server).len();
    let end = Instant::now() + minutes(3);
    while kept(&server).len() < before + 2 {
        assert!(Instant::now() < end, "nobody went on: {}", second.told());
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(leads(&second), "{}", second.told());
    let kept = kept(&server);
    assert!(kept.iter().all(|(_, count)| *count == 1), "run twice: {kept:?}");
    let minutes: Vec<i64> = kept
        .iter()
        .map(|(due, _)| due.parse::<jiff::Timestamp>().expect("a time").as_second() / 60)
        .collect();
    let is_next = |pair: &[i64]| pair[1] == pair[0] + 1;
    assert!(minutes.windows(2).all(is_next), "a minute is lost: {kept:?}");
}
