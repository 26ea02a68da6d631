//! Engines as public reports describe them: what is read of each, and what the verdict makes of it.
//! The answers stand in `cases/data/samples`, or are built here.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::cli::{Ended, envparity, repository};
use support::hostile::{Behaviour, Hostile};

const PATHS: [&str; 4] = ["/version", "/info", "/containers/json", "/images/json"];

/// Answers by path; status 200.
fn serve(answers: &Value) -> Hostile {
    serve_text(PATHS.map(|path| (path, 200, answers[path].to_string())).to_vec())
}

fn serve_text(answers: Vec<(&'static str, u16, String)>) -> Hostile {
    Hostile::start(Behaviour::HttpByPath(answers))
}

/// An audit that wrote a report.
struct Ran {
    code: Option<i32>,
    stdout: String,
    report: Value,
}

/// An audit of qualif against prod; `select` are further keys of both targets, `catalogue` what
/// stands in that file behind its head.
fn audit(qualif: &Hostile, prod: &Hostile, select: &Value, catalogue: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let head = "apiVersion: envparity/v1\nkind: ";
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("audit.yaml", format!("{head}Audit\nbaseline: prod\nenvironments: [qualif, prod]\n"));
    // What has ended by now has nothing to do with these.
    write("policy.yaml", format!("{head}Policy\nrules: [{{rule: end-of-life, severity: off}}]\n"));
    if !catalogue.is_empty() {
        write("catalogue.yaml", format!("{head}Catalogue\n{catalogue}"));
    }
    for (name, server) in [("qualif", qualif), ("prod", prod)] {
        let mut target = json!({"name": "k", "host": format!("tcp://{}", server.address())});
        for (key, value) in select.as_object().into_iter().flatten() {
            target[key] = value.clone();
        }
        write(
            &format!("{name}.yaml"),
            format!("{head}Environment\nname: {name}\ntargets: {{docker: [{target}]}}\n"),
        );
    }
    run(folder.path())
}

fn run(folder: &Path) -> Ran {
    let output = folder.join("report.json");
    let json = format!("json={}", output.display());
    let ended = envparity(["audit", "-o", "table", "-o", &json]).profiles(folder).run();
    let report = fs::read(&output).unwrap_or_else(|_| panic!("{ended}"));
    let Ended { code, stdout, .. } = ended;
    Ran { code, stdout, report: serde_json::from_slice(&report).unwrap() }
}

impl Ran {
    fn findings(&self) -> Vec<(&str, &str, &str)> {
        let text = |finding: &'_ Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let all = self.report["findings"].as_array().unwrap();
        all.iter()
            .map(|f| {
                assert!(!text(f, "summary").is_empty());
                (
                    f["rule"].as_str().unwrap(),
                    f["component"].as_str().unwrap(),
                    f["severity"].as_str().unwrap(),
                )
            })
            .collect()
    }

    fn components(&self) -> Vec<&str> {
        let matrix = self.report["matrix"].as_array().unwrap();
        matrix.iter().map(|row| row["component"].as_str().unwrap()).collect()
    }

    /// The message of a part that was not read.
    fn gap(&self, environment: &str, part: &str) -> Option<String> {
        let environments = self.report["environments"].as_array().unwrap();
        let of = environments.iter().find(|e| e["name"] == environment).unwrap();
        let parts = of["targets"][0]["parts"].as_array().unwrap();
        let part = parts.iter().find(|p| p["part"] == part).unwrap();
        part["failure"]["message"].as_str().map(str::to_owned)
    }
}

fn data(name: &str) -> PathBuf {
    repository("tests/cases/data/samples").join(name)
}

fn case(name: &str) -> Ran {
    let read = |end: &str| fs::read(data(&format!("{name}.input-{end}"))).ok();
    let answers = |environment: &str| -> Value {
        serde_json::from_slice(&read(&format!("{environment}.docker.json")).unwrap()).unwrap()
    };
    let select = read("select.json").map_or(Value::Null, |s| serde_json::from_slice(&s).unwrap());
    audit(&serve(&answers("qualif")), &serve(&answers("prod")), &select, "")
}

/// Another one for each image.
fn image_id(i: usize, image: &str) -> String {
    let image = image.split('@').next().unwrap();
    let sum: usize = image.bytes().map(usize::from).sum();
    format!("sha256:{:064x}", sum * 100 + i)
}

/// A host of these containers (name, image, labels), all of them running.
fn host(id: &str, containers: &[(&str, &str, Value)]) -> Value {
    let of = |(i, (name, image, labels)): (usize, &(&str, &str, Value))| {
        json!({"Id": format!("{i}"), "Names": [format!("/{name}")], "Image": image,
               "ImageID": image_id(i, image), "State": "running", "Labels": labels})
    };
    json!({
        "/version": {"Version": "28.0.1", "ApiVersion": "1.48", "Components": [
            {"Name": "Engine", "Version": "28.0.1"}, {"Name": "containerd", "Version": "1.7.25"},
            {"Name": "runc", "Version": "1.2.4"}]},
        "/info": {"ID": id, "Name": "host", "KernelVersion": "6.1.0-18-amd64",
                  "OperatingSystem": "Debian GNU/Linux 12 (bookworm)", "Architecture": "x86_64"},
        "/containers/json": containers.iter().enumerate().map(of).collect::<Vec<_>>(),
        "/images/json": [],
    })
}

fn nginx(id: &str) -> Value {
    host(id, &[("web", "nginx:1.27.3", Value::Null)])
}

#[track_caller]
fn assert_verdict(ran: &Ran, code: i32) {
    assert_eq!(ran.code, Some(code), "{}", ran.stdout);
}

#[test]
fn what_nobody_deployed_is_no_component() {
    for name in ["e02-podman-infra-empty", "e03-podman-pause", "m05-oneoff"] {
        let ran = case(name);
        let quiet = ["missing-component", "unexpected-component", "version-split"];
        if name == "e03-podman-pause" {
            // Both have a patch of the engine between them, and nothing else is there.
            assert_eq!(
                ran.findings(),
                [("version-skew", "docker/engine", "low")],
                "{}",
                ran.stdout
            );
        }
        assert!(ran.findings().iter().all(|(rule, ..)| !quiet.contains(rule)), "{}", ran.stdout);
        assert!(!ran.components().iter().any(|c| c.contains("infra") || c.contains("pause")));
        assert_verdict(&ran, 0);
    }
}

#[test]
fn patterns_look_at_all_names_and_the_own_one_is_kept() {
    let ran = case("e04-legacy-links");
    assert!(ran.findings().contains(&("version-skew", "image/mysql", "high")), "{}", ran.stdout);
    assert_verdict(&ran, 1);
    let ran = case("e24-links-exclude");
    assert!(!ran.components().contains(&"image/tomcat"), "{}", ran.stdout);
    assert_verdict(&ran, 0);
}

#[test]
fn an_image_that_is_named_by_its_id_has_the_tag_of_that_content() {
    let ran = case("e05-cri-dockerd");
    assert!(ran.findings().contains(&("version-skew", "image/nginx", "high")), "{}", ran.stdout);
    assert_verdict(&ran, 1);
}

/// What cannot be told from one engine that both environments share is a finding, and it names the
/// other explanation where the hosts have two names.
#[test]
fn cloned_machines_are_named() {
    let ran = case("e12-cloned-vm");
    assert!(ran.findings().iter().any(|(rule, ..)| *rule == "shared-instance"), "{}", ran.stdout);
    assert!(ran.report.to_string().contains("clone"), "{:#}", ran.report["findings"]);
    assert_verdict(&ran, 1);
}

#[test]
fn an_include_that_selects_nothing_is_a_named_gap() {
    let (qualif, prod) = (nginx("A"), nginx("B"));
    let ran = audit(
        &serve(&qualif),
        &serve(&prod),
        &json!({"include": {"names": ["wbe"], "projects": ["shop-*"]}}),
        "",
    );
    let gap = ran.gap("qualif", "containers").unwrap();
    assert_eq!(gap, "include: selects none of 1 containers, running or not");
    assert!(ran.stdout.contains("include: selects none"), "{}", ran.stdout);
    assert_verdict(&ran, 3);
}

#[test]
fn a_list_that_is_not_whole_makes_the_part_incomplete() {
    let prod = serve(&nginx("B"));
    for (path, status, from, to, said) in [
        ("/containers/json", 206, "", "", "206"),
        ("/images/json", 206, "", "", "206"),
        (
            "/containers/json",
            200,
            "\"State\"",
            "\"State\":\"exited\",\"State\"",
            "the key \"State\" twice",
        ),
        (
            "/containers/json",
            200,
            "\"Labels\":null",
            "\"Labels\":{\"a\":\"1\",\"a\":\"2\"}",
            "the key \"a\" twice",
        ),
        (
            "/version",
            200,
            "\"Version\":\"28.0.1\",\"Api",
            "\"Version\":\"28.0.1\",\"Version\":\"27\",\"Api",
            "the key \"Version\" twice",
        ),
        ("/info", 200, "\"ID\"", "\"ID\":\"Z\",\"ID\"", "the key \"ID\" twice"),
        ("/info", 200, "\"ID\"", "\"ContainersRunning\":40,\"ID\"", "GET /info counts 40"),
        (
            "/info",
            200,
            "\"ID\"",
            "\"ContainersRunning\":3,\"ContainersPaused\":1,\"ID\"",
            "counts 4",
        ),
    ] {
        let qualif = nginx("A");
        let answers = PATHS.map(|p| {
            let body = qualif[p].to_string();
            if p != path {
                return (p, 200, body);
            }
            assert!(body.contains(from), "{body}");
            (p, status, body.replacen(from, to, usize::from(!from.is_empty())))
        });
        let ran = audit(&serve_text(answers.to_vec()), &prod, &Value::Null, "");
        assert!(ran.stdout.contains("INCOMPLETE"), "{path} {to}: {}", ran.stdout);
        let gaps: Vec<String> = ["engine", "containers", "images"]
            .into_iter()
            .filter_map(|part| ran.gap("qualif", part))
            .collect();
        assert!(gaps.len() == 1 && gaps[0].contains(said), "{path} {to}: {gaps:?}");
    }
}

/// A few may have ended between the two answers.
#[test]
fn a_list_that_lacks_a_few_is_whole() {
    let mut qualif = nginx("A");
    qualif["/info"]["ContainersRunning"] = json!(3);
    let ran = audit(&serve(&qualif), &serve(&nginx("B")), &Value::Null, "");
    assert_eq!(ran.gap("qualif", "containers"), None);
    assert_verdict(&ran, 0);
}

#[test]
fn tasks_of_swarm_are_known_by_their_service() {
    let task = |id: &str, image| {
        let labels = json!({"com.docker.stack.namespace": "shop", "com.docker.swarm.service.name": "shop_web",
                            "com.docker.swarm.task.name": format!("shop_web.1.{id}")});
        (format!("shop_web.1.{id}"), image, labels)
    };
    let swarm = |host_id: &str, task_id: &str, image: &'static str| {
        let (name, image, labels) = task(task_id, image);
        host(host_id, &[(&name, image, labels), ("x", "team/x:1.0.0", Value::Null)])
    };
    let catalogue =
        "components:\n- {component: image/front, match: [{workload: web, namespace: shop}]}\n";
    let ran = audit(
        &serve(&swarm(
            "A",
            "k0vmx4gy6a1d",
            "nginx:1.27.3@sha256:0000000000000000000000000000000000000000000000000000000000000001",
        )),
        &serve(&swarm("B", "zzzzx4gy6a1d", "nginx:1.27.3")),
        &Value::Null,
        catalogue,
    );
    assert!(ran.components().contains(&"image/front"), "{}", ran.stdout);
    assert_verdict(&ran, 0);
}

/// It has a containerd, of an unknown version: not missing, and not equal.
#[test]
fn an_old_engine_that_lists_no_components_is_read() {
    let mut old = nginx("A");
    old["/version"] =
        json!({"Version": "17.05.0-ce", "ApiVersion": "1.29", "GitCommit": "89658be"});
    let ran = audit(&serve(&old), &serve(&nginx("B")), &Value::Null, "");
    assert_eq!(ran.gap("qualif", "engine"), None);
    let of = |component: &str| {
        ran.findings().iter().filter(|(_, c, _)| *c == component).map(|f| f.0).collect::<Vec<_>>()
    };
    assert_eq!(of("docker/engine"), ["version-skew"], "{}", ran.stdout);
    for component in ["docker/containerd", "docker/runc"] {
        assert!(!of(component).contains(&"missing-component"), "{}", ran.stdout);
        assert!(ran.components().contains(&component), "{}", ran.stdout);
    }
    assert!(ran.stdout.contains("unknown"), "{}", ran.stdout);
}

/// Ubuntu's label stands on whatever is built on it.
#[test]
fn the_label_of_a_base_image_is_no_version_of_the_application() {
    let dns = |id: &str, ubuntu: &str| {
        let mut host = host(id, &[("dns", "technitium/dns-server:latest", Value::Null)]);
        host["/containers/json"][0]["ImageID"] = json!(image_id(0, ubuntu));
        host["/images/json"] = json!([{"Id": image_id(0, ubuntu), "RepoTags": [], "RepoDigests": [format!("technitium/dns-server@sha256:{}", ubuntu.replace('.', "").repeat(16))],
            "Labels": {"org.opencontainers.image.ref.name": "ubuntu", "org.opencontainers.image.version": ubuntu}}]);
        host
    };
    let ran = audit(&serve(&dns("A", "22.04")), &serve(&dns("B", "24.04")), &Value::Null, "");
    let of_dns: Vec<_> =
        ran.findings().into_iter().filter(|(_, c, _)| c.contains("dns")).map(|f| f.0).collect();
    assert!(!of_dns.contains(&"version-skew"), "{}", ran.stdout);
    assert!(of_dns.contains(&"digest-mismatch"), "{of_dns:?} {}", ran.stdout);
    assert!(!ran.report["matrix"].to_string().contains("24.04"), "{:#}", ran.report["matrix"]);
}

/// By the catalogue a container is what is a target elsewhere.
#[test]
fn a_container_may_be_the_redis_of_an_environment() {
    let cache = |id: &str, tag: &str| {
        let labels =
            json!({"com.docker.compose.project": "shop", "com.docker.compose.service": "cache"});
        host(
            id,
            &[
                ("shop-cache-1", &format!("redis:{tag}"), labels),
                ("web", "nginx:1.27.3", Value::Null),
            ],
        )
    };
    let catalogue =
        "components:\n- {component: redis/cache, match: [{image: \"*/redis\", workload: cache}]}\n";
    let ran =
        audit(&serve(&cache("A", "6.2.14")), &serve(&cache("B", "7.2.4")), &Value::Null, catalogue);
    assert!(ran.findings().contains(&("version-skew", "redis/cache", "high")), "{}", ran.stdout);
    assert!(!ran.components().contains(&"image/redis"), "{}", ran.stdout);
    assert_verdict(&ran, 1);
    // Of a target itself the version must be known.
    let ran = audit(
        &serve(&cache("A", "latest")),
        &serve(&cache("B", "latest")),
        &Value::Null,
        catalogue,
    );
    assert_eq!(ran.stdout.matches("redis/cache reports \"latest\"").count(), 5, "{}", ran.stdout);
    assert_verdict(&ran, 3);
}
