//! Presets of HTTP targets against real servers: Debian's Prometheus and nginx.

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::profiles::{Profiles, Report};
use crate::support::cli::slowness::{deadline, wait_until};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::listen;
use crate::support::prometheus::Running;

fn audit(target: &Value) -> Report {
    let environment =
        json!({"deadline": deadline(Duration::from_secs(10)), "targets": {"http": [target]}});
    Profiles::new(&[("production", environment)])
        .with_variable("ENVPARITY_PRESET_PASSWORD", "hunter2-hunter2")
        .audit()
        .any_report()
}

/// What a program prints of itself, behind these words.
fn version_of(program: &str, argument: &str, before: &str) -> String {
    let output = Command::new(program).arg(argument).output().expect("tests/run.sh installs it");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).expect("text");
    let (_, behind) = text.split_once(before).unwrap_or_else(|| panic!("{text}"));
    behind.split_whitespace().next().expect("a version").to_owned()
}

#[test]
fn a_real_prometheus_tells_its_version() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let config = folder.path().join("prometheus.yml");
    fs::write(&config, "scrape_configs: []\n").expect("our folder");
    let prometheus = Running::prometheus(&config, &folder.path().join("data"), &[]);
    let url = format!("http://127.0.0.1:{}", prometheus.port());
    let report = audit(&json!({"name": "metrics", "url": url, "preset": "prometheus"}));
    let version = version_of("prometheus", "--version", "prometheus, version ");
    let version = version.split('+').next().expect("a version").to_owned();
    let readings = report.readings("http/metrics", "production");
    let [reading] = &readings[..] else { panic!("{report}") };
    assert!(reading.starts_with(&format!("prometheus {version}")), "{reading}");
}

/// A server of its own, gone when dropped.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_real_nginx_tells_its_version_unless_it_hides_it() {
    let version = version_of("nginx", "-v", "nginx/");
    for (tokens, is_told) in [("on", true), ("off", false)] {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let at = folder.path().display();
        let (listener, address) = listen();
        drop(listener);
        let config = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/errors;\n\
             events {{}}\nhttp {{ access_log off; server_tokens {tokens};\n\
             client_body_temp_path {at}/a; proxy_temp_path {at}/b; fastcgi_temp_path {at}/c;\n\
             uwsgi_temp_path {at}/d; scgi_temp_path {at}/e;\n\
             server {{ listen {address}; location / {{ return 200 ok; }} }} }}\n"
        );
        let path = folder.path().join("nginx.conf");
        fs::write(&path, config).expect("our folder");
        let child = Command::new("nginx").arg("-c").arg(&path).stderr(Stdio::null()).spawn();
        let _nginx = Nginx(child.expect("tests/run.sh installs it"));
        wait_until("nginx listens", || TcpStream::connect(address).is_ok());
        let target = json!({"name": "edge", "url": format!("http://{address}"), "preset": "nginx"});
        let report = audit(&target);
        if is_told {
            let readings = report.readings("http/edge", "production");
            assert_eq!(readings, [format!("nginx {version} program ×1")], "{report}");
        } else {
            let [failure] = &report.failures("production", "http/edge")[..] else {
                panic!("{report}")
            };
            assert_eq!(failure["kind"], "protocol", "{failure}");
        }
    }
}

/// What is asked, and with which credentials; the answers are those of the manuals.
#[test]
fn a_preset_asks_one_path_with_basic_authentication() {
    let body = "{\"rabbitmq_version\": \"3.12.10\", \"product_name\": \"RabbitMQ\"}";
    let server =
        Hostile::start(Behaviour::HttpByPath(vec![("/api/overview", 200, body.to_owned())]));
    let url = format!("http://{}", server.address());
    let basic = json!({"username": "auditor", "password": "${env:ENVPARITY_PRESET_PASSWORD}"});
    let target = json!({"name": "broker", "url": url, "preset": "rabbitmq", "basic-auth": basic});
    let report = audit(&target);
    assert_eq!(report.readings("http/broker", "production"), ["rabbitmq 3.12.10 program ×1"]);
    assert!(!report.to_string().contains("hunter2"));
    assert!(server.received() > "Basic YXVkaXRvcjpodW50ZXIyLWh1bnRlcjI=".len() + 50);
}
