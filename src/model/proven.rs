//! Which release proved itself in an environment, by what the files of releases say.

use jiff::{SignedDuration, Timestamp};

use super::{EnvironmentName, Release, ReleaseType};

/// A release that was there for less proved nothing.
const HELD: SignedDuration = SignedDuration::from_hours(24);

/// The newest release that an environment ran for 24 hours, and when it came. One that was rolled
/// back is none, and neither is the way back to another.
pub fn proven_release<'a>(
    releases: &'a [Release],
    environment: &EnvironmentName,
    now: Timestamp,
) -> Option<(&'a Release, Timestamp)> {
    let came = |release: &'a Release| Some((*release.came.get(environment)?, release));
    let mut known: Vec<_> =
        releases.iter().filter_map(came).filter(|(came, _)| *came <= now).collect();
    known.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    let is_way_back = |release: &Release| release.kind == Some(ReleaseType::Rollback);
    for (index, (came, release)) in known.iter().enumerate().rev() {
        let next = known.get(index + 1);
        let until = next.map_or(now, |(came, _)| *came);
        let was_rolled_back = next.is_some_and(|(_, next)| is_way_back(next));
        if until.duration_since(*came) >= HELD && !was_rolled_back && !is_way_back(release) {
            return Some((*release, *came));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const NOW: &str = "2026-04-14T09:00:00Z";

    fn release(name: &str, came: &str, kind: Option<ReleaseType>) -> Release {
        let came = (!came.is_empty()).then(|| ("production".into(), came.parse().unwrap()));
        Release {
            name: name.to_owned(),
            previous: None,
            kind,
            gate: None,
            baseline: None,
            changed: BTreeMap::new(),
            train: BTreeMap::new(),
            freeze: None,
            exceptions: Vec::new(),
            came: came.into_iter().collect(),
        }
    }

    fn proven(releases: &[Release]) -> Option<(&str, String)> {
        let found = proven_release(releases, &"production".into(), NOW.parse().unwrap());
        found.map(|(release, came)| (release.name.as_str(), came.to_string()))
    }

    #[test]
    fn load_is_compared_with_the_newest_release_that_was_there_for_a_day() {
        let v21 = || release("v21", "2026-03-02T20:00:00Z", None);
        let found = Some(("v21", "2026-03-02T20:00:00Z".to_owned()));
        assert_eq!(proven(&[v21()]), found);
        // It came last evening.
        let v22 = release("v22", "2026-04-13T20:00:00Z", None);
        assert_eq!(proven(&[v22.clone(), v21()]), found);
        // It was there for a day and a half, and was rolled back.
        let v22 = Release {
            came: [("production".into(), "2026-04-11T20:00:00Z".parse().unwrap())].into(),
            ..v22
        };
        let back = release("v21-again", "2026-04-13T08:00:00Z", Some(ReleaseType::Rollback));
        assert_eq!(proven(&[back, v22.clone(), v21()]), found);
        assert_eq!(proven(&[v22, v21()]).unwrap().0, "v22");
    }

    #[test]
    fn load_is_compared_with_no_release_that_is_nowhere_or_in_the_future() {
        assert_eq!(proven(&[]), None);
        assert_eq!(proven(&[release("v21", "", None)]), None);
        assert_eq!(proven(&[release("v21", "2026-05-01T00:00:00Z", None)]), None);
        let elsewhere = Release {
            came: [("qualif".into(), "2026-01-01T00:00:00Z".parse().unwrap())].into(),
            ..release("v21", "", None)
        };
        assert_eq!(proven(&[elsewhere]), None);
    }
}
