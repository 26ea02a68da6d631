//! Circles of imports between files: a file that names an item of another, which names one of the
//! first, directly or through others.
//!
//! A name is followed to the file that defines it: what a parent passes on (`pub use`) is no
//! import of the parent, and `mod` is none either. A parent with code of its own is a file like
//! others: where it names an item of a child that names one of the parent, the two are a circle.
//!
//! Only names are followed. A method call names no file, so a type whose methods stand in several
//! files is a circle only where one of them names an item of another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::tree::Tree;

/// Files that import each other, and a shortest way around.
#[derive(Debug)]
pub(crate) struct Circle {
    pub(crate) files: BTreeSet<String>,
    /// A line for each import of the way.
    pub(crate) way: Vec<String>,
}

type Imports = BTreeMap<(usize, usize), BTreeSet<String>>;

/// Circles in files that are given by their path below `src/`. Two that share a file are one.
pub(crate) fn find(texts: &BTreeMap<String, String>) -> Vec<Circle> {
    let tree = Tree::read(texts);
    let imports = tree.imports();
    let mut next = BTreeMap::<usize, Vec<usize>>::new();
    for (from, to) in imports.keys() {
        next.entry(*from).or_default().push(*to);
    }
    let reached: Vec<BTreeSet<usize>> =
        (0..tree.files.len()).map(|file| reachable(file, &next)).collect();
    let mut told = BTreeSet::<usize>::new();
    let mut circles = Vec::new();
    for file in 0..tree.files.len() {
        if !reached[file].contains(&file) || told.contains(&file) {
            continue;
        }
        let members: BTreeSet<usize> =
            reached[file].iter().copied().filter(|other| reached[*other].contains(&file)).collect();
        let ways = members.iter().filter_map(|start| shortest(*start, &next));
        let way = ways.min_by_key(Vec::len).unwrap_or_default();
        told.extend(&members);
        circles.push(Circle {
            files: members.into_iter().map(|file| tree.files[file].clone()).collect(),
            way: way.windows(2).map(|pair| line(&tree, &imports, pair[0], pair[1])).collect(),
        });
    }
    circles
}

fn reachable(start: usize, next: &BTreeMap<usize, Vec<usize>>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        for to in next.get(&file).into_iter().flatten() {
            if found.insert(*to) {
                open.push(*to);
            }
        }
    }
    found
}

/// The shortest way from a file to itself.
fn shortest(start: usize, next: &BTreeMap<usize, Vec<usize>>) -> Option<Vec<usize>> {
    let mut came_from = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(file) = open.pop_front() {
        for to in next.get(&file).into_iter().flatten() {
            if *to == start {
                let mut way = vec![start, file];
                while let Some(before) = came_from.get(way.last()?) {
                    way.push(*before);
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(to) {
                came_from.insert(*to, file);
                open.push_back(*to);
            }
        }
    }
    None
}

fn line(tree: &Tree, imports: &Imports, from: usize, to: usize) -> String {
    let names: Vec<&str> = imports[&(from, to)].iter().map(String::as_str).collect();
    format!("{} names {} of {}", tree.files[from], names.join(", "), tree.files[to])
}

/// The files of each circle of a made-up tree; each text is a file behind its path.
#[cfg(test)]
fn of(files: &[(&str, &str)]) -> Vec<String> {
    let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let joined = |circle: &Circle| circle.files.iter().cloned().collect::<Vec<_>>().join(" ");
    find(&texts).iter().map(joined).collect()
}

#[test]
fn two_and_three_files_are_circles() {
    let two = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; fn f() { super::a::A; }"),
        ("c.rs", "use crate::{a::A, b::B}; pub fn c(a: A, b: B) {}"),
    ];
    assert_eq!(of(&two), ["a.rs b.rs"]);
    let three = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub fn a() { crate::b::b() }"),
        ("b.rs", "use super::c; pub fn b() { c::c() }"),
        ("c.rs", "use super::a::{self, a as other}; pub fn c() { other() }"),
    ];
    assert_eq!(of(&three), ["a.rs b.rs c.rs"]);
    let apart = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use super::b::B; pub struct A;"),
        ("b.rs", "use super::a::A; pub struct B;"),
        ("c.rs", "use super::d::D; use super::a::A; pub struct C;"),
        ("d.rs", "use super::c::C; pub struct D;"),
    ];
    assert_eq!(of(&apart), ["a.rs b.rs", "c.rs d.rs"]);
}

#[test]
fn names_are_followed_to_the_file_that_defines_them() {
    // Both name the parent, which only passes on.
    let siblings = |b: &str| {
        of(&[
            ("lib.rs", "pub mod room; mod other;"),
            ("room/mod.rs", "mod a; mod b; pub use a::A; pub(crate) use b::{B as Renamed, b};"),
            ("room/a.rs", "use super::Renamed; pub struct A;"),
            ("room/b.rs", b),
            ("other.rs", "use crate::room::A; pub fn other(a: A) {}"),
        ])
    };
    assert_eq!(siblings("pub struct B; pub fn b() {}"), Vec::<String>::new());
    assert_eq!(
        siblings("use crate::room::A; pub struct B; pub fn b() {}"),
        ["room/a.rs room/b.rs"]
    );
    assert_eq!(
        siblings("use crate::other::other; pub struct B; pub fn b() {}"),
        ["other.rs room/a.rs room/b.rs"]
    );
}

#[test]
fn names_are_followed_through_globs() {
    let tree = |b: &str| {
        of(&[
            ("lib.rs", "mod room;"),
            ("room/mod.rs", "mod a; mod b; mod c; pub use self::a::*; use b::B;"),
            ("room/a.rs", "use super::*; pub struct A(B);"),
            ("room/b.rs", b),
            ("room/c.rs", "use super::*; pub enum C { One } use C::*; fn c(b: B) {}"),
        ])
    };
    assert_eq!(tree("pub struct B;"), Vec::<String>::new());
    assert_eq!(tree("use super::*; pub struct B(Vec<A>);"), ["room/a.rs room/b.rs"]);
    assert_eq!(tree("use super::c::C::One as First; pub struct B;"), ["room/b.rs room/c.rs"]);
}

#[test]
fn a_parent_with_logic_is_a_file_like_others() {
    let tree = |parent: &str, child: &str| {
        of(&[("lib.rs", "mod room;"), ("room.rs", parent), ("room/child.rs", child)])
    };
    let circle = ["room.rs room/child.rs"];
    let names_parent = "use super::Parent; pub struct Child; pub fn make() {}";
    let none = Vec::<String>::new();
    assert_eq!(tree("mod child; pub use child::Child; pub struct Parent;", names_parent), none);
    let logic = "mod child; pub use child::Child; pub struct Parent; fn f() -> Child {}";
    assert_eq!(tree(logic, names_parent), circle);
    assert_eq!(tree(logic, "pub struct Child;"), none);
    let called = "mod child; pub struct Parent; fn f() { child::make() }";
    assert_eq!(tree(called, names_parent), circle);
    let passed = "mod child; pub use child::make; pub struct Parent; fn f() { x.map(make) }";
    assert_eq!(tree(passed, names_parent), circle);
    let field = "mod child; pub use child::make; pub struct Parent { make: u8 }
        fn f() { let make = 1; parent.make.max(make); parent.make() }";
    assert_eq!(tree(field, names_parent), none);
    // A module inside of the file is of the file.
    let inline = "mod child; pub struct Parent; mod inner { use super::child::Child; }";
    assert_eq!(tree(inline, names_parent), circle);
}

#[test]
fn calls_of_methods_are_not_followed() {
    let tree = |a: &str| {
        of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", a),
            ("b.rs", "use super::a::A; pub fn b() {} impl A { pub fn more(&self) {} }"),
        ])
    };
    assert_eq!(tree("pub struct A; fn f(a: A) { a.more() }"), Vec::<String>::new());
    assert_eq!(tree("pub struct A; fn f(a: A) { crate::b::b() }"), ["a.rs b.rs"]);
}

#[test]
fn macros_and_attributes_name_items_too() {
    let tree = |a: &str| {
        of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", a),
            ("b.rs", "use super::a::Made; pub fn b() {}"),
        ])
    };
    let made = "macro_rules! make { ($name:ident) => { pub struct $name; } } make! { Made }";
    assert_eq!(tree(made), Vec::<String>::new());
    assert_eq!(tree(&format!("{made} fn f() {{ crate::b::b() }}")), ["a.rs b.rs"]);
    assert_eq!(tree(&format!("{made} #[serde(with = \"crate::b::b\")] struct S;")), ["a.rs b.rs"]);
}

#[test]
fn tests_comments_and_other_crates_do_not_count() {
    let tree = [
        ("lib.rs", "mod a; mod redis; #[cfg(test)] mod testing;"),
        (
            "a.rs",
            "use redis::Client; pub struct A; #[cfg(test)] mod tests { use crate::redis::R; }",
        ),
        ("redis.rs", "// crate::testing::T\nuse redis::Client; use super::a::A; pub struct R;"),
        ("testing.rs", "use crate::redis::R;"),
    ];
    assert_eq!(of(&tree), Vec::<String>::new());
}

#[test]
fn the_way_says_what_closes_the_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::{B, b}; pub struct A(B);"),
        ("b.rs", "pub struct B; pub fn b() { super::c::c(); }"),
        ("c.rs", "use crate::a::A; pub fn c() { crate::b::b() }"),
    ];
    let texts = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let found = find(&texts);
    assert_eq!(found[0].way, ["b.rs names c of c.rs", "c.rs names b of b.rs"]);
}
