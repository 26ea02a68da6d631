//! How much each gate compared, in words that every format shares: what a verdict rests on.

use super::Audit;
use crate::model::{self, has_or_have};
use crate::wire::report::GateCompared;

/// What stands where no gate was judged.
pub(super) const NOTHING: &str = "nothing: no gate was judged";

/// Names of components without a counterpart that a report holds at most; all are counted.
const MOST: usize = 100;

/// Each gate with its numbers.
pub(super) fn public(report: &Audit) -> Vec<GateCompared> {
    let to_public = |one: &model::GateCompared| GateCompared {
        gate: [one.gate.from.to_string(), one.gate.to.to_string()],
        with_counterpart: one.with_counterpart,
        of: one.of,
        without: one.without.iter().take(MOST).map(ToString::to_string).collect(),
    };
    report.compared.iter().map(to_public).collect()
}

/// `31 of 33 components of ovh-production have a counterpart in qualif (without: a, b and 2 more)`,
/// with so many names at most.
pub(super) fn sentence(one: &GateCompared, most: usize) -> String {
    let GateCompared { gate: [from, to], with_counterpart, of, without } = one;
    let noun = if *of == 1 { "component" } else { "components" };
    let verb = has_or_have(*with_counterpart, *of);
    let head = format!("{with_counterpart} of {of} {noun} of {to} {verb} a counterpart in {from}");
    if *of == 0 {
        return format!("{head}: none was seen");
    }
    let missing = of.saturating_sub(*with_counterpart);
    // One more name is shorter than the words that count it.
    let shown = match most {
        0 => 0,
        _ if missing <= most.saturating_add(1) => missing,
        _ => most,
    };
    let names: Vec<&str> = without.iter().take(shown).map(String::as_str).collect();
    match (names.len(), missing - names.len().min(missing)) {
        (0, _) => head,
        (_, 0) => format!("{head} (without: {})", names.join(", ")),
        (_, more) => format!("{head} (without: {} and {more} more)", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(with_counterpart: usize, without: &[&str], more: usize) -> String {
        let one = GateCompared {
            gate: ["qualif".to_owned(), "prod".to_owned()],
            with_counterpart,
            of: with_counterpart + without.len() + more,
            without: without.iter().map(|name| (*name).to_owned()).collect(),
        };
        sentence(&one, 3)
    }

    #[test]
    fn a_sentence_counts_and_names_what_has_no_counterpart() {
        let none = GateCompared {
            gate: Default::default(),
            with_counterpart: 1,
            of: 2,
            without: vec!["a".to_owned()],
        };
        assert!(!sentence(&none, 0).contains("without"));
        assert_eq!(told(31, &[], 0), "31 of 31 components of prod have a counterpart in qualif");
        assert_eq!(told(1, &[], 0), "1 of 1 component of prod has a counterpart in qualif");
        let nothing = "0 of 0 components of prod have a counterpart in qualif: none was seen";
        assert_eq!(told(0, &[], 0), nothing);
        let head = "1 of 5 components of prod has a counterpart in qualif";
        let four = told(1, &["a", "b", "c", "d"], 0);
        assert_eq!(four, format!("{head} (without: a, b, c, d)"));
        let head = "0 of 5 components of prod have a counterpart in qualif";
        let five = told(0, &["a", "b", "c", "d", "e"], 0);
        assert_eq!(five, format!("{head} (without: a, b, c and 2 more)"));
        let cut = told(0, &["a", "b"], 40);
        assert!(cut.ends_with("(without: a, b and 40 more)"), "{cut}");
    }
}
