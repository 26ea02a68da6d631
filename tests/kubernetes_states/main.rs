//! What changes from minute to minute in a cluster turns no verdict: workloads are walked through
//! every state that they pass, and the verdict turns only where versions do. Then samples of
//! clusters as people pasted them, by the name of their files in `cases/data/`.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

mod gaps;
mod lists;
mod news;
mod nodes;
mod objects;
mod samples;
mod walks;

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const AT: &str = "2026-11-22T21:00:00Z";
const TAKEN: &str = "2026-11-22T20:50:00Z";

/// Profiles of two environments with a recorded cluster each; production is the baseline.
struct Estate(TempDir);

impl Estate {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let head = "apiVersion: envparity/v1\nkind: ";
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let audit = "Audit\nbaseline: prod\nenvironments: [qualif, prod]\n";
        write("audit.yaml", &format!("{head}{audit}"));
        for environment in ["qualif", "prod"] {
            let text = format!(
                "{head}Environment\nname: {environment}\ntargets:\n  recorded:\n  \
                 - {{name: k, path: {environment}.json, taken: \"{TAKEN}\"}}\n"
            );
            write(&format!("{environment}.yaml"), &text);
        }
        Self(folder)
    }

    fn record(&self, environment: &str, text: &str) {
        fs::write(self.0.path().join(format!("{environment}.json")), text).unwrap();
    }

    /// The profile as it is where nobody says when a file was taken.
    fn without_taken(&self) {
        for environment in ["qualif", "prod"] {
            let path = self.0.path().join(format!("{environment}.yaml"));
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replace(&format!(", taken: \"{TAKEN}\""), "")).unwrap();
        }
    }

    fn run(&self, format: &str) -> String {
        self.run_with(format, &[])
    }

    fn run_with(&self, format: &str, more: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_envparity"))
            .args(["audit", "--at", AT, "-o", format, "--profiles"])
            .arg(self.0.path())
            .args(more)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    }

    fn audit(&self) -> Report {
        Report(serde_json::from_str(&self.run("json")).unwrap())
    }
}

struct Report(Value);

impl Report {
    fn verdict(&self) -> &str {
        self.0["verdict"]["is"].as_str().unwrap()
    }

    /// `rule component: summary` of all that was found.
    fn findings(&self) -> Vec<String> {
        let findings = self.0["findings"].as_array().unwrap().iter();
        let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
        findings
            .map(|f| {
                format!("{} {}: {}", text(f, "rule"), text(f, "component"), text(f, "summary"))
            })
            .collect()
    }

    fn has(&self, beginning: &str) -> bool {
        self.findings().iter().any(|finding| finding.starts_with(beginning))
    }

    fn shows(&self, text: &str) -> bool {
        self.0.to_string().contains(text)
    }
}
