//! What a reader of SARIF is told of each rule, and the index by which results name it.

use std::collections::{BTreeMap, BTreeSet};

use super::object::{Configuration, Help, Message, RuleProperties, SarifLevel, SarifRule};
use super::words;
use crate::model::Severity;
use crate::policy::rule_metas;
use crate::report::Audit;
use crate::rules::RuleMeta;

/// Tags of a rule at most: GitHub refuses a file with more.
const MAX_TAGS: usize = 20;

/// All rules in the order of their ids: those of this program, and what else the report names.
pub(super) struct Rules {
    pub(super) descriptors: Vec<SarifRule>,
    indices: BTreeMap<String, usize>,
}

impl Rules {
    pub(super) fn for_report(report: &Audit) -> Self {
        let gone = report
            .since
            .iter()
            .flat_map(|since| &since.gone)
            .map(|gone| gone.finding.rule.as_str());
        let named = report.findings.iter().map(|judged| judged.finding.rule).chain(gone);
        let known: BTreeMap<&str, &RuleMeta> = rule_metas().map(|meta| (meta.id, meta)).collect();
        let ids: BTreeSet<&str> = known.keys().copied().chain(named).collect();
        let mut controls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for judged in &report.findings {
            controls
                .entry(judged.finding.rule)
                .or_default()
                .extend(judged.controls.iter().map(String::as_str));
        }
        let tags = |id: &str| {
            let controls = controls.get(id).into_iter().flatten();
            controls.take(MAX_TAGS).map(|control| words::plain_text(control)).collect()
        };
        let descriptors =
            ids.iter().map(|id| rule_descriptor(id, known.get(id).copied(), tags(id))).collect();
        Self { descriptors, indices: ids.into_iter().map(str::to_owned).zip(0..).collect() }
    }

    /// Where the rule stands among them.
    pub(super) fn rule_index(&self, id: &str) -> usize {
        *self.indices.get(id).expect("every rule of the report was put there")
    }
}

fn rule_descriptor(id: &str, meta: Option<&RuleMeta>, tags: Vec<String>) -> SarifRule {
    let id = words::plain_text(id);
    let Some(meta) = meta else {
        let text = format!(
            "{id}: a finding that is not a rule's of this version, made by the policy or of an \
             earlier report"
        );
        let message = Message { text: text.clone() };
        return SarifRule {
            id,
            short_description: message.clone(),
            full_description: message,
            help: Help { markdown: text.clone(), text },
            default_configuration: Configuration { level: SarifLevel::Warning },
            properties: RuleProperties { tags },
        };
    };
    let worst =
        meta.defaults.iter().map(|(_, defaults)| defaults.in_gate.max(defaults.elsewhere)).max();
    SarifRule {
        short_description: Message { text: meta.summary.to_owned() },
        full_description: Message { text: meta.why.to_owned() },
        help: Help {
            text: format!(
                "{} Why it is bad: {} How to fix it: {}",
                meta.summary, meta.why, meta.fix
            ),
            markdown: format!(
                "{}\n\n*Why it is bad.* {}\n\n*How to fix it.* {}\n\n`envparity explain {id}` \
                 tells more.",
                meta.summary, meta.why, meta.fix
            ),
        },
        default_configuration: Configuration {
            level: sarif_level(worst.unwrap_or(Severity::Info)),
        },
        properties: RuleProperties { tags },
        id,
    }
}

/// The level of a finding of that severity.
pub(super) fn sarif_level(severity: Severity) -> SarifLevel {
    match severity {
        Severity::Critical | Severity::High => SarifLevel::Error,
        Severity::Medium => SarifLevel::Warning,
        Severity::Low | Severity::Info => SarifLevel::Note,
        Severity::Off => SarifLevel::None,
    }
}
