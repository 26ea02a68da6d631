//! Sinks on real sockets: what is tried again, what is final, how long is waited. The waits are
//! written down and not waited for.

use std::sync::Mutex;
use std::time::Duration;

use envparity::notify::config::SinkConfig;
use envparity::notify::{
    Delivered, DeliveryTimes, Notice, NoticeKind, PendingSend, Sink, deliver, test_notice,
};
use envparity::wire::yaml::{self, Origin};
use futures::FutureExt;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::support::cli::slowness::scaled;
use crate::support::sink::{Reaction, SinkServer};
use crate::support::tls::Certs;
use crate::support::tls_front::TlsFront;

/// Sinks with their secrets in files.
struct Sinks {
    folder: TempDir,
    sinks: Vec<Sink>,
}

impl Sinks {
    fn new(configs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut sinks = Vec::new();
        for (number, (config, secret)) in configs.iter().enumerate() {
            std::fs::write(folder.path().join(format!("s{number}")), secret).unwrap();
            let text = config.replace("SECRET", &format!("\"${{file:s{number}}}\""));
            let config: SinkConfig = yaml::read(&text, Origin::Person).unwrap();
            sinks.push(Sink::new(&config, folder.path()));
        }
        Self { folder, sinks }
    }

    fn webhook(url: &str) -> Self {
        Self::new(&[("webhook: {url: SECRET, format: json}", url)])
    }

    /// What becomes of notices that each sink is to be sent, and the waits in between.
    fn deliver(&self, notices: &[Notice], runs: u32) -> (Vec<Delivered>, Vec<Duration>) {
        let sinks = self.sinks.iter().flat_map(|sink| notices.iter().map(move |one| (sink, one)));
        let sends: Vec<PendingSend> = sinks
            .zip(1..)
            .map(|((sink, notice), id)| PendingSend {
                id,
                sink: sink.name.clone(),
                notice: notice.clone(),
                taken: None,
                runs,
            })
            .collect();
        let waits = Mutex::new(Vec::new());
        let sleep = |wait| {
            waits.lock().unwrap().push(wait);
            futures::future::ready(()).boxed()
        };
        let times =
            DeliveryTimes { per_try: scaled(Duration::from_millis(700)), ..DeliveryTimes::DEFAULT };
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all();
        let now = || now();
        let link = Some("https://parity.internal/");
        let done = runtime.build().unwrap().block_on(deliver(
            &sends,
            &self.sinks,
            link,
            times,
            (&sleep, &now),
        ));
        let done = done.into_iter().map(|(_, became)| became).collect();
        (done, waits.into_inner().unwrap())
    }

    fn deliver_one(&self) -> (Delivered, Vec<Duration>) {
        let (mut done, waits) = self.deliver(&[test_notice(now())], 0);
        (done.remove(0), waits)
    }
}

fn now() -> Timestamp {
    "2026-04-13T20:00:00Z".parse().unwrap()
}

fn seconds(all: &[u64]) -> Vec<Duration> {
    all.iter().copied().map(Duration::from_secs).collect()
}

fn failed(why: &str) -> Delivered {
    Delivered::Failed(why.to_owned())
}

#[test]
fn what_a_sink_answers_decides_what_is_tried_again() {
    use Reaction as R;
    let after = |text: &str| R::RetryAfter(429, text.to_owned());
    let table: Vec<(Vec<Reaction>, &str, usize, Vec<u64>)> = vec![
        (vec![R::Status(200)], "sent 200", 1, vec![]),
        (vec![R::Status(204)], "sent 204", 1, vec![]),
        (vec![R::Status(500), R::Status(200)], "sent 200", 2, vec![1]),
        (vec![R::Status(503), R::Status(500), R::Status(202)], "sent 202", 3, vec![1, 5]),
        (vec![R::Status(500)], "failed it answered 500", 3, vec![1, 5]),
        (vec![R::Status(502)], "failed it answered 502", 3, vec![1, 5]),
        // A server that asks for time gets it, up to a minute.
        (vec![after("7"), R::Status(200)], "sent 200", 2, vec![7]),
        (vec![after("0"), after("2"), R::Status(200)], "sent 200", 3, vec![0, 2]),
        (vec![after("86400"), R::Status(200)], "sent 200", 2, vec![60]),
        (vec![after("Mon, 13 Apr 2026 20:00:30 GMT"), R::Status(200)], "sent 200", 2, vec![30]),
        (vec![after("later"), R::Status(200)], "sent 200", 2, vec![1]),
        (vec![R::Status(429)], "failed it answered 429", 3, vec![1, 5]),
        // Only of a 429: a 503 of a load balancer may say anything.
        (vec![R::RetryAfter(503, "50".into()), R::Status(200)], "sent 200", 2, vec![1]),
        // Another 4xx is final.
        (vec![R::Status(400)], "refused it answered 400", 1, vec![]),
        (vec![R::Status(401)], "refused it answered 401", 1, vec![]),
        (vec![R::Status(403)], "refused it answered 403", 1, vec![]),
        (vec![R::Status(404)], "refused it answered 404", 1, vec![]),
        (vec![R::Status(410)], "refused it answered 410", 1, vec![]),
        (vec![R::Status(500), R::Status(404)], "refused it answered 404", 2, vec![1]),
        (vec![R::Close], "failed", 3, vec![1, 5]),
        (vec![R::Garbage], "failed", 3, vec![1, 5]),
        (vec![R::Hang], "failed no answer within", 3, vec![1, 5]),
        (vec![R::Hang, R::Status(200)], "sent 200", 2, vec![1]),
        (vec![R::EndlessHead], "failed", 3, vec![1, 5]),
        // Nobody reads the body.
        (vec![R::EndlessBody], "sent 200", 1, vec![]),
    ];
    for (reactions, wanted, tries, waited) in table {
        let server = SinkServer::start(&reactions);
        let (became, waits) = Sinks::webhook(&server.url()).deliver_one();
        let told = match &became {
            Delivered::Sent(status) => format!("sent {status}"),
            Delivered::Refused(why) => format!("refused {why}"),
            Delivered::Failed(why) => format!("failed {why}"),
            Delivered::Untried => "untried".to_owned(),
        };
        assert!(told.starts_with(wanted), "{reactions:?}: {told}");
        assert_eq!((server.heard().len(), waits), (tries, seconds(&waited)), "{reactions:?}");
        assert!(!told.contains("SECRETPATH") && !told.contains("127.0.0.1"), "{told}");
    }
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = SinkServer::start(&[Reaction::Status(200)]);
    let server = SinkServer::start(&[Reaction::Redirect(elsewhere.url())]);
    let (became, _) = Sinks::webhook(&server.url()).deliver_one();
    assert!(matches!(&became, Delivered::Refused(why) if why.contains("307")), "{became:?}");
    assert_eq!((server.heard().len(), elsewhere.heard().len()), (1, 0));
}

#[test]
fn what_is_sent_is_one_post_of_json() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let sinks = Sinks::webhook(&format!("{}?a=b", server.url()));
    assert_eq!(sinks.deliver_one().0, Delivered::Sent(200));
    let heard = server.heard().remove(0);
    assert!(heard.head.starts_with("POST /services/T0/SECRETPATH?a=b HTTP/1.1\r\n"), "{heard:?}");
    let lower = heard.head.to_lowercase();
    assert!(lower.contains("content-type: application/json\r\n"), "{lower}");
    assert!(lower.contains(&format!("host: {}\r\n", server.address)), "{lower}");
    let json = heard.json();
    assert_eq!((&json["event"], &json["kind"]), (&"test".into(), &"Notice".into()));
    assert!(heard.text().contains("TEST of envparity") && heard.text().contains("parity.internal"));
}

#[test]
fn datadog_is_sent_an_event_with_its_key() {
    let server = SinkServer::start(&[Reaction::Status(202)]);
    let config = format!("datadog: {{url: \"http://{}\", key: SECRET}}", server.address);
    let sinks = Sinks::new(&[(&config, "dd-key-of-ours")]);
    let notice = Notice {
        kind: NoticeKind::NoGo,
        about: "qualif -> production".to_owned(),
        environments: vec!["qualif".to_owned(), "production".to_owned()],
        ..test_notice(now())
    };
    let (done, _) = sinks.deliver(&[notice], 0);
    assert_eq!(done, [Delivered::Sent(202)]);
    let heard = server.heard().remove(0);
    assert!(heard.head.starts_with("POST /api/v1/events HTTP/1.1\r\n"), "{heard:?}");
    assert!(heard.head.to_lowercase().contains("dd-api-key: dd-key-of-ours\r\n"), "{heard:?}");
    let event = heard.json();
    assert_eq!(event["aggregation_key"], "qualif -> production");
    assert_eq!(event["alert_type"], "error");
    let tags = event["tags"].to_string();
    assert!(
        tags.contains("environment:qualif") && tags.contains("environment:production"),
        "{tags}"
    );
}

#[test]
fn tls_is_checked_and_an_authority_of_ones_own_is_trusted() {
    let certs = Certs::new();
    let server = SinkServer::start(&[Reaction::Status(200)]);
    for (leaf, ca, wanted) in [
        (&certs.server, Some(&certs.ca), None),
        (&certs.server, Some(&certs.other_ca), Some("unknown authority")),
        (&certs.expired, Some(&certs.ca), Some("expired")),
        (&certs.wrong_name, Some(&certs.ca), Some("another name")),
    ] {
        let front = TlsFront::start(server.address, leaf, None);
        let tls = ca.map(|ca| format!(", tls: {{ca: {}}}", ca.display())).unwrap_or_default();
        let config = format!("webhook: {{url: SECRET, format: json{tls}}}");
        let url = format!("https://localhost:{}/SECRETPATH", front.address().port());
        let (became, waits) = Sinks::new(&[(&config, &url)]).deliver_one();
        match (wanted, &became) {
            (None, Delivered::Sent(200)) => {}
            (Some(why), Delivered::Failed(said)) => {
                assert!(said.contains(why) && !said.contains("SECRETPATH"), "{said}");
                assert_eq!(waits, seconds(&[1, 5]));
            }
            _ => panic!("{wanted:?}: {became:?}"),
        }
    }
    // A server that speaks none, and one where the URL says none.
    let url = format!("https://{}/SECRETPATH", server.address);
    let (became, _) = Sinks::webhook(&url).deliver_one();
    assert!(matches!(&became, Delivered::Failed(_)), "{became:?}");
    let front = TlsFront::start(server.address, &certs.server, None);
    let url = format!("http://{}/SECRETPATH", front.address());
    let (became, _) = Sinks::webhook(&url).deliver_one();
    assert!(matches!(&became, Delivered::Failed(_)), "{became:?}");
    assert_eq!(server.heard().len(), 1);
}

#[test]
fn a_sink_that_is_down_costs_no_other_and_is_left_alone() {
    let (down, up) =
        (SinkServer::start(&[Reaction::Status(500)]), SinkServer::start(&[Reaction::Status(200)]));
    let config = "webhook: {url: SECRET, format: slack}";
    let sinks = Sinks::new(&[(config, &down.url()), (config, &up.url())]);
    let notices = [test_notice(now()), test_notice(now())];
    let (done, waits) = sinks.deliver(&notices, 0);
    let why = failed("it answered 500");
    let sent = Delivered::Sent(200);
    assert_eq!(done, [why.clone(), Delivered::Untried, sent.clone(), sent]);
    assert_eq!((down.heard().len(), up.heard().len(), waits), (3, 2, seconds(&[1, 5])));
    // What an earlier run has tried is tried once.
    let (done, waits) = sinks.deliver(&notices[..1], 1);
    assert_eq!((done.first(), waits), (Some(&why), seconds(&[])));
    assert_eq!(down.heard().len(), 4);
}

#[test]
fn what_a_secret_lacks_is_told_and_not_tried_again() {
    for (secret, wanted) in [
        ("", "is empty"),
        ("not a url", "is not a URL"),
        ("ftp://host/SECRETPATH", "neither http:// nor https://"),
        ("https://user:SECRETPATH@host/", "a user name or password"),
    ] {
        let (became, waits) = Sinks::webhook(secret).deliver_one();
        let Delivered::Failed(why) = became else { panic!("{became:?}") };
        assert!(why.contains(wanted) && !why.contains("SECRETPATH"), "{why}");
        assert!(waits.is_empty(), "{waits:?}");
    }
    let sinks = Sinks::webhook("http://127.0.0.1:1/");
    std::fs::remove_file(sinks.folder.path().join("s0")).unwrap();
    assert!(matches!(sinks.deliver_one().0, Delivered::Failed(why) if why.contains("s0")));
}

#[test]
fn a_text_is_never_too_long_for_a_sink() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let config = format!("datadog: {{url: \"http://{}\", key: SECRET}}", server.address);
    let url = server.url();
    let sinks = Sinks::new(&[
        ("webhook: {url: SECRET, format: slack}", &url),
        (&config, "key"),
        ("webhook: {url: SECRET, format: json}", &url),
    ]);
    let mut notice = test_notice(now());
    notice.title = "<&>".repeat(2_000);
    notice.lines = vec!["<!channel> @here %%% \"\\".repeat(500); 7];
    let (done, _) = sinks.deliver(&[notice], 0);
    assert_eq!(done.len(), 3);
    for heard in server.heard() {
        let text = heard.text();
        assert!(text.chars().count() < 3_000, "{}", text.chars().count());
        assert!(!text.contains("@here"), "{text}");
        let is_event = heard.head.contains("/api/v1/events");
        assert!(!is_event || !text.contains("%%%"), "{text}");
    }
}
