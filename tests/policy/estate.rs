//! Two environments with what real servers answered, and the program run on them.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;

/// The time of the audits: the servers answered within the hour before.
pub(crate) const NOW: &str = "2026-11-22T21:00:00Z";

/// What is old is not what these tests are about.
pub(crate) const POLICY: &str = "kind: Policy\nrules:\n- {rule: end-of-life, severity: \"off\"}\n";

/// Profiles of qualif and prod with one recorded INFO each, and other files.
pub(crate) struct Estate(TempDir);

impl Estate {
    pub(crate) fn new(qualif: &str, prod: &str, more: &[(&str, &str)]) -> Self {
        let estate = Self(tempfile::tempdir().unwrap());
        estate.write("audit.yaml", "kind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\n");
        estate.environment("qualif", qualif);
        estate.environment("prod", prod);
        estate.write("policy.yaml", POLICY);
        more.iter().for_each(|(name, text)| estate.write(name, text));
        estate
    }

    /// What a real server answered, as if each environment had its own.
    pub(crate) fn environment(&self, name: &str, info: &str) {
        let source = format!("{}/tests/fixtures/redis/{info}.txt", env!("CARGO_MANIFEST_DIR"));
        let file = format!("{name}.txt");
        if let Ok(answer) = fs::read_to_string(source) {
            let own = answer.lines().map(|line| match line.split_once(':') {
                Some((key @ ("run_id" | "master_replid"), id)) => {
                    format!("{key}:{name}{}\r\n", &id[name.len()..])
                }
                _ => format!("{line}\r\n"),
            });
            fs::write(self.path(&file), own.collect::<String>()).unwrap();
        } else {
            let _ = fs::remove_file(self.path(&file));
        }
        let targets =
            format!("targets:\n  recorded:\n  - {{name: cache, path: {file}, taken: {NOW}}}\n");
        self.write(&format!("{name}.yaml"), &format!("kind: Environment\nname: {name}\n{targets}"));
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), format!("apiVersion: envparity/v1\n{text}")).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Code, standard output, standard error.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_envparity"));
        let command = command.args(arguments).args(["--profiles", self.0.path().to_str().unwrap()]);
        let output = command.env("NO_COLOR", "1").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    pub(crate) fn audit(&self, at: &str, more: &[&str]) -> (Option<i32>, serde_json::Value) {
        let mut arguments = vec!["audit", "--at", at, "-o", "json"];
        arguments.extend(more);
        let (code, stdout, stderr) = self.run(&arguments);
        (code, serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: {stderr}")))
    }

    pub(crate) fn report(&self, name: &str) -> String {
        let path = self.path(name).to_str().unwrap().to_owned();
        self.run(&["audit", "--at", NOW, "-o", &format!("yaml={path}")]);
        path
    }

    /// Waives the one finding of that rule.
    pub(crate) fn waive(&self, rule: &str, more: &[&str]) -> (Option<i32>, String, String) {
        let (_, report) = self.audit(NOW, &[]);
        let finding =
            report["findings"].as_array().unwrap().iter().find(|f| f["rule"] == rule).unwrap();
        let id = finding["id"].as_str().unwrap();
        let reason = [
            "--reason", "qualif moves first", "--owner", "platform", "--expires", "2026-12-31",
            "--at", NOW,
        ];
        let mut arguments = vec!["waiver", "add", id];
        arguments.extend(reason);
        arguments.extend(more);
        self.run(&arguments)
    }
}

/// The rules of a list of findings.
pub(crate) fn rules<'a>(report: &'a serde_json::Value, list: &str) -> Vec<&'a str> {
    report[list].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect()
}
