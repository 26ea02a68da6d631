//! `audit`, `notify test` and `check-profiles` as a person runs them, with sinks on real sockets.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::cli::{Ended, Profiles, recorded_info};
use crate::support::sink::{Reaction, SinkServer};
use crate::support::tunnel::Tunnel;

const URL: &str = "SLACK_WEBHOOK";

/// A webhook and a history.
const TOLD: &str = "history: {path: past.db}\nnotify:\n- webhook: {url: \"${env:SLACK_WEBHOOK}\", \
                    format: slack}\nserve: {public-url: \"https://parity.internal/\"}\n";

/// Two environments of which qualif is behind: NO-GO.
fn world(more: &str) -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    profiles.recorded("prod", &recorded_info("redis-7.0.15"));
    behind(&profiles);
    let audit = profiles.read("audit.yaml");
    profiles.write("audit.yaml", &format!("{audit}{more}"));
    profiles
}

fn behind(profiles: &Profiles) {
    profiles.recorded("qualif", &recorded_info("redis-6.2.5"));
}

/// Makes qualif the same as prod, and another server: GO.
fn catch_up(profiles: &Profiles) {
    let info = std::fs::read_to_string(recorded_info("redis-7.0.15")).unwrap();
    let ids = ["run_id:", "master_replid:"];
    let other = |line: &str| match ids.iter().find(|id| line.starts_with(**id)) {
        Some(id) => format!("{id}{}", "5a".repeat(20)),
        None => line.to_owned(),
    };
    let lines: Vec<String> = info.lines().map(other).collect();
    profiles.write("twin.txt", &lines.join("\n"));
    profiles.recorded("qualif", &profiles.path("twin.txt"));
}

/// Nothing of qualif is read: INCOMPLETE.
fn lose(profiles: &Profiles) {
    profiles.recorded("qualif", &profiles.path("no-such-file.txt"));
}

#[track_caller]
fn audit(profiles: &Profiles, url: &str, at: &str, code: i32) -> Ended {
    let ended = profiles.run_with(&["audit", "-o", "json", "--at", at], &[(URL, url)]);
    ended.expect(code);
    ended
}

fn texts(server: &SinkServer) -> Vec<String> {
    server.heard().iter().map(crate::support::sink::Heard::text).collect()
}

#[test]
fn each_change_is_told_once_whatever_process_sees_it() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let (profiles, url) = (world(TOLD), server.url());
    let told = |wanted: usize| assert_eq!(server.heard().len(), wanted, "{:?}", texts(&server));
    audit(&profiles, &url, "2026-11-23T06:00:00Z", 1);
    told(1);
    audit(&profiles, &url, "2026-11-23T07:00:00Z", 1);
    told(1);
    lose(&profiles);
    audit(&profiles, &url, "2026-11-23T08:00:00Z", 3);
    told(1);
    audit(&profiles, &url, "2026-11-23T09:00:00Z", 3);
    told(2);
    behind(&profiles);
    audit(&profiles, &url, "2026-11-23T10:00:00Z", 1);
    told(2);
    catch_up(&profiles);
    let last = audit(&profiles, &url, "2026-11-23T11:00:00Z", 0).json();
    told(3);
    audit(&profiles, &url, "2026-11-23T12:00:00Z", 0);
    told(3);
    let texts = texts(&server);
    let first: Vec<&str> = texts[0].lines().collect();
    assert_eq!(first[0], "NO-GO qualif -&gt; prod");
    assert!(
        first[1].contains("version-skew redis/cache") && first[1].contains("7.0.15"),
        "{first:?}"
    );
    assert!(first[1].contains("(must be under high)"), "{first:?}");
    assert!(texts[1].starts_with("INCOMPLETE qualif -&gt; prod: twice in a row; it was NO-GO"));
    assert!(texts[1].contains("not read"), "{}", texts[1]);
    assert!(texts[2].starts_with("GO qualif -&gt; prod: nothing blocks any more"), "{}", texts[2]);
    let digest = last["run"]["history"]["digest"].as_str().unwrap();
    assert!(texts[2].contains(&format!("run:{}", &digest[..8])), "{}", texts[2]);
    assert!(texts[2].ends_with("2026-11-23 11:00 UTC · https://parity.internal/"), "{}", texts[2]);
    // What was told is part of the chain, and its runs say what they are.
    profiles.run(&["history", "verify"]).expect(0);
    let listed = profiles.run(&["history", "list"]);
    assert!(listed.expect(0).stdout.contains("notify"), "{listed}");
}

#[test]
fn of_a_first_state_only_no_go_is_told() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let profiles = world(TOLD);
    catch_up(&profiles);
    audit(&profiles, &server.url(), "2026-11-23T06:00:00Z", 0);
    assert_eq!(server.heard().len(), 0);
}

#[test]
fn each_gate_is_told_of_by_what_concerns_it() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let profiles = Profiles::of(&["dev", "qualif", "prod"]);
    let audit_yaml = profiles.read("audit.yaml");
    let gates = "gates: [[dev, qualif], [qualif, prod]]\n";
    profiles.write("audit.yaml", &format!("{audit_yaml}{gates}{TOLD}"));
    profiles.recorded("prod", &recorded_info("redis-7.0.15"));
    catch_up(&profiles);
    profiles.recorded("dev", &recorded_info("redis-6.2.5"));
    let url = server.url();
    audit(&profiles, &url, "2026-11-23T06:00:00Z", 1);
    let titles = || -> Vec<String> {
        texts(&server).iter().map(|text| text.lines().next().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(), ["NO-GO dev -&gt; qualif"]);
    profiles.recorded("dev", &profiles.path("no-such-file.txt"));
    audit(&profiles, &url, "2026-11-23T07:00:00Z", 3);
    audit(&profiles, &url, "2026-11-23T08:00:00Z", 3);
    let told = titles();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("INCOMPLETE dev -&gt; qualif"), "{told:?}");
    // A side that was left out is no side that was not read.
    profiles.recorded("dev", &recorded_info("redis-6.2.5"));
    let only = ["audit", "--env", "qualif", "--at", "2026-11-23T09:00:00Z"];
    profiles.run_with(&only, &[(URL, &url)]);
    assert_eq!(titles().len(), 2, "{:?}", titles());
    behind(&profiles);
    profiles.recorded("dev", &profiles.path("twin.txt"));
    audit(&profiles, &url, "2026-11-23T10:00:00Z", 1);
    let told = titles();
    assert!(told.contains(&"NO-GO qualif -&gt; prod".to_owned()), "{told:?}");
}

/// The report without what differs from run to run.
fn report(ended: &Ended) -> Value {
    let mut report = ended.json();
    report["run"] = Value::Null;
    report
}

#[test]
fn a_sink_that_fails_changes_neither_report_nor_exit_code_and_is_tried_once_more() {
    let server = SinkServer::start(&[Reaction::Status(500)]);
    let (profiles, url) = (world(TOLD), server.url());
    let quiet = world("history: {path: past.db}\n");
    let without = quiet.run(&["audit", "-o", "json", "--at", "2026-11-23T06:00:00Z"]);
    let with = audit(&profiles, &url, "2026-11-23T06:00:00Z", 1);
    assert_eq!(report(&with), report(without.expect(1)));
    assert_eq!(server.heard().len(), 3);
    let said = "webhook ${env:SLACK_WEBHOOK} was not told \"NO-GO qualif -> prod\": it answered \
                500; it is told once more with the next run";
    assert!(with.stderr.contains(said), "{with}");
    // The next run sees nothing new, and brings what is left.
    server.react(&[Reaction::Status(200)]);
    let next = audit(&profiles, &url, "2026-11-23T07:00:00Z", 1);
    assert!(next.stderr.is_empty(), "{next}");
    assert_eq!(server.heard().len(), 4);
    assert!(texts(&server)[3].starts_with("NO-GO qualif -&gt; prod"));
    audit(&profiles, &url, "2026-11-23T08:00:00Z", 1);
    assert_eq!(server.heard().len(), 4);
}

#[test]
fn what_two_runs_could_not_send_is_given_up_and_a_refusal_at_once() {
    let server = SinkServer::start(&[Reaction::Status(404)]);
    let (profiles, url) = (world(TOLD), server.url());
    let refused = audit(&profiles, &url, "2026-11-23T06:00:00Z", 1);
    assert!(refused.stderr.contains("answered 404") && refused.stderr.contains("not again"));
    audit(&profiles, &url, "2026-11-23T07:00:00Z", 1);
    assert_eq!(server.heard().len(), 1);
    // Not set: it cannot be tried, and waits for the next run, and no longer.
    catch_up(&profiles);
    let unset = audit(&profiles, "", "2026-11-23T08:00:00Z", 0);
    assert!(unset.stderr.contains("SLACK_WEBHOOK is empty"), "{unset}");
    let unset = audit(&profiles, "", "2026-11-23T09:00:00Z", 0);
    assert!(unset.stderr.contains("it is told not again"), "{unset}");
    audit(&profiles, &url, "2026-11-23T10:00:00Z", 0);
    assert_eq!(server.heard().len(), 1);
}

#[test]
fn twelve_audits_at_once_tell_once() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let (profiles, url) = (world(TOLD), server.url());
    // The history is there, so that they meet when they keep what they told.
    catch_up(&profiles);
    audit(&profiles, &url, "2026-11-23T06:00:00Z", 0);
    behind(&profiles);
    let ended: Vec<Ended> = thread::scope(|scope| {
        let (profiles, url) = (&profiles, url.as_str());
        let run = || profiles.command(&["audit", "-o", "json"]).envs(&[(URL, url)]).run();
        let runs: Vec<_> = (0..12).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for ended in &ended {
        ended.expect(1);
    }
    assert_eq!(server.heard().len(), 1, "{:?}", texts(&server));
}

#[test]
fn a_proxy_of_the_environment_is_gone_by_and_gone_around() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let (profiles, tunnel) = (world(TOLD), Tunnel::start());
    // Only the proxy knows the name.
    let port = server.address.port();
    let url = format!("http://api.invalid:{port}/SECRETPATH");
    let by = [(URL, url.as_str()), ("HTTP_PROXY", &tunnel.url()), ("http_proxy", &tunnel.url())];
    let ended = profiles.run_with(&["notify", "test"], &by);
    ended.expect(0);
    assert_eq!((tunnel.opened(), server.heard().len()), (1, 1), "{ended}");
    let around =
        [(URL, server.url()), ("HTTP_PROXY", tunnel.url()), ("NO_PROXY", "127.0.0.1".into())];
    let around: Vec<(&str, &str)> =
        around.iter().map(|(name, text)| (*name, text.as_str())).collect();
    profiles.run_with(&["notify", "test"], &around).expect(0);
    assert_eq!((tunnel.opened(), server.heard().len()), (1, 2));
}

#[test]
fn notify_test_prints_what_each_sink_answers() {
    let (up, down) =
        (SinkServer::start(&[Reaction::Status(200)]), SinkServer::start(&[Reaction::Status(429)]));
    let more = "- datadog: {site: datadoghq.eu, key: \"${env:DD}\", proxy: \"http://127.0.0.1:1\"}\n\
                - webhook: {url: \"${env:OTHER}\", format: json}\n";
    let told = TOLD.replace("serve:", &format!("{more}serve:"));
    let profiles = world(&told);
    let variables = [(URL, up.url()), ("OTHER", down.url()), ("DD", "dd-secret".to_owned())];
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let ended = profiles.run_with(&["notify", "test"], &variables);
    ended.expect(2);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{ended}");
    assert_eq!(lines[0], "webhook ${env:SLACK_WEBHOOK}: it took the test (200)");
    assert!(
        lines[1].starts_with("datadog https://api.datadoghq.eu: connection refused"),
        "{ended}"
    );
    assert_eq!(lines[2], "webhook ${env:OTHER}: it answered 429");
    // Once each, and marked.
    assert_eq!((up.heard().len(), down.heard().len()), (1, 1));
    assert!(texts(&up)[0].starts_with("TEST of envparity"), "{:?}", texts(&up));
    // Nothing is kept of it.
    assert!(!profiles.path("past.db").exists());
    let nobody = world("");
    let ended = nobody.run(&["notify", "test"]);
    assert!(ended.expect(2).stderr.contains("nobody is to be told"), "{ended}");
}

#[test]
fn check_profiles_tells_what_cannot_work() {
    let check = |more: &str| world(more).run_with(&["check-profiles"], &[(URL, "set")]);
    let without = TOLD.replace("history: {path: past.db}\n", "");
    let warned = check(&without);
    assert!(warned.expect(0).says("notify: needs a history"), "{warned}");
    let unset = world(TOLD).run(&["check-profiles"]);
    assert!(unset.expect(0).says("the environment variable SLACK_WEBHOOK is not set"), "{unset}");
    let fine = check(TOLD);
    assert!(!fine.expect(0).says("warning") && fine.says("1 sink told of changes"), "{fine}");
    for (wrong, wanted) in [
        ("notify:\n- webhook: {url: \"https://hooks/SECRETPATH\", format: slack}\n", "clear text"),
        ("notify:\n- webhook: {url: \"${env:A}\", format: teams}\n", "expected one of slack, json"),
        ("notify:\n- webhook: {url: \"${env:A}\"}\n", "format"),
        ("notify:\n- pager: {url: \"${env:A}\"}\n", "expected one of webhook, datadog"),
        ("notify:\n- datadog: {key: \"${env:A}\"}\n", "names no site"),
        ("notify:\n- datadog: {site: datadoghq.eu, key: dd-SECRETPATH}\n", "clear text"),
        ("notify:\n- datadog: {site: \"https://x\", key: \"${env:A}\"}\n", "not a site"),
        ("notify:\n- datadog: {url: \"http://dd.internal\", key: \"${env:A}\"}\n", "clear text"),
        (
            "notify:\n- webhook: {url: \"${env:A}\", format: json}\n- webhook: {url: \"${env:A}\", \
             format: slack}\n",
            "told twice",
        ),
        ("notify:\n- webhook: {url: \"${env:A}\", format: json, proxy: \"socks5://x\"}\n", "proxy"),
        ("serve: {public-url: parity.internal}\n", "invalid URL"),
        ("serve: {public-url: \"https://u:SECRETPATH@parity/\"}\n", "user name or password"),
        ("serve: {listen: \"0.0.0.0:1\"}\n", "no token is asked for"),
    ] {
        let ended = check(wrong);
        assert!(ended.expect(2).stderr.contains(wanted), "{wrong}{ended}");
        assert!(!ended.says("SECRETPATH"), "{ended}");
    }
}

#[test]
fn check_profiles_prints_the_next_times_of_schedules_and_refuses_impossible_ones() {
    let check = |more: &str| world(more).run(&["check-profiles"]);
    let ended = check(
        "timezone: Europe/Paris\nschedule:\n- {id: nightly, audit: \"0 7 * * 1-5\", jitter: 60s}\n\
         - {id: utc, audit: \"30 */6 * * *\", timezone: UTC}\n",
    );
    let lines: Vec<&str> = ended.expect(0).stdout.lines().collect();
    let at = lines.iter().position(|line| line.contains("schedule nightly")).unwrap();
    assert_eq!(lines[at], "  schedule nightly: audit at \"0 7 * * 1-5\" Europe/Paris, next");
    for line in &lines[at + 1..at + 6] {
        let is_work = ["Mon", "Tue", "Wed", "Thu", "Fri"].contains(&line.trim().get(..3).unwrap());
        assert!(is_work && line.contains(" 07:00 +0"), "{line}");
    }
    assert_eq!(lines[at + 6], "  schedule utc: audit at \"30 */6 * * *\" UTC, next");
    assert!(lines[at + 11].ends_with(":30 +00:00"), "{ended}");
    for (wrong, wanted) in [
        ("{id: a, audit: \"0 0 30 2 *\"}", "never due"),
        ("{id: a, audit: \"0 0 31 4 *\"}", "never due"),
        ("{id: a, audit: \"0 0 * *\"}", "five fields, and this has 4"),
        ("{id: a, audit: \"0 0 0 * * *\"}", "five fields, and this has 6"),
        ("{id: a, audit: \"@daily\"}", "five fields"),
        ("{id: a, audit: \"61 0 * * *\"}", "not a schedule"),
        ("{id: a, audit: \"0 7 * * *\", timezone: Europe/Pariss}", "Europe/Paris"),
        ("{id: a}", "starts nothing"),
        ("{id: a, audit: \"0 7 * * *\", checklist: \"0 8 * * *\", release: v1}", "not both"),
        ("{id: a, checklist: \"0 8 * * *\"}", "of no release"),
        ("{id: a, checklist: \"0 8 * * *\", release: v9}", "unknown release"),
        ("{id: a, audit: \"0 8 * * *\", release: v9}", "of no release"),
        ("{id: \"a b\", audit: \"0 8 * * *\"}", "name of a schedule"),
        ("{id: a, audit: \"*/5 * * * *\", jitter: 5m}", "jitter"),
        ("{id: a, audit: \"0 8 * * *\"}\n- {id: a, audit: \"0 9 * * *\"}", "two schedules"),
    ] {
        let ended = check(&format!("schedule:\n- {wrong}\n"));
        assert!(ended.expect(2).stderr.contains(wanted), "{wrong}: {ended}");
    }
}

#[test]
fn runs_that_cron_did_not_start_are_told_by_the_next_one() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let profiles = world(&format!("{TOLD}schedule:\n- {{id: hourly, audit: \"0 * * * *\"}}\n"));
    let url = server.url();
    catch_up(&profiles);
    for at in ["06:00", "07:01", "08:00", "09:02"] {
        audit(&profiles, &url, &format!("2026-11-23T{at}:30Z"), 0);
    }
    assert_eq!(server.heard().len(), 0, "{:?}", texts(&server));
    // 10:00 and 11:00 did not come; 12:00 is this one.
    audit(&profiles, &url, "2026-11-23T12:00:30Z", 0);
    audit(&profiles, &url, "2026-11-23T13:00:30Z", 0);
    let told = texts(&server);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("MISSED: 2 runs of the schedule hourly"), "{told:?}");
    assert!(told[0].contains("from 2026-11-23T10:00:00Z to 2026-11-23T11:00:00Z"), "{told:?}");
}

#[test]
fn a_run_that_is_interrupted_in_between_is_made_up_for() {
    let server = SinkServer::start(&[Reaction::Hang]);
    let (profiles, url) = (world(TOLD), server.url());
    let at = "2026-11-23T06:00:00Z";
    let command = profiles.command(&["audit", "-o", "json", "--at", at]).envs(&[(URL, &url)]);
    let mut child = command.start();
    while server.heard().is_empty() {
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Another run leaves it to the one that took it, which may still be at it.
    server.react(&[Reaction::Status(200)]);
    audit(&profiles, &url, "2026-11-23T07:00:00Z", 1);
    assert_eq!(server.heard().len(), 1);
}
