//! How the builds of a release stand in production.

use crate::model::{Build, ComponentName, Train, TrainDifference, differences};

/// How wanted builds stand among those that run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BuildsSeen {
    /// Components of which a wanted build runs, beside others perhaps.
    pub(super) there: Vec<ComponentName>,
    /// Components of which exactly the wanted builds run.
    pub(super) complete: usize,
    /// Those of which they do not, in words.
    pub(super) open: Vec<String>,
    /// Those of which nobody knows, in words.
    pub(super) unknown: Vec<String>,
}

impl BuildsSeen {
    /// Whether exactly what is wanted runs.
    pub(super) fn is_complete(&self) -> bool {
        self.open.is_empty() && self.unknown.is_empty()
    }
}

/// Looks for wanted builds; with `alone`, what is not wanted may not run.
pub(super) fn seen(wanted: &Train, found: &Train, alone: bool) -> BuildsSeen {
    let mut seen = BuildsSeen::default();
    for (name, difference) in differences(wanted, found) {
        let is_wanted = wanted.contains_key(&name);
        if is_wanted && runs_any(&wanted[&name], found.get(&name)) {
            seen.there.push(name.clone());
        }
        let short = name.short_name();
        match difference {
            TrainDifference::Same => seen.complete += 1,
            TrainDifference::Differs(_, there) => seen.open.push(format!("{short} runs {there}")),
            TrainDifference::Missing(_) => seen.open.push(format!("{short} does not run")),
            TrainDifference::Unexpected(there) if alone => {
                seen.open.push(format!("{short} runs {there}"));
            }
            TrainDifference::Unexpected(_) => {}
            TrainDifference::NotProven(there) => {
                seen.unknown.push(format!("{short} runs {there}, and by digest nobody knows"));
            }
        }
    }
    seen
}

/// Whether a train has a build of these.
pub fn has_build_of(train: &Train, builds: &Train) -> bool {
    !seen(builds, train, false).there.is_empty()
}

fn runs_any(wanted: &[Build], found: Option<&Vec<Build>>) -> bool {
    let is_one = |build: &Build| wanted.iter().any(|one| one.same_content(build) == Some(true));
    found.is_some_and(|found| found.iter().any(is_one))
}

/// `timemachine v21 -> v22 (+5)`: what became another build.
pub(super) fn change_in_words(before: &Train, changed: &Train, names: &[ComponentName]) -> String {
    let Some(first) = names.first() else { return "nothing".to_owned() };
    let version = |train: &Train| {
        let builds = train.get(first)?;
        let versions: Vec<&str> = builds.iter().map(|build| build.version.as_str()).collect();
        (!versions.is_empty()).then(|| versions.join(" and "))
    };
    let was = version(before).map(|was| format!("{was} -> ")).unwrap_or_default();
    let is = version(changed).unwrap_or_default();
    let more = match names.len() {
        0 | 1 => String::new(),
        many => format!(" (+{})", many - 1),
    };
    format!("{} {was}{is}{more}", first.short_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn train(rows: &[(&str, &[&str])]) -> Train {
        let build = |digest: &&str| Build {
            version: format!("v{digest}"),
            digests: if digest.is_empty() {
                Vec::new()
            } else {
                vec![Digest::Repository(format!("sha256:{digest}"))]
            },
        };
        let row = |(name, digests): &(&str, &[&str])| {
            ((*name).into(), digests.iter().map(build).collect())
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn a_rollout_is_there_before_it_is_complete() {
        let wanted = train(&[("image/a", &["22"]), ("image/b", &["32"])]);
        let names = |seen: &BuildsSeen| seen.there.len();
        let none = seen(&wanted, &train(&[("image/a", &["21"]), ("image/b", &["31"])]), false);
        assert_eq!((names(&none), none.complete, none.open.len()), (0, 0, 2));
        let half =
            seen(&wanted, &train(&[("image/a", &["21", "22"]), ("image/b", &["31"])]), false);
        assert_eq!((names(&half), half.complete, half.is_complete()), (1, 0, false));
        let whole = train(&[("image/a", &["22"]), ("image/b", &["32"]), ("image/c", &["9"])]);
        assert!(seen(&wanted, &whole, false).is_complete());
        // Back is back: what the target does not have must be gone.
        assert_eq!(seen(&wanted, &whole, true).open, ["c runs v9 9"]);
        let unknown = seen(&wanted, &train(&[("image/a", &["22"]), ("image/b", &[""])]), false);
        assert_eq!((unknown.unknown.len(), unknown.is_complete()), (1, false));
    }

    #[test]
    fn a_change_names_the_first_and_counts_the_others() {
        let (was, is) = (train(&[("image/t/a", &["21"])]), train(&[("image/t/a", &["22"])]));
        let names = ["image/t/a".into(), "image/t/b".into()];
        assert_eq!(change_in_words(&was, &is, &names), "a v21 -> v22 (+1)");
        assert_eq!(change_in_words(&Train::new(), &is, &names[..1]), "a v22");
    }
}
