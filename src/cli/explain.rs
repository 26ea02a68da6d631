//! `envparity explain`

use anyhow::anyhow;

use super::args::ExplainArguments;
use super::exit::Exit;
use super::{Failed, output};
use crate::rules::{self, RULES, RuleMeta};

pub(super) fn run(arguments: &ExplainArguments) -> Result<Exit, Failed> {
    let text = match &arguments.rule {
        None => list(),
        Some(id) => {
            let rule = rules::by_id(id).ok_or_else(|| {
                let known: Vec<&str> = RULES.iter().map(|rule| rule.meta().id).collect();
                anyhow!("there is no rule {id:?}; there are {}", known.join(", "))
            })?;
            page(rule.meta())
        }
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn list() -> String {
    let lines = RULES.iter().map(|rule| format!("{:<22}{}\n", rule.meta().id, rule.meta().summary));
    lines.collect::<String>() + "\nenvparity explain RULE tells why, and how to fix it.\n"
}

fn page(meta: &RuleMeta) -> String {
    let mut text =
        format!("{}\n\n{}\n\nWhy it is bad\n  {}\n\nHow to fix it\n  {}\n", meta.id, meta.summary, meta.why, meta.fix);
    text.push_str("\nSeverity by default (in a gate / elsewhere)\n");
    for (what, defaults) in meta.defaults {
        text.push_str(&format!("  {what}: {} / {}\n", defaults.in_gate, defaults.elsewhere));
    }
    if !meta.subsumes.is_empty() {
        text.push_str(&format!("\nStands for\n  {}\n", meta.subsumes.join(", ")));
    }
    text.push_str(&format!(
        "\nAnother severity, in the policy\n  rules:\n  - {{rule: {}, components: [\"…\"], severity: low}}\n",
        meta.id
    ));
    text
}
