//! How much each gate compared, in words that every format shares: what a verdict rests on.

use crate::model::{Audit, GateCompared, Purpose, count, has_or_have};

/// What stands where no gate was judged.
pub(in crate::report) const NOTHING: &str = "nothing: no gate was judged";

/// Names of components without a counterpart in formats that have room.
pub(in crate::report) const NAMES: usize = 8;

/// A sentence for each gate, or that there is none; nothing for a diff.
pub(in crate::report) fn gate_sentences(audit: &Audit, most: usize) -> Vec<String> {
    match audit.purpose {
        Purpose::Diff => Vec::new(),
        Purpose::Audit if audit.compared.is_empty() => vec![NOTHING.to_owned()],
        Purpose::Audit => audit.compared.iter().map(|one| gate_sentence(one, most)).collect(),
    }
}

/// `31 of 33 components of ovh-production have a counterpart in qualif (not there: a, b and 2 more)`,
/// with so many names at most.
pub(in crate::report) fn gate_sentence(one: &GateCompared, most: usize) -> String {
    let GateCompared { gate, with_counterpart, of, without } = one;
    let verb = has_or_have(*with_counterpart, *of);
    let components = count(*of, "component");
    let head = format!(
        "{with_counterpart} of {components} of {} {verb} a counterpart in {}",
        gate.to, gate.from
    );
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
    let names: Vec<&str> = without.iter().take(shown).map(|name| name.as_str()).collect();
    match (names.len(), missing - names.len().min(missing)) {
        (0, _) => head,
        (_, 0) => format!("{head} (not there: {})", names.join(", ")),
        (_, more) => format!("{head} (not there: {} and {more} more)", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Gate;

    fn told(with_counterpart: usize, without: &[&str], more: usize) -> String {
        let one = GateCompared {
            gate: Gate { from: "qualif".into(), to: "prod".into() },
            with_counterpart,
            of: with_counterpart + without.len() + more,
            without: without.iter().map(|name| (*name).into()).collect(),
        };
        gate_sentence(&one, 3)
    }

    #[test]
    fn a_sentence_counts_and_names_what_has_no_counterpart() {
        let none = GateCompared {
            gate: Gate { from: "qualif".into(), to: "prod".into() },
            with_counterpart: 1,
            of: 2,
            without: vec!["a".into()],
        };
        assert!(!gate_sentence(&none, 0).contains("without"));
        assert_eq!(told(31, &[], 0), "31 of 31 components of prod have a counterpart in qualif");
        assert_eq!(told(1, &[], 0), "1 of 1 component of prod has a counterpart in qualif");
        let nothing = "0 of 0 components of prod have a counterpart in qualif: none was seen";
        assert_eq!(told(0, &[], 0), nothing);
        let head = "1 of 5 components of prod has a counterpart in qualif";
        let four = told(1, &["a", "b", "c", "d"], 0);
        assert_eq!(four, format!("{head} (not there: a, b, c, d)"));
        let head = "0 of 5 components of prod have a counterpart in qualif";
        let five = told(0, &["a", "b", "c", "d", "e"], 0);
        assert_eq!(five, format!("{head} (not there: a, b, c and 2 more)"));
        let cut = told(0, &["a", "b"], 40);
        assert!(cut.ends_with("(not there: a, b and 40 more)"), "{cut}");
    }
}
