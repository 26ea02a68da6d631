//! Names that are probably meant: how many letters two are apart.

/// Two names this far apart have little in common.
const FAR: usize = 3;

/// The name that is at most two letters away and shares most of its letters, the nearest first.
pub fn nearest_name<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    // Letters that one has more are letters apart.
    let known = known.filter(|other| other.chars().count().abs_diff(length) < FAR);
    // Two letters in the wrong order are one mistake.
    let by_distance =
        known.map(|other| (strsim::osa_distance(&name, &other.to_lowercase()), other));
    let is_near = |distance: usize| distance < FAR && (distance == 0 || distance * 2 <= length);
    by_distance.filter(|(distance, _)| is_near(*distance)).min().map(|(_, other)| other)
}

/// What helps with an unknown name: the one that is probably meant, else all that are known.
pub fn meant_or_known(name: &str, known: &[&str]) -> String {
    match nearest_name(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => list_known(known),
    }
}

/// The same with both, for a message that has no advice beside it.
pub fn meant_and_known(name: &str, known: &[&str]) -> String {
    let all = list_known(known);
    match nearest_name(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near}? {all}"),
        None => all,
    }
}

/// Names that are listed at most; all are counted.
const LISTED: usize = 20;

fn list_known(known: &[&str]) -> String {
    // One more name is shorter than the words that count it.
    let shown = if known.len() <= LISTED + 1 { known.len() } else { LISTED };
    match (shown, known.len() - shown) {
        (0, _) => "known: none".to_owned(),
        (_, 0) => format!("known: {}", known.join(", ")),
        (_, more) => format!("known: {} and {more} more", known[..shown].join(", ")),
    }
}

/// How many letters are to be added, left out or changed.
pub fn letters_apart(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_near_whatever_its_case() {
        let known = ["qualif", "prod", "dev", "url"];
        for (written, meant) in
            [("qualfi", "qualif"), ("PROD", "prod"), ("prd", "prod"), ("ur", "url"), ("dve", "dev")]
        {
            assert_eq!(nearest_name(written, known.into_iter()), Some(meant), "{written}");
        }
        assert_eq!(nearest_name("xy", known.into_iter()), None);
        assert_eq!(meant_or_known("staging", &["a", "b"]), "known: a, b");
        assert_eq!(meant_or_known("staging", &[]), "known: none");
        let many = ["a"; 100];
        assert!(meant_or_known("staging", &many).ends_with("a, a and 80 more"));
        assert_eq!(meant_and_known("prd", &["dev", "prod"]), "did you mean prod? known: dev, prod");
    }
}
