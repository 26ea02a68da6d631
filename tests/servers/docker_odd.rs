//! What engines answer besides what is usual, and much of it: nothing of it costs what stands
//! beside it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::docker::answers_but;
use crate::profiles::{Profiles, Report, list};
use crate::support::cli::slowness::scaled;
use crate::support::hostile::{Behaviour, Hostile};

const MANY: usize = 2_000;

fn profiles(server: &Hostile) -> Profiles {
    let target = json!({"name": "edge", "host": format!("tcp://{}", server.address())});
    Profiles::new(&[("production", json!({"targets": {"docker": [target]}}))])
}

fn serve(path: &str, body: &str) -> Hostile {
    Hostile::start(Behaviour::HttpByPath(answers_but(path, 200, body)))
}

#[track_caller]
fn read(server: &Hostile) -> Report {
    let report = profiles(server).audit().any_report();
    assert!(report.is_read("production", "docker/edge"), "{report}");
    report
}

#[test]
fn null_is_an_empty_list() {
    let mut answers = answers_but("/containers/json", 200, "null");
    answers.retain(|(path, ..)| *path != "/info");
    answers.push(("/info", 200, r#"{"ID": "A", "ContainersRunning": 0}"#.to_owned()));
    let report = read(&Hostile::start(Behaviour::HttpByPath(answers)));
    assert!(!report.components().iter().any(|name| name.starts_with("image/")), "{report}");
    assert_eq!(report.cell("docker/engine", "production")["state"], "present");
    read(&serve("/images/json", "null"));
}

/// Between two requests somebody removed the container, and its image.
#[test]
fn a_container_whose_image_is_gone_is_known_by_its_reference() {
    let report = read(&serve("/images/json", "[]"));
    assert_eq!(report.cell("image/redis", "production")["state"], "present");
    assert!(
        report.readings("image/redis", "production").contains(&"redis 7.0.15 tag ×1".to_owned()),
        "{report}"
    );
}

/// Known by its ID alone, since another image has its tag now: it counts, and its version is not
/// known.
#[test]
fn an_image_without_tags_is_not_lost() {
    let id = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    let lists = |digests: Value| {
        let container = json!([{"Image": id, "ImageID": id, "Names": ["/a"], "State": "running", "Labels": null}]);
        let image = json!([{"Id": id, "RepoTags": null, "RepoDigests": digests, "Labels": null}])
            .to_string();
        let mut answers = answers_but("/containers/json", 200, &container.to_string());
        answers.retain(|(path, ..)| *path != "/images/json");
        answers.push(("/images/json", 200, image));
        Hostile::start(Behaviour::HttpByPath(answers))
    };
    for (digests, component) in [
        (
            json!([
                "registry.example/team/app@sha256:2222222222222222222222222222222222222222222222222222222222222222"
            ]),
            "team/app",
        ),
        (Value::Null, ""),
        (json!(["<none>@<none>"]), ""),
    ] {
        let report = read(&lists(digests.clone()));
        let images: Vec<&str> =
            report.components().into_iter().filter(|name| name.starts_with("image/")).collect();
        let [found] = images[..] else { panic!("{digests}: not one image: {images:?}") };
        assert!(found.contains(component), "{digests}: {found}");
        let readings = list(&report.cell(found, "production")["readings"]).count();
        assert_eq!(readings, 1, "{digests}: {report}");
    }
}

#[test]
fn podman_is_read_and_named() {
    let answers = [
        ("/version", include_str!("../fixtures/docker/podman/version.json")),
        ("/info", include_str!("../fixtures/docker/podman/info.json")),
        ("/containers/json", include_str!("../fixtures/docker/podman/containers.json")),
        ("/images/json", include_str!("../fixtures/docker/podman/images.json")),
    ];
    let answers = answers.map(|(path, body)| (path, 200, body.to_owned())).to_vec();
    let report = read(&Hostile::start(Behaviour::HttpByPath(answers)));
    assert_eq!(report.readings("docker/engine", "production"), ["podman 4.3.1 program ×1"]);
    assert_eq!(report.cell("image/redis", "production")["not-running"], json!({"created": 1}));
}

/// Time, and the most memory that was in use at once.
#[test]
fn two_thousand_containers_are_read_by_four_requests() {
    let recorded: Value =
        serde_json::from_str(include_str!("../fixtures/docker/containers.json")).expect("JSON");
    let images: Value =
        serde_json::from_str(include_str!("../fixtures/docker/images.json")).expect("JSON");
    let containers: Vec<Value> = (0..MANY)
        .map(|i| {
            let mut container = recorded[0].clone();
            container["State"] = json!("running");
            container["Names"] = json!([format!("/service-{i:04}-1")]);
            container["Image"] =
                json!(format!("registry.example/team/service-{:03}:1.{}.0", i / 4, i % 3));
            container["ImageID"] = json!(format!("sha256:{i:064x}"));
            container["Labels"]["com.docker.compose.service"] = json!(format!("service-{i:04}"));
            container
        })
        .collect();
    let images: Vec<Value> = (0..MANY)
        .map(|i| {
            let mut image = images[0].clone();
            image["Id"] = json!(format!("sha256:{i:064x}"));
            image["RepoDigests"] =
                json!([format!("registry.example/team/service-{:03}@sha256:{i:064x}", i / 4)]);
            image
        })
        .collect();
    let mut answers = answers_but("/containers/json", 200, &json!(containers).to_string());
    answers.retain(|(path, ..)| *path != "/images/json");
    answers.push(("/images/json", 200, json!(images).to_string()));
    let bytes: usize = answers.iter().map(|(_, _, body)| body.len()).sum();
    let server = Hostile::start(Behaviour::HttpByPath(answers));

    let (took, peak, report) = profiles(&server).measured();
    println!(
        "{MANY} containers, {} KiB of JSON: {took:.2?}, {} MiB at most",
        bytes >> 10,
        peak >> 10
    );
    assert!(report.is_read("production", "docker/edge"), "{}", report["environments"]);
    let instances: u64 = list(&report["matrix"])
        .flat_map(|row| list(&row["cells"]))
        .flat_map(|cell| list(&cell["readings"]))
        .filter_map(|reading| reading["instances"].as_u64())
        .sum();
    assert!(instances >= MANY as u64, "{instances}");
    assert_eq!(server.accepted(), 4);
    assert!(took < scaled(Duration::from_secs(10)) && peak < 256 * 1024, "{took:?}, {peak} KiB");
}
