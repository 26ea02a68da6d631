//! Mutated answers of an engine, and mutated contexts of its client.

use jiff::Timestamp;

use super::containers::tests::read;
use super::containers::{ContainerSelection, Containers, Selections};
use super::fields;
use super::list::ListKind;
use super::list::tests::batches;
use super::parse::{self, Images};
use crate::model::TargetEvidence;
use crate::mutation::{MUTATIONS, attacks, enter, files};

fn evidence() -> TargetEvidence {
    TargetEvidence::new("docker/a".into(), "", Timestamp::UNIX_EPOCH)
}

#[test]
fn mutated_versions_and_infos() {
    let seeds = [files("tests/fixtures/docker", ".json"), attacks()].concat();
    let entry = |data: &[u8]| {
        let mut told = evidence();
        if let Ok(version) = fields::version(data) {
            let _ = parse::version(version, &mut told);
        }
        if let Ok(info) = fields::info(data) {
            let _ = parse::running(&info);
            let _ = parse::info(info, &mut told);
        }
    };
    enter(entry, &seeds, 2 * MUTATIONS);
}

#[test]
fn mutated_lists_of_containers() {
    let seeds = [files("tests/fixtures/docker", "containers.json"), attacks()].concat();
    let nothing = ContainerSelection::nothing();
    let entry = |data: &[u8]| {
        let piece = 1 + data.len() % 97;
        let Ok((read, tally)) = batches(ListKind::Containers, data, piece) else { return };
        let wanted = Selections { include: None, exclude: &nothing };
        let mut containers = Containers::new(&wanted);
        let mut told = evidence();
        let listed: usize = read.iter().map(Vec::len).sum();
        assert_eq!(listed + tally.unread, tally.total, "each item is read or counted");
        if read.into_iter().flatten().try_for_each(|one| containers.add(one)).is_ok() {
            let _ = containers.finish(tally, &mut told);
        }
    };
    enter(entry, &seeds, 2 * MUTATIONS);
}

#[test]
fn mutated_lists_of_images() {
    let seeds = [files("tests/fixtures/docker", "images.json"), attacks()].concat();
    let mut running = evidence();
    let listed = &files("tests/fixtures/docker", "containers.json")[0];
    let nothing = ContainerSelection::nothing();
    read(listed, &Selections { include: None, exclude: &nothing }, &mut running).unwrap();
    assert!(!running.images.is_empty());
    let entry = |data: &[u8]| {
        let Ok((read, _)) = batches(ListKind::Images, data, 1 + data.len() % 97) else { return };
        let mut told = running.clone();
        let mut images = Images::of(&mut told);
        let _ = read.into_iter().flatten().try_for_each(|one| images.add(&one));
    };
    enter(entry, &seeds, 2 * MUTATIONS);
}
