//! Two environments with what real servers answered, and the program run on them.

use std::fs;
use std::path::PathBuf;

use crate::cli::{Ended, Profiles, recorded_info};

/// The time of the audits: the servers answered within the hour before.
pub(crate) const NOW: &str = "2026-11-22T21:00:00Z";

/// What is old is not what these tests are about.
pub(crate) const POLICY: &str = "kind: Policy\nrules:\n- {rule: end-of-life, severity: \"off\"}\n";

/// Profiles of qualif and prod with one recorded INFO each, and other files.
pub(crate) struct Estate(Profiles);

impl Estate {
    pub(crate) fn new(qualif: &str, prod: &str, more: &[(&str, &str)]) -> Self {
        let estate = Self(Profiles::of(&["qualif", "prod"]));
        estate.environment("qualif", qualif);
        estate.environment("prod", prod);
        estate.write("policy.yaml", POLICY);
        more.iter().for_each(|(name, text)| estate.write(name, text));
        estate
    }

    /// What a real server answered, as if each environment had its own; nothing if `info` names no
    /// recorded answer.
    pub(crate) fn environment(&self, name: &str, info: &str) {
        let file = format!("{name}.txt");
        if let Ok(answer) = fs::read_to_string(recorded_info(info)) {
            let own = answer.lines().map(|line| match line.split_once(':') {
                Some((key @ ("run_id" | "master_replid"), id)) => {
                    format!("{key}:{name}{}\r\n", &id[name.len()..])
                }
                _ => format!("{line}\r\n"),
            });
            self.0.write(&file, &own.collect::<String>());
        } else {
            let _ = fs::remove_file(self.path(&file));
        }
        let targets =
            format!("targets:\n  recorded:\n  - {{name: cache, path: {file}, taken: {NOW}}}\n");
        self.0.environment(name, &targets);
    }

    /// A file of profiles: `kind: …` and what follows.
    pub(crate) fn write(&self, name: &str, text: &str) {
        self.0.config(name, text);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        self.0.read(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.0.run(arguments)
    }

    /// The exit code and the report of an audit at that time.
    pub(crate) fn audit(&self, at: &str, more: &[&str]) -> (Option<i32>, serde_json::Value) {
        let ended = self.run(&[&["audit", "--at", at, "-o", "json"], more].concat());
        (ended.code, ended.json())
    }

    pub(crate) fn report(&self, name: &str) -> String {
        let path = self.path(name).to_str().unwrap().to_owned();
        self.run(&["audit", "--at", NOW, "-o", &format!("yaml={path}")]);
        path
    }

    /// Waives the one finding of that rule.
    pub(crate) fn waive(&self, rule: &str, more: &[&str]) -> Ended {
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
