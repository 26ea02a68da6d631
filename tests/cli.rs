//! The commands as a person calls them, without any server.

#[path = "support/cli.rs"]
mod cli;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use cli::{Ended, Profiles, envparity, make_fifo, recorded_info};

/// INFO of real servers was taken at 20:44:52 to 20:44:55 that day.
const NOW: &str = "2026-11-22T21:00:00Z";

/// Dev, qualif and prod, each with one recorded INFO (a name of a fixture, or a path), and `more`
/// YAML.
fn recorded_profiles(infos: [&str; 3], more: &str) -> Profiles {
    let environments = ["dev", "qualif", "prod"];
    let profiles = Profiles::of(&environments);
    for (environment, info) in environments.into_iter().zip(infos) {
        let path = if info.contains('/') { info.into() } else { recorded_info(info) };
        let target = format!("recorded:\n  - {{name: cache, path: \"{}\"}}\n", path.display());
        profiles.environment(environment, &format!("{more}\ntargets:\n  {target}"));
    }
    profiles
}

fn audit(profiles: &Profiles, more: &[&str]) -> Ended {
    profiles.run(&[&["audit", "--at", NOW], more].concat())
}

#[test]
fn products_that_differ_in_the_gate_are_a_no_go() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
    let ran = audit(&profiles, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains("qualif redis 6.2.5, prod valkey 8.0.1"), "{}", ran.stdout);
    assert!(ran.stdout.trim_end().ends_with("NO-GO: 1 high (exit 1)"), "{}", ran.stdout);
    assert_eq!(audit(&profiles, &["--report-only"]).code, Some(0));
    assert_eq!(audit(&profiles, &["--fail-on", "critical"]).code, Some(0));
}

#[test]
fn equal_environments_are_a_go_but_one_instance_in_two_is_not() {
    // Two fixtures of one product would have two run ids: here the same file stands in both.
    let profiles = recorded_profiles(["redis-7.0.15", "valkey-8.0.1", "valkey-8.0.1"], "");
    let ran = audit(&profiles, &["-o", "json"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("\"rule\": \"shared-instance\""), "{}", ran.stdout);
    // Another process, which replicates nobody.
    let apart = fs::read_to_string(recorded_info("valkey-8.0.1")).unwrap();
    let apart = apart.replace("run_id:1", "run_id:f").replace("master_replid:", "master_replid:f");
    let other = profiles.path("other.txt");
    fs::write(&other, apart).unwrap();
    let profiles = recorded_profiles(["redis-7.0.15", "valkey-8.0.1", other.to_str().unwrap()], "");
    let ran = audit(&profiles, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("\nGO: "), "{}", ran.stdout);
}

#[test]
fn what_was_not_read_is_old_or_from_the_future_is_incomplete() {
    for (info, at, said) in [
        ("/nowhere.txt", NOW, "the file cannot be read"),
        ("valkey-8.0.1", "2026-11-24T21:00:00Z", "older than 24h"),
        ("valkey-8.0.1", "2026-11-22T20:00:00Z", "more than 5 minutes ahead"),
    ] {
        let profiles = recorded_profiles(["redis-7.0.15", "valkey-8.1.1", info], "");
        let ran = profiles.run(&["audit", "--at", at, "--fail-on", "critical"]);
        assert_eq!(ran.code, Some(3), "{info}: {}", ran.stdout);
        assert!(
            ran.stdout.contains(said) && ran.stdout.contains("INCOMPLETE: "),
            "{info}: {}",
            ran.stdout
        );
        let strict = profiles.run(&["audit", "--at", at, "--fail-on", "low"]);
        let both = strict.code == Some(1) && strict.stdout.contains("NO-GO, and INCOMPLETE: ");
        assert!(both || info.starts_with('/'), "{info}: {}", strict.stdout);
    }
}

#[test]
fn the_same_inputs_and_time_give_the_same_bytes() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
    fs::create_dir(profiles.path("out")).unwrap();
    for name in ["a", "b"] {
        let yaml = format!("yaml={}/out/{name}.yaml", profiles.folder().display());
        let json = format!("json={}/out/{name}.json", profiles.folder().display());
        assert_eq!(audit(&profiles, &["-o", &yaml, "-o", &json, "-o", "table"]).code, Some(1));
    }
    let read = |name: &str| fs::read(profiles.path("out").join(name)).unwrap();
    assert_eq!(read("a.yaml"), read("b.yaml"));
    assert_eq!(read("a.json"), read("b.json"));
}

#[test]
fn a_report_that_cannot_be_written_costs_the_exit_code_and_not_the_others() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
    let ran = audit(&profiles, &["-o", "yaml=/nowhere/report.yaml", "-o", "table"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("failed to write /nowhere/report.yaml"), "{}", ran.stderr);
    assert!(ran.stdout.contains("FINDINGS"), "{}", ran.stdout);
    let reported = audit(&profiles, &["-o", "yaml=/nowhere/report.yaml", "--report-only"]);
    assert_eq!(reported.code, Some(2));
}

#[test]
fn a_partial_audit_says_so_and_has_the_baseline() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
    let ran = audit(&profiles, &["--env", "dev"]);
    assert!(ran.stdout.contains("partial: qualif left out by --env"), "{}", ran.stdout);
    assert!(ran.stdout.contains("valkey 8.0.1"), "{}", ran.stdout);
    let unknown = audit(&profiles, &["--env", "staging"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("known: dev, qualif, prod"), "{}", unknown.stderr);
}

#[test]
fn expected_components_must_be_seen() {
    let profiles = recorded_profiles(
        ["redis-7.0.15", "redis-7.0.15", "redis-7.0.15"],
        "expect: [redis/sessions]",
    );
    let ran = audit(&profiles, &["-o", "yaml", "--fail-on", "critical"]);
    assert!(
        ran.stdout.contains("prod redis/sessions is expected and was not seen"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_literal_secret_is_refused_and_never_shown() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
    for (name, target) in [
        ("key", "  - name: x\n    url: redis://host\n    password: hunter2secret\n"),
        ("typo", "  - {name: x, url: \"redis://host\", pasword: hunter2secret}\n"),
        ("url", "  - {name: x, url: \"redis://u:hunter2secret@host\"}\n"),
        ("shape", "  - {name: x, url: \"redis://host\", password: [hunter2secret]}\n"),
        ("block", "  - name: x\n    url: redis://host\n    password: |\n      hunter2secret\n"),
    ] {
        let text = format!(
            "apiVersion: envparity/v1\nkind: Environment\nname: dev\ntargets:\n  redis:\n{target}"
        );
        fs::write(profiles.path("dev.yaml"), text).unwrap();
        let ran = audit(&profiles, &["-vvv"]);
        assert_eq!(ran.code, Some(2), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains("dev.yaml:"), "{name}: {}", ran.stderr);
        assert!(
            !ran.stderr.contains("hunter2secret") && !ran.stdout.contains("hunter2secret"),
            "{name}: {}",
            ran.stderr
        );
    }
}

#[test]
fn all_problems_of_all_files_are_told_at_once() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "expcet: []");
    fs::write(
        profiles.path("policy.yaml"),
        "apiVersion: envparity/v1\nkind: Policy\nrules:\n- {rule: nope, severity: low}\n",
    )
    .unwrap();
    let ran = audit(&profiles, &[]);
    assert_eq!(ran.code, Some(2));
    for said in [
        "dev.yaml:4:1", "qualif.yaml:4:1", "prod.yaml:4:1", "expcet", "policy.yaml:4:10",
        "unknown rule \"nope\"", "4 problems",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

#[test]
fn evidence_of_another_environment_is_an_outcome_of_its_target() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
    let to = profiles.path("evidence.txt");
    let collected = profiles.run(&["collect", "dev", "--to", to.to_str().unwrap()]);
    assert_eq!(collected.code, Some(0), "{}", collected.stderr);
    let dev = profiles.read("dev.yaml");
    let moved = dev
        .replace("name: dev", "name: qualif")
        .replace(recorded_info("redis-7.0.15").to_str().unwrap(), "evidence.txt");
    fs::write(profiles.path("qualif.yaml"), moved).unwrap();
    let ran = audit(&profiles, &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert!(ran.stdout.contains("was collected from dev, not from qualif"), "{}", ran.stdout);
}

#[test]
fn diff_judges_coverage_only() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "/nowhere.txt"], "");
    let collect = |environment: &str| {
        let to = profiles.path(&format!("{environment}.evidence"));
        assert_eq!(
            profiles.run(&["collect", environment, "--to", to.to_str().unwrap()]).code,
            Some(0)
        );
        to.to_str().unwrap().to_owned()
    };
    let (dev, qualif, prod) = (collect("dev"), collect("qualif"), collect("prod"));
    let ran = envparity(["diff", &dev, &qualif]).run();
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("6.2.5 ▼") && ran.stdout.contains("COMPLETE: "), "{}", ran.stdout);
    // What changed is told, settings too, and judges nothing.
    assert!(ran.stdout.contains("version-skew"), "{}", ran.stdout);
    assert_eq!(envparity(["diff", &dev, &prod]).run().code, Some(3));
    assert_eq!(envparity(["diff", &dev, &dev]).run().code, Some(0));
    let broken = envparity(["diff", &dev, recorded_info("redis-6.2.5").to_str().unwrap()]).run();
    assert_eq!(broken.code, Some(2));
    assert!(broken.stderr.contains("not an evidence file"), "{}", broken.stderr);
}

#[test]
fn usage_errors_are_2_and_help_is_0() {
    for (arguments, code) in [
        (&["--help"][..], 0),
        (&["audit", "--help"][..], 0),
        (&["--version"][..], 0),
        (&[][..], 2),
        (&["audit", "-o", "pdf"][..], 2),
        (&["audit", "--deadline", "soon"][..], 2),
        (&["audit", "-o", "yaml", "-o", "json"][..], 2),
        (&["explain", "nope"][..], 2),
        (&["explain", "version-skew"][..], 0),
        (&["explain"][..], 0),
        (&["schema", "report"][..], 0),
        (&["-v", "explain"][..], 0),
        (&["explain", "-vv"][..], 0),
    ] {
        assert_eq!(envparity(arguments).run().code, Some(code), "{arguments:?}");
    }
}

#[test]
fn the_worked_examples_are_in_order() {
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let ran = envparity(["check-profiles", "--profiles", profiles.to_str().unwrap()]).run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("gate qualif -> ovh-production"), "{}", ran.stdout);
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
    let hostile = profiles.path("hostile.txt");
    fs::write(&hostile, "redis_version:7.0.1\u{1b}[2J\u{202e}x\nrun_id:\u{7}1\nmaxmemory_policy:\u{9b}31m\nmodule:name=\u{1b}]0;x,ver=1\n").unwrap();
    let text = profiles.read("qualif.yaml");
    fs::write(
        profiles.path("qualif.yaml"),
        text.replace(recorded_info("redis-6.2.5").to_str().unwrap(), "hostile.txt"),
    )
    .unwrap();
    for format in ["table", "yaml", "json"] {
        let ran = audit(&profiles, &["-v", "-o", format]);
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        let found: Vec<char> = ran.stdout.chars().filter(|c| harmful(*c)).collect();
        assert_eq!(found, Vec::<char>::new(), "{format}: {}", ran.stdout);
    }
}

/// What people may write where a secret goes: name and text, below `redis:` unless it is a file.
const SECRETS: &[(&str, &str)] = include!("fixtures/secrets.rs");

#[test]
fn no_trick_of_writing_shows_a_secret() {
    let head = "apiVersion: envparity/v1\nkind: Environment\nname: prod\ntargets:\n  redis:\n";
    for (name, text) in SECRETS {
        let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
        let whole =
            if text.contains("apiVersion") { (*text).to_owned() } else { format!("{head}{text}") };
        fs::write(profiles.path("prod.yaml"), whole).unwrap();
        let ran = profiles.run(&["check-profiles", "-vvv"]);
        assert!(
            !format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"),
            "{name}: {}",
            ran.stderr
        );
        assert_eq!(ran.code, Some(2), "{name}: {}", ran.stdout);
    }
}

#[test]
fn a_password_of_nothing_is_a_problem() {
    let head = "apiVersion: envparity/v1\nkind: Environment\nname: prod\ntargets:\n  redis:\n";
    for password in ["", " ~", " null", " !hunter2", " ''"] {
        let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
        let text = format!("{head}  - name: cache\n    url: redis://h\n    password:{password}\n");
        fs::write(profiles.path("prod.yaml"), text).unwrap();
        let ran = profiles.run(&["check-profiles"]);
        assert_eq!(ran.code, Some(2), "{password}: {}", ran.stdout);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_a_problem_and_never_waited_for() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-6.2.5", "valkey-8.0.1"], "");
    std::os::unix::fs::symlink("/nowhere", profiles.path("a.yaml")).unwrap();
    fs::create_dir(profiles.path("b.yaml")).unwrap();
    make_fifo(&profiles.path("c.yaml"));
    let ran = profiles.run(&["check-profiles"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ["a.yaml", "b.yaml", "c.yaml"].iter().all(|name| ran.stderr.contains(name)),
        "{}",
        ran.stderr
    );
}

#[test]
fn version_reads_as_a_product_does_and_names_what_is_near() {
    let level = |arguments: &[&str]| {
        let ran = envparity([&["version", "compare", "-o", "json"], arguments].concat()).run();
        let row: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        row["level"].as_str().unwrap_or(&ran.stderr).to_owned()
    };
    assert_eq!(level(&["16.1", "16.2"]), "minor");
    assert_eq!(level(&["16.1", "16.2", "--product", "postgres"]), "patch");
    assert_eq!(
        level(&["16", "16.2", "--product", "postgres", "--scheme", "tag"]),
        "within-precision"
    );
    assert_eq!(level(&["10.4.1-security-01", "10.4.1", "--product", "grafana"]), "build");
    let parsed = envparity(["version", "parse", "--product", "redis", "7.2.4-debian-12-r9"]).run();
    assert!(
        parsed.stdout.contains("variant       debian-12")
            && parsed.stdout.contains("packaging     r9")
    );
    let wrong = envparity(["version", "parse", "--product", "postgress", "16.1"]).run();
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("did you mean postgresql, postgres"), "{}", wrong.stderr);
}

#[test]
fn the_catalogue_counts_in_version_and_in_diff() {
    let profiles = recorded_profiles(["redis-8.0.2", "redis-8.0.6", "redis-8.0.6"], "");
    let path = profiles.folder().to_str().unwrap();
    let catalogue = "apiVersion: envparity/v1\nkind: Catalogue\n\
                     products:\n- {name: redis, levels: [major, minor, build], info-version: redis_version}\n";
    fs::write(profiles.path("catalogue.yaml"), catalogue).unwrap();
    let ran = envparity([
        "version", "compare", "8.0.2", "8.0.6", "--product", "redis", "--profiles", path,
    ])
    .run();
    assert!(ran.stdout.contains("is below 8.0.6: build"), "{}{}", ran.stdout, ran.stderr);
    fs::create_dir(profiles.path("taken")).unwrap();
    let taken = |name: &str| format!("{path}/taken/{name}.yaml");
    for name in ["dev", "qualif"] {
        let ran = profiles.run(&["collect", name, "--to", &taken(name)]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let diff = |more: &[&str]| {
        envparity([&["diff", &taken("dev"), &taken("qualif")], more].concat()).run().stdout
    };
    assert!(diff(&[]).contains("a patch ahead"), "{}", diff(&[]));
    assert!(
        diff(&["--profiles", path]).contains("a build ahead"),
        "{}",
        diff(&["--profiles", path])
    );
    fs::write(
        profiles.path("catalogue.yaml"),
        catalogue.replace("build]", "pach], tag: ['(?<major>\\d+']"),
    )
    .unwrap();
    let ran = profiles.run(&["diff", &taken("dev"), &taken("qualif")]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("\"pach\" is nothing that a number can mean"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the regular expression is invalid: unclosed group"),
        "{}",
        ran.stderr
    );
}

#[test]
fn collect_overwrites_evidence_and_nothing_else() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-7.0.15", "redis-7.0.15"], "");
    let to = |name: &str| {
        let file = profiles.path(name);
        profiles.run(&["collect", "dev", "--to", file.to_str().unwrap()])
    };
    let (profile, before) =
        (profiles.path("audit.yaml"), fs::read(profiles.path("audit.yaml")).unwrap());
    let refused = to("audit.yaml");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("not an evidence file"), "{}", refused.stderr);
    assert_eq!(fs::read(profile).unwrap(), before);
    fs::create_dir(profiles.path("evidence")).unwrap();
    assert_eq!(to("evidence/dev.yaml").code, Some(0));
    // Who may read a file stays as it was.
    let written = profiles.path("evidence/dev.yaml");
    fs::set_permissions(&written, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(to("evidence/dev.yaml").code, Some(0));
    assert_eq!(fs::metadata(&written).unwrap().permissions().mode() & 0o777, 0o600);
}

/// What git prints; nobody's settings count.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let ran = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .output()
        .expect("git starts");
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

#[test]
fn the_report_names_the_commit_of_a_worktree() {
    let profiles = recorded_profiles(["redis-7.0.15", "redis-7.0.15", "redis-7.0.15"], "");
    let main = profiles.folder();
    git(main, &["init", "-q", "-b", "main"]);
    git(main, &["add", "."]);
    git(main, &["commit", "-q", "-m", "one"]);
    let around = tempfile::tempdir().unwrap();
    let tree = around.path().join("tree");
    git(main, &["worktree", "add", "-q", "-b", "other", tree.to_str().unwrap()]);
    git(&tree, &["commit", "-q", "--allow-empty", "-m", "two"]);
    let commit = |folder: &Path| {
        let ran = envparity(["audit", "--at", NOW, "-o", "json"]).profiles(folder).run();
        assert_ne!(ran.code, Some(2), "{}", ran.stderr);
        ran.json()["run"]["commit"].as_str().map(str::to_owned)
    };
    let head = |folder: &Path| Some(git(folder, &["rev-parse", "HEAD"]));
    assert_ne!(head(&tree), head(main));
    assert_eq!((commit(&tree), commit(main)), (head(&tree), head(main)));
    git(&tree, &["pack-refs", "--all"]);
    assert_eq!(commit(&tree), head(&tree));
    git(&tree, &["checkout", "-q", "--detach", "HEAD~1"]);
    assert_eq!(commit(&tree), head(&tree));
    fs::write(tree.join(".git"), "gitdir: nowhere\n").unwrap();
    assert_eq!(commit(&tree), None);
}

/// A password in an address is refused wherever it stands, and never shown.
#[test]
fn no_address_holds_a_password() {
    for target in [
        "docker: [{name: a, host: \"tcp://h:2375?password=hunter2x\"}]",
        "docker: [{name: a, host: \"tcp://h:2375#hunter2x\"}]",
        "docker: [{name: a, host: \"tcp://h:2375/hunter2x\"}]",
        "docker: [{name: a, host: \"tcp://u:hunter2x@h:2375\"}]",
        "docker: [{name: a, host: \"unix:///run/docker.sock?token=hunter2x\"}]",
        "docker: [{name: a, host: \"ssh://h?password=hunter2x\"}]",
        "redis: [{name: a, url: \"redis://h#hunter2x\"}]",
        "redis: [{name: a, url: \"redis://h?password=hunter2x\"}]",
        "redis: [{name: a, nodes: [\"redis://h#hunter2x\"]}]",
        "http: [{name: a, url: \"http://h/?access_token=hunter2x\", pointer: /v}]",
        "http: [{name: a, url: \"http://h/#hunter2x\", pointer: /v}]",
        "kubernetes: [{name: a, proxy: \"http://h:3128?password=hunter2x\"}]",
        "kubernetes: [{name: a, proxy: \"http://h:3128/hunter2x\"}]",
        "kubernetes: [{name: a, proxy: \"http://u:hunter2x@h:3128\"}]",
    ] {
        let profiles = Profiles::of(&["prod"]);
        profiles.environment("prod", &format!("targets:\n  {target}\n"));
        for command in ["check-profiles", "audit"] {
            let ended = profiles.run(&[command]);
            assert_eq!(ended.code, Some(2), "{target}: {ended}");
            assert!(ended.stderr.contains("prod.yaml:5:"), "{target}: {ended}");
            assert!(!ended.says("hunter2x"), "{target}: {ended}");
        }
    }
}
