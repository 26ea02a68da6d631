//! Parses and comparisons a second on a realistic mix, beside the crates that do the same job.
//!
//! `cargo bench --bench versions`. Each crate is timed on what it can read of the mix; the rounds
//! of all crates take turns, so that a noisy machine is noisy for all of them. Medians are printed.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::time::Instant;

use envparity::version::{Scheme, difference, order, read};

/// What collectors meet: programs, tags, packages, vendors' builds.
const MIX: &[&str] = &[
    "7.0.15", "7.2.4", "8.0.1", "6.2.5", "16.4", "20.10.24+dfsg1", "1.27.3-gke.100",
    "v1.29.1+k3s1", "1.6.20~ds1", "7.2.4-alpine3.19", "16.4-bookworm", "v22", "v21",
    "3.13.7-management", "1.25.3-rc1", "2.0.0-beta.3", "1.2.3.4", "2024.01.30",
    "10.11.6-MariaDB-1", "17.0.11+9", "0.6.12-ls132", "7.4.0-debian-12-r24", "1.12.2", "v1.62.0",
    "22.04", "1.0.0-alpha.1+build.5", "5.15.0-91-generic", "9.1.2", "3.0.0", "1.36.2",
];

const ROUNDS: usize = 15;
const REPEAT: usize = 2_000;

struct Row {
    name: &'static str,
    readable: usize,
    parse: Vec<f64>,
    compare: Vec<f64>,
}

/// Millions of operations a second.
fn rate(operations: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let operations = operations as f64;
    operations / start.elapsed().as_secs_f64() / 1e6
}

fn round<T>(row: &mut Row, parse: impl Fn(&str) -> Option<T>, compare: impl Fn(&T, &T)) {
    let texts: Vec<&str> = MIX.iter().copied().filter(|text| parse(text).is_some()).collect();
    row.readable = texts.len();
    row.parse.push(rate(texts.len() * REPEAT, || {
        for _ in 0..REPEAT {
            for text in &texts {
                black_box(parse(black_box(text)));
            }
        }
    }));
    let parsed: Vec<T> = texts.iter().filter_map(|text| parse(text)).collect();
    row.compare.push(rate((parsed.len() - 1) * REPEAT, || {
        for _ in 0..REPEAT {
            for pair in parsed.windows(2) {
                compare(black_box(&pair[0]), black_box(&pair[1]));
            }
        }
    }));
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn main() {
    let names = [
        "envparity (tag, order)",
        "envparity (tag, difference)",
        "versions",
        "libversion",
        "semver",
    ];
    let mut rows =
        names.map(|name| Row { name, readable: 0, parse: Vec::new(), compare: Vec::new() });
    for _ in 0..ROUNDS {
        let ours = |text: &str| Some(read(Scheme::ImageTag, text));
        round(&mut rows[0], ours, |a, b| _ = black_box(order(a, b)));
        round(&mut rows[1], ours, |a, b| _ = black_box(difference(a, b)));
        round(&mut rows[2], |text| versions::Versioning::new(text), |a, b| _ = black_box(a.cmp(b)));
        // It has no parsed form: reading is comparing.
        round(
            &mut rows[3],
            |text| Some(text.to_owned()),
            |a, b| _ = black_box(libversion::version_compare2(a, b)),
        );
        round(
            &mut rows[4],
            |text| semver::Version::parse(text).ok(),
            |a, b| _ = black_box(a.cmp_precedence(b)),
        );
    }
    println!("{:<30}{:>10}{:>16}{:>16}", "", "reads", "parse M/s", "compare M/s");
    for row in rows {
        let reads = format!("{} of {}", row.readable, MIX.len());
        let parse = if row.name == "libversion" {
            "-".to_owned()
        } else {
            format!("{:.2}", median(row.parse))
        };
        println!("{:<30}{reads:>10}{parse:>16}{:>16.2}", row.name, median(row.compare));
    }
}
