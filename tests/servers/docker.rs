//! The Docker Engine of `tests/run.sh`, live. What runs there is listed in
//! `tests/support/docker.sh`; what must be read of it is asked of Docker's own client.

use serde_json::{Value, json};

use crate::profiles::{Ended, Profiles, Report, envparity, list, text};
use crate::support::docker;
use crate::support::hostile::{Behaviour, Hostile};

fn unix() -> String {
    format!("unix://{}", docker::socket().display())
}

fn tcp() -> String {
    format!("tcp://{}", docker::tcp())
}

/// An environment with this engine, without the containers that other tests make.
fn engine(host: &str) -> Value {
    let exclude = json!({"projects": ["sandbox-*"]});
    json!({"targets": {"docker": [{"name": "edge", "host": host, "exclude": exclude}]}})
}

/// One environment, seen live.
fn live(host: &str) -> Report {
    let report = Profiles::new(&[("production", engine(host))]).audit().report(0);
    assert!(report.is_read("production", "docker/edge"), "{report}");
    report
}

/// Evidence of the engine, as other programs read it.
fn evidence() -> Value {
    let ended = Profiles::new(&[("production", engine(&unix()))])
        .run(&["collect", "production", "--to", "-"]);
    ended.expect(0);
    serde_yaml::from_str(&ended.stdout).unwrap_or_else(|error| panic!("no YAML: {error}\n{ended}"))
}

/// The image that a container runs, as the evidence has it.
fn image<'a>(evidence: &'a Value, container: &str) -> &'a Value {
    let images = list(&evidence["targets"][0]["images"]);
    let found = images.into_iter().find(|image| image["container"] == container);
    found.unwrap_or_else(|| panic!("no container {container}: {evidence:#}"))
}

#[test]
fn engine_and_host_are_read_over_a_socket_and_over_tcp() {
    let component = |name: &str| {
        let format = format!(
            "{{{{range .Server.Components}}}}{{{{if eq .Name \"{name}\"}}}}{{{{.Version}}}}{{{{end}}}}{{{{end}}}}"
        );
        docker::client(&["version", "--format", &format])
    };
    let info = |field: &str| docker::client(&["info", "--format", &format!("{{{{.{field}}}}}")]);
    let facts = [
        (
            "docker/engine",
            "docker",
            docker::client(&["version", "--format", "{{.Server.Version}}"]),
        ),
        ("docker/containerd", "-", component("containerd")),
        ("docker/runc", "-", component("runc")),
        ("host/kernel", "-", info("KernelVersion")),
        ("host/os", "-", info("OperatingSystem")),
    ];
    for host in [unix(), tcp()] {
        let report = live(&host);
        for (name, product, version) in &facts {
            assert!(!version.is_empty(), "the client says nothing of {name}");
            let expected = [format!("{product} {version} program ×1")];
            assert_eq!(report.readings(name, "production"), expected, "{host} {name}");
        }
    }
}

#[test]
fn images_are_grouped_by_family_and_only_what_runs_counts() {
    let report = live(&unix());
    // redis: one running, one paused
    for (component, readings) in [
        ("image/redis", vec!["redis 7.2.4 tag ×2"]),
        ("image/postgresql", vec!["postgresql 16.4-alpine3.20 tag ×1"]),
        ("image/nginx", vec!["nginx 1.27.3 label ×1"]),
    ] {
        assert_eq!(report.readings(component, "production"), readings, "{component}");
    }
    // redis:6.0.20 has exited
    assert_eq!(report.cell("image/redis", "production")["not-running"], json!({"exited": 1}));
    let images: Vec<&str> =
        report.components().into_iter().filter(|name| name.starts_with("image/")).collect();
    assert_eq!(
        images,
        ["image/nginx", "image/postgresql", "image/redis", "image/team/timemachine"]
    );
}

#[test]
fn a_floating_tag_is_told_although_a_label_says_the_version() {
    let report = live(&unix());
    let [finding] = report.findings("floating-tag")[..] else {
        panic!("not one finding: {report}")
    };
    assert_eq!(
        (&finding["component"], &finding["severity"]),
        (&json!("image/nginx"), &json!("medium"))
    );
    assert!(text(&finding["summary"]).contains("latest"), "{finding:#}");
}

#[test]
fn a_container_whose_tag_moved_on_is_named_by_its_digest() {
    let registry = docker::registry();
    let newer = format!(
        "{registry}/team/timemachine@{}",
        docker::registry_digest("team/timemachine", "v22")
    );
    let id = docker::client(&["inspect", "--format", "{{.Image}}", "timemachine-timemachine-1"]);
    let older =
        docker::client(&["image", "inspect", "--format", "{{join .RepoDigests \" \"}}", &id]);
    assert_ne!(newer, older, "the tag has not moved");

    let evidence = evidence();
    for (service, digest) in [("worker", &newer), ("timemachine", &older)] {
        let image = image(&evidence, &format!("timemachine-{service}-1"));
        assert_eq!(image["repo-digests"], json!([digest]), "{service}: {image:#}");
        assert_eq!(
            (&image["namespace"], &image["workload"]),
            (&json!("timemachine"), &json!(service))
        );
    }
    // the one is known by its tag, the other by its repository only: both are instances of one
    // component
    let report = live(&unix());
    let instances = list(&report.cell("image/team/timemachine", "production")["readings"]);
    assert_eq!(
        instances.filter_map(|reading| reading["instances"].as_u64()).sum::<u64>(),
        2,
        "{report}"
    );
    let tagged = report.readings("image/team/timemachine", "production");
    assert!(tagged.contains(&"- v22 tag ×1".to_owned()), "{tagged:?}");
}

#[test]
fn digests_in_evidence_are_those_of_the_registry() {
    let evidence = evidence();
    // pushed images have digests, others have none
    for (container, pushed) in
        [("timemachine-worker-1", true), ("timemachine-timemachine-1", true), ("cache", false)]
    {
        let image = image(&evidence, container);
        let digests: Vec<&str> = list(&image["repo-digests"]).map(text).collect();
        assert_eq!(!digests.is_empty(), pushed, "{container}: {image:#}");
        for digest in digests {
            let (repository, digest) =
                digest.split_once('@').expect("a repository digest has an @");
            let repository = repository
                .strip_prefix(&format!("{}/", docker::registry()))
                .expect("it is our registry's");
            assert_eq!(docker::registry_digest(repository, digest), digest);
        }
        assert!(text(&image["image-id"]).starts_with("sha256:"), "{container}: {image:#}");
    }
    assert_eq!(image(&evidence, "web")["version-label"], "1.27.3");
    assert_eq!(image(&evidence, "sessions")["state"], "running", "paused containers run");
    assert_eq!(image(&evidence, "old-cache")["state"], "exited");
}

#[test]
fn excluded_projects_are_counted_and_not_compared() {
    let report = live(&unix());
    assert!(
        report["environments"][0]["left-out"].as_u64() >= Some(1),
        "{}",
        report["environments"]
    );
    let all = json!({"targets": {"docker": [{"name": "edge", "host": unix()}]}});
    let everything = Profiles::new(&[("production", all)]).audit().report(0);
    assert_eq!(everything["environments"][0]["left-out"], 0);
    let of_sandbox = "redis 7.4.0 tag ×1".to_owned();
    assert!(everything.readings("image/redis", "production").contains(&of_sandbox), "{everything}");
    assert!(!report.readings("image/redis", "production").contains(&of_sandbox), "{report}");
}

#[test]
fn one_engine_by_socket_and_by_tcp_is_a_shared_instance() {
    let report = Profiles::new(&[("qualif", engine(&unix())), ("production", engine(&tcp()))])
        .audit()
        .report(1);
    let [finding] = report.findings("shared-instance")[..] else {
        panic!("not one finding: {report}")
    };
    assert_eq!(finding["severity"], "critical");
    assert_eq!(finding["environments"], json!(["production", "qualif"]));
    assert_eq!(report.reasons("blocks").len(), 1, "{report}");
}

#[test]
fn evidence_read_back_gives_the_matrix_of_the_live_audit() {
    let profiles = Profiles::new(&[("production", engine(&unix()))]);
    profiles.collect("production", "evidence.txt").expect(0);
    let path = profiles.path("evidence.txt");
    let recorded = json!({"targets": {"recorded": [{"name": "night", "path": path}]}});
    let recorded = Profiles::new(&[("production", recorded)]).audit().report(0);
    let live = profiles.audit().report(0);
    assert_eq!(recorded["matrix"], live["matrix"]);
    assert_eq!(recorded["findings"], live["findings"]);
    assert_eq!(recorded.target("production", "docker/edge")["source"], "recorded");
    assert_eq!(live.target("production", "docker/edge")["source"], "live");
}

#[test]
fn a_diff_of_evidence_judges_only_whether_it_is_whole() {
    let gone = Hostile::start(Behaviour::Refuses);
    let profiles = Profiles::new(&[
        ("qualif", engine(&format!("tcp://{}", gone.address()))),
        ("production", engine(&unix())),
    ]);
    let collect = |environment: &str, file: &str| {
        profiles.collect(environment, file).expect(0);
        profiles.path(file).display().to_string()
    };
    let (first, second) = (collect("production", "first.txt"), collect("production", "second.txt"));
    let unread = collect("qualif", "unread.txt");
    let diff =
        |current: &str| -> Ended { envparity(["diff", &first, current, "-o", "json"]).run() };

    let whole = diff(&second).report(0);
    let other = list(&whole["matrix"])
        .flat_map(|row| list(&row["cells"]))
        .filter(|cell| !cell["level"].is_null());
    let differing: Vec<&Value> = other.filter(|cell| cell["level"] != "equal").collect();
    assert!(differing.is_empty(), "nothing has changed between the two: {differing:#?}");
    let incomplete = diff(&unread).report(3);
    assert!(
        incomplete.reasons("incomplete").iter().any(|reason| reason.contains("refused")),
        "{incomplete}"
    );
}
