//! What a policy wants to run, as people write it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{Glob, RangeRow, Requirement, Wanted, nearest_name};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// The only word that `pin:` knows.
const SAME_MINOR: &str = "same-minor";

/// One row: either `require:` versions, or `pin:` to the baseline's.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RangeConfig {
    /// A product and its versions, or versions alone: `redis >=7.0, <8`, `7.2.x`. A comma means
    /// that all must hold; a bare version is exactly that one.
    #[serde(default)]
    pub require: Option<Located<String>>,
    /// `same-minor`: less than a minor away from what the baseline runs.
    #[serde(default)]
    pub pin: Option<Located<String>>,
    /// Components, as patterns (default: every component that runs the product of `require:`).
    #[serde(default)]
    pub components: Vec<Located<String>>,
    /// Environments (default: all).
    #[serde(default)]
    pub environments: Vec<Located<String>>,
}

impl RangeConfig {
    /// The row, if it is in order.
    pub(super) fn to_row(&self) -> Option<RangeRow> {
        let wanted = match &self.require {
            Some(require) => Wanted::Versions(require.parse().ok()?),
            None => Wanted::SameMinor,
        };
        Some(RangeRow {
            wanted,
            components: self
                .components
                .iter()
                .filter_map(|pattern| Glob::new(pattern).ok())
                .collect(),
            environments: self.environments.iter().map(|name| name.as_str().into()).collect(),
        })
    }
}

/// Everything that is wrong with the rows of one file.
pub(in super::super) fn find_problems(rows: &[Located<RangeConfig>]) -> Vec<Problem> {
    rows.iter().flat_map(row_problems).collect()
}

fn row_problems(row: &Located<RangeConfig>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let components = "add components: [\"image/*\"]";
    match (&row.require, &row.pin) {
        (None, None) => {
            let advice = "write require: \"redis >=7.0, <8\", or pin: same-minor";
            problems.push(Problem::at(row, "a row of ranges: is empty", advice));
        }
        (Some(require), None) => match require.parse::<Requirement>() {
            Err(error) => problems.push(Problem::at(
                require,
                error.to_string(),
                "write it like \"redis >=7.0, <8\"",
            )),
            Ok(wanted) if !wanted.names_products() && row.components.is_empty() => {
                let advice =
                    format!("{components}, or the product: \"redis {}\"", require.as_str());
                problems.push(Problem::at(
                    require,
                    "the row does not say which components it is about",
                    advice,
                ));
            }
            Ok(_) => {}
        },
        (Some(_), Some(pin)) => {
            let advice = "make two rows of it; both must then hold";
            problems.push(Problem::at(pin, "one row has both require: and pin:", advice));
        }
        (None, Some(pin)) if pin.as_str() != SAME_MINOR => {
            let advice = match nearest_name(pin, [SAME_MINOR].into_iter()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("write pin: {SAME_MINOR}, or a range as require:"),
            };
            problems.push(Problem::at(pin, format!("unknown pin {:?}", pin.as_str()), advice));
        }
        (None, Some(pin)) if row.components.is_empty() => {
            problems.push(Problem::at(
                pin,
                "the row does not say which components it is about",
                components,
            ));
        }
        (None, Some(_)) => {}
    }
    for pattern in &row.components {
        if let Err(error) = Glob::new(pattern) {
            problems.push(Problem::at(pattern, error.to_string(), "patterns are like `image/*`"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml::{self, Origin};

    fn read(rows: &str) -> Vec<Located<RangeConfig>> {
        yaml::read(rows, Origin::Person).unwrap()
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let found = find_problems(&read(concat!(
            "- {require: \"redis >=8, <7\"}\n",
            "- {require: \">=7\"}\n",
            "- {components: [a]}\n",
            "- {pin: same-major, components: [a]}\n",
            "- {pin: same-minor}\n",
            "- {pin: same-minor, require: redis 7.2.x, components: [\"[\"]}\n",
        )));
        let told: Vec<(usize, &str)> =
            found.iter().map(|problem| (problem.line, problem.message.as_str())).collect();
        let contradiction = "\">=8, <7\" is not a version range: no version is both >=8 and <7, \
                             and a comma means that both must hold";
        assert_eq!(told[0], (1, contradiction));
        assert_eq!(told[1], (2, "the row does not say which components it is about"));
        assert_eq!(told[2], (3, "a row of ranges: is empty"));
        assert_eq!(told[3], (4, "unknown pin \"same-major\""));
        assert_eq!(told[4], (5, "the row does not say which components it is about"));
        assert_eq!(told[5], (6, "one row has both require: and pin:"));
        assert_eq!((told.len(), told[6].0), (7, 6));
        assert_eq!(
            (found[0].column, found[1].advice.contains("redis >=7")),
            (13, true),
            "{found:#?}"
        );
    }

    #[test]
    fn rows_in_order_are_taken_as_written() {
        let rows = read(
            "- {require: \"redis >=7.0, <8\", environments: [prod]}\n- {pin: same-minor, \
             components: [\"*\"]}\n",
        );
        assert!(find_problems(&rows).is_empty());
        let [first, second] = [&rows[0], &rows[1]].map(|row| row.to_row().unwrap());
        assert!(
            matches!(&first.wanted, Wanted::Versions(wanted) if wanted.products().eq(["redis"]))
        );
        assert_eq!((first.components.len(), first.environments.len()), (0, 1));
        assert!(
            matches!(second.wanted, Wanted::SameMinor)
                && second.components[0].is_match("redis/cache")
        );
    }
}
