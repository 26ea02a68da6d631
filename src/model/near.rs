//! Names that are probably meant: how many letters two are apart.

/// Two names this far apart have little in common.
const FAR: usize = 3;

/// The name that is at most two letters away, the nearest first.
pub fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let by_distance = known.map(|other| (letters_apart(name, other), other));
    by_distance.filter(|(distance, _)| *distance < FAR).min().map(|(_, other)| other)
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
