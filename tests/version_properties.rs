//! What holds of every text in every scheme.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use envparity::version::{Level, Scheme, difference, order, read, read_any};
use proptest::prelude::*;
use proptest::sample::select;

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "0", "1", "2", "9", "10", "01", "007", "2024", "01", "30", "20240130", "99999999999999999999999", ".", ".", ".", "-",
    "_", "+", "~", "^", ":", "v", "V", "a", "b", "rc", "alpha", "beta", "RC", "pre", "p", "git", "r", "-r", "el8",
    "ubuntu", "gke", "alpine", "bookworm", "latest", "deadbeef", "k3s", "://", "/", " ", "x", "RELEASE.", "T", "Z", "é",
    "\u{1b}", "u", "MariaDB", "5.5.5-", "-log", "=", "eks", "-build", "p2", "k", "α", "_p", "-r1", "-update", " SP",
    "\"",
];

/// Texts near versions: pieces that grammars care about, glued in any order.
fn text() -> impl Strategy<Value = String> {
    let piece = select(PIECES.to_vec());
    let near = proptest::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat());
    let plain = (
        0u32..4,
        0u32..4,
        0u32..4,
        select(vec!["", "-rc1", "-1", "-alpine", "_9", "+b", "a", "~rc1", "-r2", "-gke.5"]),
    )
        .prop_map(|(a, b, c, tail)| format!("{a}.{b}.{c}{tail}"));
    prop_oneof![3 => near, 3 => plain, 1 => any::<String>()]
}

fn scheme() -> impl Strategy<Value = Scheme> {
    select(Scheme::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn order_is_total_within_a_scheme(scheme in scheme(), texts in [text(), text(), text()]) {
        let [a, b, c] = texts.map(|text| read(scheme, &text));
        prop_assert_eq!(order(&a, &b), order(&b, &a).map(Ordering::reverse), "antisymmetry");
        if let (Some(ab), Some(bc)) = (order(&a, &b), order(&b, &c)) {
            let ac = order(&a, &c);
            if ab == bc {
                prop_assert_eq!(ac, Some(ab), "transitivity");
            }
            if ab == Ordering::Equal {
                prop_assert_eq!(ac, Some(bc), "equals are interchangeable");
            }
        }
    }

    #[test]
    fn level_is_symmetric_and_agrees_with_order(scheme in scheme(), texts in [text(), text()]) {
        let [a, b] = texts.map(|text| read(scheme, &text));
        let (there, back) = (difference(&a, &b), difference(&b, &a));
        prop_assert_eq!(there.level, back.level);
        match (there.level, order(&a, &b)) {
            (Level::Equal, found) => prop_assert_eq!(found, Some(Ordering::Equal)),
            (level, Some(Ordering::Equal)) => prop_assert!(
                matches!(level, Level::WithinPrecision | Level::Build | Level::Incomparable(_)), "{:?}", level
            ),
            _ => {}
        }
    }

    #[test]
    fn reading_again_what_was_read_is_the_same(scheme in scheme(), text in text()) {
        let reading = read(scheme, &text);
        let again = read(scheme, &reading.to_string());
        prop_assert_eq!(reading.body(), again.body());
        prop_assert_eq!(reading.text(), &text);
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        let reading = read_any(&text);
        for scheme in Scheme::ALL {
            let other = read(*scheme, &text);
            let _ = (difference(&reading, &other), order(&reading, &other), other.to_semver());
        }
    }
}

/// Ten times the length takes about ten times as long, not a hundred times.
#[test]
fn reading_and_ordering_are_linear_in_the_length() {
    let patterns = ["1.", "a1", "-rc", "9", "~", "_p1", "1-", ".é"];
    let once = |length: usize| -> Duration {
        let start = Instant::now();
        for pattern in patterns {
            let text = format!("1.0{}", pattern.repeat(length / pattern.len()));
            for scheme in Scheme::ALL {
                let (a, b) = (read(*scheme, &text), read(*scheme, &format!("{text}1")));
                let _ = (order(&a, &b), difference(&a, &b));
            }
        }
        start.elapsed()
    };
    // the best of five: what else runs on the machine can only make it longer
    let took = |length| (0..5).map(|_| once(length)).min().expect("five");
    once(10);
    let (short, long) = (took(25).max(Duration::from_micros(200)), took(250));
    println!("25 characters {short:?}, 250 characters {long:?}");
    assert!(long < short * 60, "{short:?} -> {long:?}");
    // A text of more than 256 bytes is not read at all.
    let huge = "1.".repeat(5_000_000);
    assert!(read_any(&huge).version().is_none());
}
