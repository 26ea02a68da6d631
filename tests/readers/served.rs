//! A real `serve`, read by those who will read it: a browser, promtool, the check of the Datadog agent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::cli::repository;
use crate::cli::slowness::scaled;
use crate::common::python;
use crate::metrics::promtool;

struct Serve {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One over the evidence of the quickstart, with an audit each minute.
fn serve() -> Serve {
    let folder = TempDir::new().unwrap();
    let profiles = folder.path().join("profiles");
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(repository("examples/quickstart")).arg(&profiles);
    assert!(copy.status().unwrap().success());
    let audit = std::fs::read_to_string(profiles.join("audit.yaml")).unwrap();
    let history = folder.path().join("history.db");
    let more = format!(
        "{audit}\nhistory: {{path: {}}}\nschedule: [{{id: minutely, audit: \"* * * * *\"}}]\n",
        history.display()
    );
    std::fs::write(profiles.join("audit.yaml"), more).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_envparity"))
        .args(["serve", "--listen", "127.0.0.1:0", "--profiles"])
        .arg(&profiles)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let streams: [Box<dyn std::io::Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    let (sender, lines) = std::sync::mpsc::channel();
    for stream in streams {
        let sender = sender.clone();
        std::thread::spawn(move || {
            // Read to its end, so that nothing that it says blocks it.
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
    }
    let address = loop {
        let line = lines.recv_timeout(scaled(Duration::from_secs(20))).expect("its address");
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.trim_end_matches('/').to_owned();
        }
    };
    Serve { child, address, _folder: folder }
}

impl Serve {
    /// The body of a page that is there.
    #[track_caller]
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        body.to_owned()
    }
}

#[test]
fn a_browser_promtool_and_the_agent_read_what_a_real_serve_answers() {
    let serve = serve();
    // Before the first audit no verdict is told.
    assert_eq!(promtool(&serve.get("/metrics")), (true, String::new()));
    let end = Instant::now() + scaled(Duration::from_secs(100));
    while !serve.get("/metrics").contains("envparity_verdict{") {
        assert!(Instant::now() < end, "no audit in its minute");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(promtool(&serve.get("/metrics")), (true, String::new()));

    let conf = repository("examples/datadog/conf.d/openmetrics.d/conf.yaml");
    let conf = std::fs::read_to_string(conf).unwrap();
    let read = python("datadog.py", &[&format!("http://{}/metrics", serve.address)], &conf);
    let metrics = read["metrics"].as_array().unwrap();
    let is_told = |name: &str, tag: &str| {
        let has_tag = |one: &Value| one["tags"].as_array().unwrap().iter().any(|own| own == tag);
        metrics.iter().any(|one| one["name"] == name && one["value"] == 1.0 && has_tag(one))
    };
    assert!(
        is_told("envparity.verdict", "is:no-go") || is_told("envparity.verdict", "is:incomplete")
    );
    assert!(is_told("envparity.leader", "team:platform"), "{read}");

    // As it is served: with the policies of its header and of its head.
    let mut browser = Browser::new();
    for (path, told) in
        [("/", "minutely"), ("/timeline", "redis/cache"), ("/report.html", "redis/cache")]
    {
        browser.resize(1400, 900);
        let url = format!("http://{}{path}", serve.address);
        browser.visit(&url);
        let text = browser.evaluate("document.body.textContent");
        assert!(text.as_str().unwrap().contains(told), "{path}: {told} is not in it");
        let styled = browser.evaluate("getComputedStyle(document.body).margin");
        assert_eq!(styled, "0px", "{path}: its own style is allowed");
        assert_eq!(browser.complaints(), Vec::<Value>::new(), "{path}");
    }
    let hrefs = "Array.from(document.querySelectorAll('a'), (one) => one.getAttribute('href'))";
    browser.visit(&format!("http://{}/", serve.address));
    let links = browser.evaluate(hrefs);
    for link in links.as_array().unwrap().iter().filter_map(Value::as_str) {
        if !link.starts_with('#') {
            serve.get(&format!("/{}", link.trim_start_matches("./")));
        }
    }
}
