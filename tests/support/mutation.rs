//! Mutated files: the same ones in every run, entered into a parser.
//!
//! Tests of the crate's public parsers and of its private ones share this.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Of each file.
pub(crate) const MUTATIONS: usize = 120;

/// Of a file, so that a mutation is not lost in it.
const LONGEST: usize = 16 * 1024;

/// What breaks parsers when it stands in the wrong place.
const PIECES: &[&[u8]] = &[
    b"\0", b"\n", b"\r\n", b"\xff\xfe", b"\xed\xa0\x80", b"{", b"}", b"[", b"]", b"\"", b"'", b":",
    b": ", b",", b"- ", b"&a ", b"*a", b"!!binary ", b"---\n", b"...\n", b"#", b"|", b">", b"%",
    b"\\", b"\\u0000", b"99999999999999999999", b"-1", b"1e999", b"NaN", b"null", b"~", b"true",
    b"\xe2\x80\xae", b"\x1b[2J", b"=", b"@sha256:", b"/", b"v", b".", b"=0,", b"redis_version:",
];

/// xorshift64*: numbers that are the same everywhere.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new() -> Self {
        Self(0x5eed_0000_0000_0001)
    }

    /// Less than the limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("a small number") % limit.max(1)
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
pub(crate) fn enter(entry: impl Fn(&[u8]), files: &[Vec<u8>], mutations: usize) {
    let mut numbers = Numbers::new();
    for file in files {
        entry(file);
        let start = &file[..file.len().min(LONGEST)];
        (0..mutations).for_each(|_| entry(&numbers.mutated(start)));
    }
    let seconds = std::env::var("ENVPARITY_MUTATION_SECONDS");
    let seconds = seconds.map_or(0, |text| text.parse().expect("a number of seconds"));
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
pub(crate) fn attacks() -> Vec<Vec<u8>> {
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
        "{\"data\":[{\"a\":[{\"b\":[{}]}]}".repeat(200),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n".to_owned(),
        "server: ftp://127.0.0.1:0\n".to_owned(),
        "*-1\r\n%-5\r\n$-2\r\n=3\r\nabc\r\n".to_owned(),
        "waivers:\n- {id: a, reason: \"\u{3164}\", owner: \"\u{2800}\"}\n".to_owned(),
    ];
    texts.map(String::into_bytes).into()
}

/// The files in a folder of the project with this end.
pub(crate) fn files(folder: &str, end: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of ours")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.retain(|path| path.to_string_lossy().ends_with(end));
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(|path| fs::read(path).expect("a file of ours")).collect()
}
