//! The URL of a webhook and a key are told nowhere: not in output, logs, the history or an export.

use crate::support::cli::{Profiles, recorded_info};
use crate::support::sink::{Reaction, SinkServer};

#[test]
fn neither_url_nor_key_is_ever_printed_or_kept() {
    for reaction in [
        Reaction::Status(200),
        Reaction::Status(403),
        Reaction::Status(503),
        Reaction::Redirect("http://127.0.0.1:1/SECRETPATH".into()),
        Reaction::Garbage,
    ] {
        let server = SinkServer::start(std::slice::from_ref(&reaction));
        let profiles = Profiles::of(&["qualif", "prod"]);
        profiles.recorded("prod", &recorded_info("redis-7.0.15"));
        profiles.recorded("qualif", &recorded_info("redis-6.2.5"));
        profiles.write("url", &server.url());
        let audit = profiles.read("audit.yaml");
        let told = format!(
            "{audit}history: {{path: past.db}}\nnotify:\n- webhook: {{url: \"${{file:url}}\", \
             format: slack}}\n- datadog: {{url: \"http://{}\", key: \"${{env:DD}}\"}}\n",
            server.address
        );
        profiles.write("audit.yaml", &told);
        let variables = [("DD", "dd-SECRETKEY")];
        let mut said = Vec::new();
        for arguments in [
            &["-vvv", "audit", "--at", "2026-11-23T06:00:00Z"][..],
            &["-vvv", "audit", "-o", "json", "--at", "2026-11-23T07:00:00Z"],
            &["-vvv", "notify", "test"],
            &["-vvv", "check-profiles"],
            &["history", "export", "--to", "-"],
            &["history", "list"],
        ] {
            let ended = profiles.run_with(arguments, &variables);
            said.push(format!("{arguments:?} {ended}"));
        }
        assert!(server.heard().iter().any(|heard| heard.head.contains("SECRETPATH")));
        assert!(server.heard().iter().any(|heard| heard.head.contains("dd-SECRETKEY")));
        for text in &said {
            assert!(!text.contains("SECRET"), "{reaction:?}: {text}");
        }
        for file in std::fs::read_dir(profiles.folder()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(name == "url" || !text.contains("SECRET"), "{name}");
        }
    }
}

#[test]
fn an_output_does_not_replace_the_file_that_holds_the_url() {
    let profiles = Profiles::of(&["qualif", "prod"]);
    profiles.recorded("prod", &recorded_info("redis-7.0.15"));
    profiles.recorded("qualif", &recorded_info("redis-6.2.5"));
    profiles.write("url", "https://hooks.example/x");
    let audit = profiles.read("audit.yaml");
    let told = "notify:\n- webhook: {url: \"${file:url}\", format: json}\n";
    profiles.write("audit.yaml", &format!("{audit}{told}"));
    let output = format!("json={}", profiles.path("url").display());
    let ended = profiles.run(&["audit", "-o", &output]);
    assert!(ended.expect(2).stderr.contains("read by notify:"), "{ended}");
    assert_eq!(profiles.read("url"), "https://hooks.example/x");
}
