//! Docker Compose on a laptop, and one server in production: two engines, each with one project.
//! The team has one question, and asks it in one line: `envparity audit dev production`.

use serde_json::{Value, json};

use crate::cluster::{fixture, sha256};
use crate::support::cli::Profiles;
use crate::support::hostile::{Behaviour, Hostile};
use crate::{check, compare, compare_screen, on_terminal, tells};

const AT: &str = "2026-11-22T21:00:00Z";
const TAKEN: &str = "2026-11-22T20:45:00Z";

/// Service of the compose file, image, and whether it was pulled and not built.
type Service = (&'static str, &'static str, bool);

#[rustfmt::skip]
const LAPTOP: &[Service] = &[
    ("proxy", "nginx:1.29-alpine", true),
    ("web", "ghcr.io/acme/shop-web:1.8.0", true),
    ("api", "shop-api", false),
    ("worker", "shop-worker", false),
    ("db", "postgres:17-alpine", true),
    ("redis", "redis:8.2-alpine", true),
    ("mail", "axllent/mailpit:v1.27", true),
];

#[rustfmt::skip]
const SERVER: &[Service] = &[
    ("proxy", "nginx:1.29-alpine", true),
    ("web", "ghcr.io/acme/shop-web:1.8.0", true),
    ("api", "ghcr.io/acme/shop-api:1.8.0", true),
    ("worker", "ghcr.io/acme/shop-worker:1.8.0", true),
    ("db", "postgres:16-alpine", true),
    ("redis", "redis:7.2-alpine", true),
    ("backup", "offen/docker-volume-backup:v2.43.4", true),
];

/// An engine that answers like a real one of that version, with these services running.
fn engine(name: &str, version: &str, os: &str, services: &[Service]) -> Hostile {
    let mut about = fixture("docker/version.json");
    about["Version"] = json!(version);
    let (containerd, runc) = ("v2.1.5", "1.3.3");
    for component in about["Components"].as_array_mut().expect("it has components") {
        let told = match component["Name"].as_str() {
            Some("Engine") => version,
            Some("containerd") => containerd,
            Some("runc") => runc,
            _ => continue,
        };
        component["Version"] = json!(told);
    }
    let mut info = fixture("docker/info.json");
    let identity = sha256(name).to_uppercase();
    (info["ID"], info["Name"]) = (json!(identity[..36]), json!(name));
    (info["ServerVersion"], info["OperatingSystem"]) = (json!(version), json!(os));
    (info["Containers"], info["ContainersRunning"]) =
        (json!(services.len()), json!(services.len()));
    (info["ContainersStopped"], info["Images"]) = (json!(0), json!(services.len()));
    (info["ContainerdCommit"], info["RuncCommit"]) =
        (json!({"ID": containerd}), json!({"ID": runc}));
    let running: Vec<Value> = services.iter().map(container).collect();
    let images: Vec<Value> = services.iter().map(image).collect();
    let answers = [
        ("/version", about),
        ("/info", info),
        ("/containers/json", json!(running)),
        ("/images/json", json!(images)),
    ];
    let answers = answers.map(|(path, body)| (path, 200, body.to_string()));
    Hostile::start(Behaviour::HttpByPath(answers.to_vec()))
}

fn image_id(image: &str) -> String {
    format!("sha256:{}", sha256(image))
}

fn container((service, image, _): &Service) -> Value {
    let mut container = fixture("docker/containers.json")[0].clone();
    let name = format!("shop-{service}-1");
    (container["Id"], container["Names"]) = (json!(sha256(&name)), json!([format!("/{name}")]));
    (container["Image"], container["ImageID"]) = (json!(image), json!(image_id(image)));
    (container["State"], container["Status"]) = (json!("running"), json!("Up 3 days"));
    container["Labels"] = json!({
        "com.docker.compose.project": "shop", "com.docker.compose.service": service,
        "com.docker.compose.container-number": "1", "com.docker.compose.oneoff": "False",
        "com.docker.compose.version": "2.40.3",
    });
    container
}

fn image((_, reference, was_pulled): &Service) -> Value {
    let mut image = fixture("docker/images.json")[0].clone();
    let (repository, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
    image["Id"] = json!(image_id(reference));
    image["RepoTags"] = json!([format!("{repository}:{tag}")]);
    image["RepoDigests"] = if *was_pulled {
        json!([format!("{repository}@sha256:{}", sha256(&format!("index of {reference}")))])
    } else {
        json!([])
    };
    image["Labels"] = Value::Null;
    image
}

struct Team {
    profiles: Profiles,
    _engines: [Hostile; 2],
}

/// Two profiles of a few lines each, and what names them.
fn team() -> Team {
    let laptop = engine("laptop", "28.5.1", "Docker Desktop", LAPTOP);
    let server = engine("shop-1", "28.3.3", "Debian GNU/Linux 13 (trixie)", SERVER);
    let docker = |name: &str, engine: &Hostile| {
        let host = format!("tcp://{}", engine.address());
        format!("targets:\n  docker:\n  - name: {name}\n    host: {host}\n")
    };
    let profiles = Profiles::of(&["dev", "production"]);
    profiles.environment("dev", &docker("laptop", &laptop));
    profiles.environment("production", &docker("server", &server));
    Team { profiles, _engines: [laptop, server] }
}

/// The same, as recorded at a time that does not move: what has ended by then stays what it is.
fn recorded() -> Profiles {
    let team = team();
    let recorded = |environment: &str| {
        let file = format!("{environment}.evidence");
        team.profiles.collect(environment, &file).expect(0);
        let mut evidence: Value =
            serde_yaml::from_str(&team.profiles.read(&file)).expect("evidence is YAML");
        evidence["taken"] = json!(TAKEN);
        evidence["targets"][0]["taken"] = json!(TAKEN);
        evidence.to_string()
    };
    let file = |path: &str| json!({"targets": {"recorded": [{"name": "collected", "path": path}]}});
    let profiles = Profiles::new(&[
        ("dev", file("evidence/dev.yaml")),
        ("production", file("evidence/production.yaml")),
    ]);
    std::fs::create_dir(profiles.path("evidence")).expect("a folder of ours");
    for environment in ["dev", "production"] {
        profiles.write(&format!("evidence/{environment}.yaml"), &recorded(environment));
    }
    profiles
}

#[test]
fn the_profiles_are_valid() {
    let checked = check(&team().profiles, &[]);
    compare("compose-check", &checked.stdout);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked}");
}

/// What must be told, whether the engines answer or their recordings do.
const TOLD: [&str; 5] = [
    "version-skew docker/engine dev 28.5.1 is a minor ahead of production 28.3.3",
    "version-skew image/postgresql dev 17-alpine is a major ahead of production 16-alpine",
    "version-skew image/redis dev 8.2-alpine is a major ahead of production 7.2-alpine",
    "COMPARED 9 of 12 components of production have a counterpart in dev",
    "NO-GO: 3 high (exit 1)",
];

#[test]
fn dev_against_production_in_one_line() {
    let ended = on_terminal(&recorded(), &["audit", "dev", "production", "--at", AT]);
    compare_screen("compose", &ended);
    assert_eq!(ended.code, Some(1), "{ended}");
    tells(&ended.stdout, &TOLD, &["INCOMPLETE", "partial"]);
}

#[test]
fn live_engines_are_told_as_their_recordings() {
    let ended = on_terminal(&team().profiles, &["audit", "dev", "production"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "{ended}");
    tells(&ended.stdout, &TOLD, &["INCOMPLETE", "partial"]);
}

/// Images that the laptop builds have no registry in their names. One line of the catalogue makes
/// one component of both.
#[test]
fn images_that_are_built_here_are_mapped_on_the_second_day() {
    let profiles = recorded();
    let mirrors = "kind: Catalogue\nmirrors: {ghcr.io/acme: docker.io/library}\n";
    profiles.config("catalogue.yaml", mirrors);
    let ended = on_terminal(&profiles, &["audit", "dev", "production", "--at", AT]);
    compare_screen("compose-mapped", &ended);
    assert_eq!(ended.code, Some(1), "{ended}");
    tells(
        &ended.stdout,
        &["COMPARED 11 of 12 components of production", "image/shop-api latest ? 1.8.0"],
        &["image/acme/shop-api"],
    );
}

#[test]
fn a_gate_that_nothing_was_read_of_is_incomplete() {
    let nothing = Hostile::start(Behaviour::Refuses);
    let host = format!("tcp://{}", nothing.address());
    let docker = |name| json!({"targets": {"docker": [{"name": name, "host": host}]}});
    let profiles = Profiles::new(&[("dev", docker("laptop")), ("production", docker("server"))]);
    let ended = on_terminal(&profiles, &["audit", "dev", "production"]);
    assert_eq!(ended.code, Some(3), "{ended}");
    tells(
        &ended.stdout,
        &[
            "dev 0 of 1 0 docker/laptop: connection refused",
            "help: check that the server runs and that host and port are right",
            "NEXT close 2 gaps (dev docker/laptop, production docker/server), or say required: false",
            "COMPARED 0 of 0 components of production have a counterpart in dev: none was \
             seen; not proven: 2 gaps",
            "INCOMPLETE: dev docker/laptop not read: connection refused",
        ],
        &["not judged: none", "GO:"],
    );
}
