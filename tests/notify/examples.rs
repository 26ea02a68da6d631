//! The examples of docs/SCHEDULE.md: units that systemd takes, a CronJob, and profiles that load.

use std::path::Path;
use std::process::Command;

use envparity::wire::yaml::{self, Origin};
use serde_json::Value;

use crate::support::cli::{Profiles, recorded_info, repository};

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What systemd itself says of the units, with the program where it is built.
#[test]
fn systemd_takes_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_envparity");
    for name in ["envparity-audit.service", "envparity-audit.timer"] {
        let unit = read(&format!("examples/systemd/{name}"));
        let unit = unit.replace("/usr/local/bin/envparity", program);
        std::fs::write(folder.path().join(name), unit).unwrap();
    }
    let analyze = "/usr/bin/systemd-analyze";
    assert!(Path::new(analyze).exists(), "apt-get install systemd");
    let verified = Command::new(analyze)
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .args(["envparity-audit.service", "envparity-audit.timer"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let own: Vec<&str> = said.lines().filter(|line| line.contains("envparity-audit")).collect();
    assert!(verified.status.success() && own.is_empty(), "{said}");
}

/// Non-root, read-only, no overlap, no retries that would repeat an audit, secrets by reference.
#[test]
fn the_cron_job_is_as_its_guide_says() {
    let text = read("examples/kubernetes/cron-job.yaml");
    let documents: Vec<Value> = yaml::read_all(&text, Origin::Person).unwrap();
    let job = documents.iter().find(|one| one["kind"] == "CronJob").unwrap();
    let spec = &job["spec"];
    assert_eq!(spec["concurrencyPolicy"], "Forbid");
    assert!(spec["startingDeadlineSeconds"].as_i64().unwrap() <= 3_600);
    let job = &spec["jobTemplate"]["spec"];
    assert_eq!(job["backoffLimit"], 0);
    let pod = &job["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never");
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let container = &pod["containers"][0];
    let security = &container["securityContext"];
    assert_eq!(security["readOnlyRootFilesystem"], true);
    assert_eq!(security["allowPrivilegeEscalation"], false);
    assert_eq!(security["capabilities"]["drop"][0], "ALL");
    for variable in container["env"].as_array().unwrap() {
        assert!(variable["valueFrom"]["secretKeyRef"].is_object(), "{variable}");
    }
    assert!(container["resources"]["limits"]["memory"].is_string());
}

/// The keys that the guide writes into `audit.yaml`.
#[test]
fn profiles_of_the_guide_load() {
    let guide = read("docs/SCHEDULE.md");
    let (_, rest) = guide.split_once("```yaml\n# audit.yaml\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let profiles = Profiles::of(&["qualif", "ovh-production"]);
    for name in ["qualif", "ovh-production"] {
        profiles.recorded(name, &recorded_info("redis-7.0.15"));
    }
    profiles.config("release-v22.yaml", "kind: Release\nname: v22\n");
    let audit = profiles.read("audit.yaml");
    profiles.write("audit.yaml", &format!("{audit}{block}"));
    let ended = profiles.run(&["check-profiles"]);
    assert!(ended.expect(0).stdout.contains("schedule nightly"), "{ended}");
}
