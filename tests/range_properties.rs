//! What holds of every range: it never holds more than it says.

use std::cmp::Ordering;

use envparity::version::{
    Body, Containment, Level, Levels, Range, Reading, Scheme, difference_of, order, read, read_any,
};
use proptest::prelude::*;
use proptest::sample::select;

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "0", "1", "2", "7", "10", "01", "2024", "20240130", "99999999999999999999999", ".", ".", ".", "-", "_", "+", "~", "^", ":",
    "v", "a", "rc", "rc1", "alpha", "beta2", "r3", "el8", "ubuntu", "gke.5", "k3s1", "alpine", "bookworm", "latest",
    "deadbeef", "://", "containerd", " ", "x", ".x", ".*", "*", ">=", "<", "=", ",", ", ", "RELEASE.", "é", "\u{1b}", "u", "-log", "5:",
    "Debian GNU/Linux ", "||", " - ",
];

const TAILS: &[&str] = &[
    "", "-rc1", "-rc2", "-1", "-alpine", "_9", "+b", "a", "~rc1", "-r2", "-gke.5", "-foo", "~foo",
];

fn levels() -> impl Strategy<Value = Levels> {
    use Level::{Major, Minor, Patch};
    select(vec![
        Levels::DEFAULT,
        Levels::new(vec![Major, Patch], vec![(10, vec![Major, Major, Patch])]),
        Levels::new(vec![Major, Major, Patch], Vec::new()),
        Levels::new(vec![Major, Minor, Patch, Patch], Vec::new()),
        Levels::new(vec![Major, Minor], Vec::new()),
        Levels::new(vec![Major, Patch, Minor], Vec::new()),
    ])
}

fn scheme() -> impl Strategy<Value = Scheme> {
    select(Scheme::ALL.to_vec())
}

/// One to four small numbers and a tail, so that two of them often meet.
fn version() -> impl Strategy<Value = String> {
    let numbers = proptest::collection::vec(0u32..4, 1..5);
    (select(vec!["", "", "v"]), numbers, select(TAILS.to_vec())).prop_map(|(v, numbers, tail)| {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        format!("{v}{}{tail}", numbers.join("."))
    })
}

fn text() -> impl Strategy<Value = String> {
    let near =
        proptest::collection::vec(select(PIECES.to_vec()), 0..9).prop_map(|pieces| pieces.concat());
    prop_oneof![3 => near, 3 => version(), 1 => any::<String>()]
}

fn condition() -> impl Strategy<Value = String> {
    (select(vec![">=", ">", "<=", "<", "", "x"]), version()).prop_map(
        |(sign, version)| match sign {
            "x" => format!("{}.x", version.trim_end_matches(|c: char| !c.is_ascii_digit())),
            sign => format!("{sign}{version}"),
        },
    )
}

fn range() -> impl Strategy<Value = Range> {
    let conditions = proptest::collection::vec(condition(), 1..3);
    conditions.prop_filter_map("contradictory", |conditions| conditions.join(", ").parse().ok())
}

fn release(reading: &Reading) -> Option<Vec<u64>> {
    let version = reading.version().filter(|version| version.pre.is_empty())?;
    version.release.iter().map(envparity::version::Number::to_u64).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in text(), scheme in scheme(), other in text()) {
        if let Ok(range) = text.parse::<Range>() {
            prop_assert_eq!(range.to_string(), text.trim());
            prop_assert_eq!(&range.to_string().parse::<Range>().unwrap(), &range);
            let _ = range.contains(&Levels::DEFAULT, &read(scheme, &other));
        }
    }

    #[test]
    fn a_reading_is_inside_its_own_text(scheme in scheme(), levels in levels(), text in text()) {
        if let Ok(range) = text.parse::<Range>() {
            prop_assert_eq!(range.contains(&levels, &read(scheme, &text)), Containment::Inside);
        }
    }

    #[test]
    fn a_bound_agrees_with_the_order(
        scheme in scheme(), sign in select(vec![">=", ">", "<=", "<"]), texts in [version(), version()]
    ) {
        let [bound, text] = texts;
        let (Ok(range), reading) = (format!("{sign}{bound}").parse::<Range>(), read(scheme, &text)) else {
            return Ok(());
        };
        let Some(ordering) = order(&reading, &read(scheme, &bound)) else { return Ok(()) };
        let holds = match sign {
            ">=" => ordering.is_ge(),
            ">" => ordering.is_gt(),
            "<=" => ordering.is_le(),
            _ => ordering.is_lt(),
        };
        match range.contains(&Levels::DEFAULT, &reading) {
            // A short tag is the first of its versions, too.
            Containment::Inside => prop_assert!(holds, "{} {} by {:?}", text, sign, scheme),
            // A pre-release is outside of what does not name it.
            Containment::Outside => {
                let is_pre = matches!(reading.body(), Body::Version(v) if !v.pre.is_empty());
                prop_assert!(!holds || is_pre, "{} {}{} by {:?}", text, sign, bound, scheme);
            }
            Containment::Unproven => {}
        }
    }

    #[test]
    fn one_version_on_both_sides_is_one(scheme in scheme(), levels in levels(), texts in [version(), version()]) {
        let [wanted, text] = texts;
        let (Ok(range), reading) = (wanted.parse::<Range>(), read(scheme, &text)) else { return Ok(()) };
        if range.contains(&levels, &reading) == Containment::Inside && wanted != text {
            let apart = difference_of(&levels, &read(scheme, &wanted), &reading).level;
            prop_assert!(
                matches!(apart, Level::Equal | Level::WithinPrecision | Level::Incomparable(_)),
                "{} and {} by {:?}: {:?}", wanted, text, scheme, apart
            );
            if scheme != Scheme::ImageTag {
                let equal = order(&reading, &read(scheme, &wanted)).is_none_or(Ordering::is_eq);
                prop_assert!(equal, "{} and {} by {:?}", wanted, text, scheme);
            }
        }
    }

    /// What is inside or outside for `7` is so for whatever 7 stands for.
    #[test]
    fn what_is_told_of_a_short_tag_is_true_of_all_that_begin_with_it(
        range in range(), levels in levels(), short in proptest::collection::vec(0u32..4, 1..4), more in proptest::collection::vec(0u32..5, 1..4)
    ) {
        let tag = |numbers: &[u32]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        let reading = read(Scheme::ImageTag, &tag(&short));
        let told = range.contains(&levels, &reading);
        // Its own text is meant word for word.
        if reading.is_full_precision(&levels) || told == Containment::Unproven || range.to_string().split(", ").any(|condition| condition == tag(&short)) {
            return Ok(());
        }
        let long = read(Scheme::ImageTag, &tag(&[short, more].concat()));
        if long.is_unreleased() {
            return Ok(());
        }
        let of_long = range.contains(&levels, &long);
        prop_assert!(of_long == told || of_long == Containment::Unproven && !long.is_full_precision(&levels),
            "{} in {}: {:?}, and {}: {:?}", reading, range, told, long, of_long);
    }

    #[test]
    fn the_same_minor_holds_its_reading_and_nothing_a_minor_away(
        scheme in scheme(), levels in levels(), texts in [text(), text()]
    ) {
        let [own, other] = texts.map(|text| read(scheme, &text));
        let Some(range) = Range::same_minor(&levels, &own) else { return Ok(()) };
        prop_assert_eq!(range.contains(&levels, &own), Containment::Inside);
        let again: Range = range.to_string().parse().unwrap();
        prop_assert_eq!(&again, &range);
        if matches!(difference_of(&levels, &own, &other).level, Level::Minor | Level::Major) {
            prop_assert_ne!(range.contains(&levels, &other), Containment::Inside, "{} in {}", other, range);
        }
    }

    #[test]
    fn versions_a_minor_apart_do_not_share_one(scheme in scheme(), levels in levels(), texts in [version(), version()]) {
        let [own, other] = texts.map(|text| read(scheme, &text));
        let range = Range::same_minor(&levels, &own);
        prop_assert!(range.is_some(), "{} by {:?}", own, scheme);
        let inside = range.map(|range| range.contains(&levels, &other)) == Some(Containment::Inside);
        let apart = difference_of(&levels, &own, &other).level;
        prop_assert!(!inside || !matches!(apart, Level::Minor | Level::Major), "{} and {} by {:?}", own, other, scheme);
    }

    /// Two ranges with a comma between hold what both hold.
    #[test]
    fn a_comma_means_and(ranges in [condition(), condition()], text in version()) {
        let [a, b] = ranges;
        let (Ok(both), Ok(a), Ok(b)) = (format!("{a}, {b}").parse::<Range>(), a.parse::<Range>(), b.parse::<Range>()) else {
            return Ok(());
        };
        let reading = read_any(&text);
        let of = |range: &Range| range.contains(&Levels::DEFAULT, &reading);
        // A pre-release that one of them names may be in the other.
        if release(&reading).is_some() {
            prop_assert_eq!(of(&both), of(&a).max(of(&b)));
        }
    }

    /// A range that is refused for what it says would hold nothing. (dpkg reads `0-rc1` as a
    /// revision, above 0.)
    #[test]
    fn a_contradiction_holds_nothing(conditions in [condition(), condition()], text in version()) {
        let [a, b] = conditions;
        if format!("{a}, {b}").parse::<Range>().is_ok() {
            return Ok(());
        }
        if let (Ok(a), Ok(b)) = (a.parse::<Range>(), b.parse::<Range>()) {
            let reading = read_any(&text);
            let held = [&a, &b].map(|range| range.contains(&Levels::DEFAULT, &reading));
            let word_for_word = text == a.to_string() || text == b.to_string();
            prop_assert!(word_for_word || held != [Containment::Inside; 2], "{} in {} and {}", text, a, b);
        }
    }
}
