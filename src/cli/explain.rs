//! `envparity explain`

use anyhow::anyhow;

use super::args::ExplainArguments;
use super::exit::Exit;
use super::{CommandError, output};
use crate::model::meant_and_known;
use crate::policy::{rule_meta, rule_metas};
use crate::rules::RuleMeta;

pub(super) fn run(arguments: &ExplainArguments) -> Result<Exit, CommandError> {
    let text = match &arguments.rule {
        None => list(),
        Some(id) => {
            let meta = rule_meta(id).ok_or_else(|| {
                let known: Vec<&str> = rule_metas().map(|meta| meta.id).collect();
                anyhow!("unknown rule {id:?}; {}", meant_and_known(id, &known))
            })?;
            page(meta)
        }
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn list() -> String {
    let lines = rule_metas().map(|meta| format!("{:<22}{}\n", meta.id, meta.summary));
    lines.collect::<String>() + "\nenvparity explain RULE tells why, and how to fix it.\n"
}

fn page(meta: &RuleMeta) -> String {
    let mut text = format!(
        "{}\n\n{}\n\nWhy it is bad\n  {}\n\nHow to fix it\n  {}\n",
        meta.id, meta.summary, meta.why, meta.fix
    );
    text.push_str("\nSeverity by default (in a gate / elsewhere)\n");
    for (what, defaults) in meta.defaults {
        text.push_str(&format!("  {what}: {} / {}\n", defaults.in_gate, defaults.elsewhere));
    }
    if !meta.subsumes.is_empty() {
        text.push_str(&format!("\nStands for\n  {}\n", meta.subsumes.join(", ")));
    }
    text.push_str(&format!(
        "\nAnother severity, in the policy\n  rules:\n  - {{rule: {}, components: [\"…\"], \
         severity: low}}\n",
        meta.id
    ));
    text
}
