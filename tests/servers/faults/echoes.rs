//! Servers that repeat the credential that they were sent: in errors, and as data.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::kubernetes::at;
use super::{Healthy, PASSWORD, PASSWORD_REFERENCE};
use crate::profiles::Profiles;
use crate::support::fault_table::{self, Row};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{ApiServer, Cluster, Fault as KubernetesFault, User, When};
use crate::support::redis::Binary;

/// All formats; a credential may stand in none of them.
const FORMATS: [&str; 9] =
    ["table", "yaml", "json", "html", "markdown", "junit", "sarif", "openmetrics", "csv"];

/// The credential as anyone who repeats it may spell it.
fn spellings() -> Vec<(&'static str, String)> {
    let bytes = || PASSWORD.bytes();
    vec![
        ("as it is", PASSWORD.to_owned()),
        ("in base64, with its user", STANDARD.encode(format!("auditor:{PASSWORD}"))),
        ("in base64, alone", STANDARD.encode(PASSWORD)),
        ("in base64, behind something", STANDARD.encode(format!("Basic {PASSWORD}"))),
        ("as in a URL", bytes().map(|byte| format!("%{byte:02X}")).collect()),
        ("as in JSON", bytes().map(|byte| format!("\\u{byte:04x}")).collect()),
        ("as in HTML", bytes().map(|byte| format!("&#{byte};")).collect()),
    ]
}

/// What no output may hold, whatever the spelling that was sent.
fn forbidden() -> Vec<String> {
    let mut all: Vec<String> = spellings().into_iter().map(|(_, text)| text).collect();
    // The inner part of any base64 of it, too.
    all.push(STANDARD.encode(&PASSWORD[..PASSWORD.len() / 3 * 3]));
    all
}

/// Everything that an audit and a collection write.
fn everything(profiles: &Profiles) -> String {
    let mut all = String::new();
    for format in FORMATS {
        let ended = profiles.run(&["audit", "-vvv", "-o", format]);
        all += &format!("{}\n{}\n", ended.stdout, ended.stderr);
    }
    let ended = profiles.run(&["collect", "production", "--to", "-"]);
    all + &ended.stdout + &ended.stderr
}

/// The audit of a target beside a healthy one: what it says of it, and that no output leaks.
#[track_caller]
fn told(healthy: &Healthy, name: String, collector: &str, target: Value) -> Row {
    let profiles = healthy.beside(collector, target);
    let written = everything(&profiles).to_lowercase();
    for text in forbidden() {
        assert!(!written.contains(&text.to_lowercase()), "{name}: {text} was written\n{written}");
    }
    assert!(!written.contains("panicked"), "{name}: {written}");
    let report = profiles.audit().any_report();
    let failures = report.failures("production", &format!("{collector}/sick"));
    let failure = failures.first().unwrap_or_else(|| panic!("{name}: nothing failed: {report}"));
    let of = |field: &str| failure[field].as_str().unwrap_or_default().to_owned();
    Row { name, kind: of("kind"), message: of("message"), advice: of("advice") }
}

/// INFO with the credential in everything that is shown of it.
fn info(said: &str) -> Vec<u8> {
    let text = format!(
        "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nos:Linux {said}\r\nrun_id:{said}\r\n\
         # Memory\r\nmaxmemory_policy:{said}\r\n# Replication\r\nrole:master\r\nmaster_replid:{said}\r\n\
         # Modules\r\nmodule:name={said},ver=20811,api=1\r\n# Commandstats\r\ncmdstat_{said}:calls=1,usec=1\r\n\
         # Keyspace\r\n"
    );
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

#[test]
fn what_a_server_repeats_of_a_credential_is_hidden_everywhere() {
    let healthy = Healthy::start(Binary::Redis70, Binary::Redis70);
    let hello = b"%1\r\n$5\r\nproto\r\n:3\r\n".to_vec();
    let mut rows = Vec::new();
    for (name, said) in spellings() {
        let server = Hostile::start(Behaviour::Script(vec![hello.clone(), info(&said)]));
        let url = format!("redis://{}", server.address());
        let target = json!({"url": url, "username": "auditor", "password": PASSWORD_REFERENCE});
        rows.push(told(
            &healthy,
            format!("Redis repeats the password as data, {name}"),
            "redis",
            target,
        ));

        let body = json!({"version": format!("1.2.3-{said}")}).to_string();
        let server = Hostile::start(Behaviour::HttpStatus(200, body));
        let url = format!("http://{}/", server.address());
        let target = json!({"url": url, "pointer": "/version", "token": PASSWORD_REFERENCE});
        rows.push(told(
            &healthy,
            format!("a service repeats the token as version, {name}"),
            "http",
            target,
        ));

        let body = json!({"kind": "Status", "message": format!("you said {said}")}).to_string();
        let server = Hostile::start(Behaviour::HttpStatus(500, body));
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
             clusters: [{{name: k, cluster: {{server: 'https://cluster.invalid', proxy-url: 'http://auditor:{PASSWORD}@{}'}}}}]\n\
             users: [{{name: u, user: {{token: {PASSWORD}}}}}]\n",
            server.address()
        );
        std::fs::write(&path, text).expect("write into a folder of ours");
        let target = json!({"kubeconfig": path});
        rows.push(told(
            &healthy,
            format!("a proxy repeats its password, {name}"),
            "kubernetes",
            target,
        ));
    }
    fault_table::check("echoes", &rows);
}

/// A user name and a password, straight to the cluster: what is sent is `base64(user:password)`.
#[test]
fn what_a_cluster_repeats_of_a_password_is_hidden_everywhere() {
    let healthy = Healthy::start(Binary::Redis70, Binary::Redis70);
    let basic = |fault: KubernetesFault| {
        let server = ApiServer::start(Cluster::recorded());
        server.accept_basic("auditor", PASSWORD);
        server.fault("/api", When::Always, fault);
        at(server, |own| own.user(User::Basic("auditor", PASSWORD)))
    };
    // The password is what lets it in.
    let (target, _alive) = basic(KubernetesFault::NullItems);
    let report = healthy.beside("kubernetes", target).audit().any_report().to_string();
    assert!(!report.contains("authentication"), "{report}");
    let mut rows = Vec::new();
    // All that servers may spell are those of the other test; these are what is sent itself.
    let sent = || format!("auditor:{PASSWORD}");
    let spelled = [
        ("in base64, with its user", STANDARD.encode(sent())),
        ("in base64 of a URL", URL_SAFE_NO_PAD.encode(sent())),
        ("as the header", format!("Authorization: Basic {}", STANDARD_NO_PAD.encode(sent()))),
    ];
    for (name, said) in spelled {
        let (target, _alive) = basic(KubernetesFault::Says(format!("you said {said}")));
        let name = format!("a cluster repeats the user's password, {name}");
        rows.push(told(&healthy, name.clone(), "kubernetes", target));
        let (target, _alive) = basic(KubernetesFault::SaysAsData(said));
        let written = everything(&healthy.beside("kubernetes", target)).to_lowercase();
        for text in forbidden() {
            let is_told = written.contains(&text.to_lowercase());
            assert!(!is_told, "{name}, as data: {text} was written\n{written}");
        }
    }
    fault_table::check("echoes-basic", &rows);
}
