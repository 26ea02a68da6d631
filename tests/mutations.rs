//! The entries of `fuzz/` with mutated files, the same ones in every run.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "public for the fuzz targets, which are another crate")]
mod entries;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Of each file.
const MUTATIONS: usize = 120;

/// Of a file, so that a mutation is not lost in it.
const LONGEST: usize = 16 * 1024;

/// What breaks parsers when it stands in the wrong place.
const PIECES: &[&[u8]] = &[
    b"\0", b"\n", b"\r\n", b"\xff\xfe", b"\xed\xa0\x80", b"{", b"}", b"[", b"]", b"\"", b"'", b":",
    b": ", b",", b"- ", b"&a ", b"*a", b"!!binary ", b"---\n", b"...\n", b"#", b"|", b">", b"%",
    b"\\", b"\\u0000", b"99999999999999999999", b"-1", b"1e999", b"NaN", b"null", b"~", b"true",
    b"\xe2\x80\xae", b"\x1b[2J", b"=", b"@sha256:", b"/", b"v", b".", b"=0,", b"redis_version:",
];

/// The files in a folder of the project with this end.
fn files(folder: &str, end: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(end));
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// xorshift64*: numbers that are the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % limit.max(1)
    }

    /// One to four changes: cut, remove, repeat, insert, replace or flip.
    fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let (a, b) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
            let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 200));
            let piece = PIECES[self.below(PIECES.len())];
            match self.below(6) {
                0 => bytes.truncate(a),
                1 => drop(bytes.drain(from..to)),
                2 => {
                    let again = bytes[from..to].to_vec();
                    bytes.splice(from..from, again);
                }
                3 => drop(bytes.splice(a..a, piece.iter().copied())),
                4 => drop(bytes.splice(from..to, piece.iter().copied())),
                _ => {
                    if let Some(byte) = bytes.get_mut(a) {
                        *byte ^= 1 << (b % 8);
                    }
                }
            }
        }
        bytes
    }
}

/// Enters with each file, and with mutations of it; then goes on for as long as the environment
/// says.
fn enter(entry: fn(&[u8]), files: &[Vec<u8>], mutations: usize) {
    let mut numbers = Numbers(0x5eed_0000_0000_0001);
    for file in files {
        entry(file);
        let start = &file[..file.len().min(LONGEST)];
        (0..mutations).for_each(|_| entry(&numbers.mutated(start)));
    }
    let seconds = std::env::var("ENVPARITY_MUTATION_SECONDS");
    let seconds = seconds.map_or(0, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let seeds = [files, &attacks()].concat();
    for seed in seeds.iter().cycle() {
        if Instant::now() >= end {
            return;
        }
        let start = &seed[..seed.len().min(LONGEST)];
        (0..10).for_each(|_| entry(&numbers.mutated(start)));
    }
}

/// What has gone wrong once, or is like it: everything is entered with it, too.
fn attacks() -> Vec<Vec<u8>> {
    let nested = |depth: usize| format!("{}a,b{}", "{a,".repeat(depth), "}".repeat(depth));
    let far = format!(
        "{{\"kind\": \"Environment\", \"ignore\": [\"{}\"], \"x\": }}",
        "x".repeat(LONGEST / 2)
    );
    let texts = [
        nested(9),
        nested(200),
        far,
        "[".repeat(4_000),
        "a\u{3164}b\u{2800}c\u{fe0f}d\u{e0101}e\u{202e}f\u{200b}".to_owned(),
        "redis_version:7.0.15\r\nrun_id:Basic YXVkaXRvcjpodW50ZXIy\r\n".to_owned(),
        "-\r\n".to_owned(),
        "fffffffffffffffff\r\n".to_owned(),
        "ref: ../../token\n".to_owned(),
        "tcp://u:p@h:99999/?password=x#y".to_owned(),
        "{\"kind\": \"ExecCredential\", \"status\": {\"token\": \"a\\nb\"}}".to_owned(),
        "waivers:\n- {id: a, reason: \"\u{3164}\", owner: \"\u{2800}\"}\n".to_owned(),
    ];
    texts.map(String::into_bytes).into()
}

#[test]
fn mutated_attacks() {
    for entry in [
        entries::info,
        entries::kubectl,
        entries::evidence,
        entries::profile,
        entries::cycles,
        entries::version,
        entries::image,
        entries::earlier,
        entries::pattern,
        entries::waivers,
        entries::shown,
    ] {
        attacks().iter().for_each(|attack| entry(attack));
    }
}

#[test]
fn mutated_reports() {
    let report = r#"{"apiVersion": "envparity/v1", "kind": "DriftReport", "purpose": "audit", "findings": []}"#;
    let seeds = [vec![report.as_bytes().to_vec()], attacks()].concat();
    enter(entries::earlier, &seeds, 2 * MUTATIONS);
}

#[test]
fn mutated_patterns() {
    let patterns = ["image/{a,b}*", "*", "[a-z]?-[!x]", "**/x\\*", "{a,{b,{c,d}}}"];
    let seeds = [patterns.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
    enter(entries::pattern, &seeds, 4 * MUTATIONS);
}

#[test]
fn mutated_waivers() {
    let seeds = [vec![fs::read("profiles/waivers.yaml").unwrap()], attacks()].concat();
    enter(entries::waivers, &seeds, 2 * MUTATIONS);
}

#[test]
fn mutated_texts_for_people() {
    let seeds = [files("examples/quickstart/evidence", ".txt"), attacks()].concat();
    enter(entries::shown, &seeds, MUTATIONS);
}

/// The lines of some files, each a text of its own.
fn lines(files: &[Vec<u8>]) -> Vec<Vec<u8>> {
    files.iter().flat_map(|file| file.split(|byte| *byte == b'\n')).map(<[u8]>::to_vec).collect()
}

#[test]
fn mutated_info() {
    enter(entries::info, &files("tests/fixtures/redis", ".txt"), MUTATIONS);
}

#[test]
fn mutated_kubectl() {
    // whole lists, but of a few objects each: a list of many that is cut is only ever cut
    let few = |file: &Vec<u8>| {
        let mut list: serde_json::Value = serde_json::from_slice(file).unwrap();
        if let Some(items) = list.get_mut("items").and_then(|items| items.as_array_mut()) {
            items.truncate(2);
        }
        list.to_string().into_bytes()
    };
    let lists: Vec<Vec<u8>> = files("tests/fixtures/kubernetes", ".json").iter().map(few).collect();
    enter(entries::kubectl, &lists, MUTATIONS);
}

#[test]
fn mutated_evidence() {
    enter(entries::evidence, &files("examples/quickstart/evidence", ".yaml"), 2 * MUTATIONS);
}

#[test]
fn mutated_profiles() {
    let profiles = [files("profiles", ".yaml"), files("examples/quickstart", ".yaml")].concat();
    enter(entries::profile, &profiles, 2 * MUTATIONS);
}

#[test]
fn mutated_support_cycles() {
    let v0 =
        br#"[{"cycle":"7.4","eol":false,"lts":true},{"cycle":7.2,"eol":"2026-02-28"}]"#.to_vec();
    let v1 = br#"{"generated_at":"2026-09-01T23:30:00-02:00","result":[{"name":"redis","releases":[
        {"name":"8.0","isEol":false,"eolFrom":"2026-12-01"},{"name":"2.8","isEol":true,"eolFrom":null}]}]}"#
        .to_vec();
    let own = files("src/wire", "end-of-life.yaml").remove(0);
    enter(entries::cycles, &[v0, v1, own[..2048].to_vec()], 5 * MUTATIONS);
}

#[test]
fn mutated_versions_and_references() {
    let texts = lines(&files("tests/corpus/suites", "tags.jsonl"));
    let texts: Vec<Vec<u8>> = texts.into_iter().step_by(40).collect();
    enter(entries::version, &texts, 10);
    let images = lines(&files("tests/corpus/suites", "distribution-reference.jsonl"));
    enter(entries::image, &images, 20);
    let words: Vec<Vec<u8>> = [
        "1.2.3\n1.2.4",
        "7.0.15",
        "registry.example:5000/team/app:1.2.3@sha256:00",
        "v1.30.2+k3s1\nv1.30",
        "1:2.3-4+deb12u1",
        ">=7.0, <8\n7.2.4",
        "7.2.x\n7",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    enter(entries::version, &words, 400);
    enter(entries::image, &words, 400);
}
