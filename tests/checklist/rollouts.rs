//! Charts, ControllerRevisions and releases that name only what changed.

use crate::cluster::{self, Clusters, at, revision, with};
use crate::world::{NOW, TAKEN, World, digest, v21, v22};

const IN_THE_FREEZE: &str = "2026-04-11T08:00:00Z";

#[test]
fn another_revision_of_a_chart_is_a_change() {
    let charted = |chart: &'static str| {
        with(&cluster::qualif(), |told| {
            let mut new = revision("web", "v21", IN_THE_FREEZE, (2, 2));
            chart.clone_into(&mut new.chart);
            told.revisions[4].replicas = Some(0);
            told.revisions.push(new);
        })
    };
    let told = ["app/web (shop-1.3.0): another template with the same images"];
    let clusters = Clusters::new(&charted("shop-1.3.0"), &cluster::production());
    clusters.checklist().expect("freeze", "no-go", &told);
    // Without ReplicaSets it is seen by stored evidence.
    let mut silent = cluster::qualif();
    silent.revisions = None;
    let clusters = Clusters::new(&silent, &cluster::production());
    for (time, chart) in [("2026-04-10T08:00:00Z", "shop-1.2.0"), (NOW, "shop-1.3.0")] {
        let taken = at(time) - jiff::SignedDuration::from_mins(5);
        let mut evidence = cluster::evidence("qualif", &silent, taken);
        evidence.targets[0].images[2].chart = chart.to_owned();
        clusters.seen_evidence(&[evidence], at(time));
    }
    clusters.checklist().expect("freeze", "no-go", &["chart/shop 1.2.0 -> 1.3.0"]);
}

#[test]
fn controller_revisions_are_remembered_like_replica_sets() {
    let of_set = |number: i64, tag: &str, created: &str| {
        let mut one = revision("web", tag, created, (number, 0));
        one.workload.kind = "StatefulSet".to_owned();
        one.replicas = None;
        one
    };
    let set = |revisions: Vec<envparity::model::Revision>| {
        with(&cluster::qualif(), |told| {
            told.revisions.retain(|one| one.workload.name != "web");
            told.revisions.extend(revisions);
            told.workloads[2].workload.kind = "StatefulSet".to_owned();
        })
    };
    let before = "2026-03-02T09:00:00Z";
    let judged = |revisions| Clusters::new(&set(revisions), &cluster::production()).checklist();
    judged(vec![of_set(1, "v21", before)]).expect("freeze", "go", &["by ReplicaSets"]);
    judged(vec![of_set(1, "v21", before), of_set(2, "v21-fix", IN_THE_FREEZE)]).expect(
        "freeze",
        "no-go",
        &["image/team/web -> v21-fix", "in app/web, made at 2026-04-11T08:00:00Z"],
    );
    let mut back = of_set(3, "v21", before);
    back.is_reused = true;
    judged(vec![of_set(2, "v20", before), back]).expect("freeze", "go", &[]);
    // Of a set that tells none, nothing is known.
    judged(Vec::new()).expect("freeze", "incomplete", &["kubernetes/mks tells no template of it"]);
}

#[test]
fn a_release_may_name_only_what_changed_and_the_rest_must_be_as_before() {
    let partial = || {
        let world = World::new();
        world.edit_release("v22", |text| {
            let (head, rest) = text.split_once("\ntrain:\n").unwrap();
            let rest: Vec<&str> = rest.lines().skip_while(|line| line.starts_with(' ')).collect();
            format!("{head}\n{}\n", rest.join("\n"))
        });
        world
    };
    let item = "release-under-test";
    partial().checklist().expect(item, "go", &["qualif runs 3 of 3 builds of v22"]);
    let world = partial();
    let mut services = v22();
    services[2] = ("web", "v21", "c99");
    world.services("qualif", &services, TAKEN);
    world.checklist().expect(item, "no-go", &["image/team/web is v21 c9900000, and v22 has v21"]);
    services[2] = ("web", "v21", "");
    world.services("qualif", &services, TAKEN);
    world.checklist().expect(item, "incomplete", &["not proven by a digest: image/team/web"]);
    let world = partial();
    world.services("production", &v21()[..2].to_vec(), TAKEN);
    world.checklist().expect(item, "no-go", &["production: image/team/web v21", "does not run"]);
    let world = partial();
    std::fs::remove_file(world.release_path("v21")).unwrap();
    world.checklist().expect(item, "incomplete", &["v22 has no train:"]);
    assert!(!digest("c21").is_empty());
}
