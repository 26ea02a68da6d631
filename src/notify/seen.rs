//! What a run saw, as far as somebody may be told of it: of an audit, of a checklist.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::{
    AfterEnd, AfterResult, Audit, Checklist, EnvironmentName, Gate, ItemFigure, ItemOutcome,
    Reason, ReasonKind, Verdict,
};

/// What a run says of a gate or a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectVerdict {
    /// Nothing blocks.
    Go,
    /// Something blocks.
    NoGo,
    /// Not everything that it needs is known.
    Incomplete,
    /// The release is to be taken back.
    RollBack,
}

impl From<Verdict> for SubjectVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Go => Self::Go,
            Verdict::NoGo => Self::NoGo,
            Verdict::Incomplete => Self::Incomplete,
        }
    }
}

/// One reason, with its value and its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedReason {
    /// Of the finding or the item; empty for what was not read.
    pub id: String,
    /// In words, with the value (untrusted).
    pub text: String,
    /// What it must be; empty if the words say it.
    pub limit: String,
}

/// A gate or a checklist, as a run saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedSubject {
    /// `qualif -> ovh-production`, or `checklist v22: qualif -> ovh-production`.
    pub key: String,
    /// What the run says.
    pub verdict: SubjectVerdict,
    /// Whether something that it needs is not known, whatever the verdict: what blocked before may
    /// only be hidden.
    pub is_incomplete: bool,
    /// What blocks, by id.
    pub blocking: BTreeSet<String>,
    /// Why, the worst first.
    pub reasons: Vec<ObservedReason>,
    /// Whose.
    pub environments: Vec<String>,
    /// The release, of a checklist.
    pub release: Option<String>,
}

/// A waiver that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedWaiver {
    /// Its name.
    pub id: String,
    /// The component that it is about.
    pub component: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts, in UTC.
    pub expires: Date,
}

/// Something that rose in a watched environment and has not come down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Names it from run to run.
    pub id: String,
    /// `ovh-production redis/cache: walk share 0.0 % -> 34 %` (untrusted).
    pub title: String,
    /// What else is known, a line each (untrusted).
    pub lines: Vec<String>,
    /// Where.
    pub environments: Vec<String>,
}

/// What a run saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedRun {
    /// When it began; one that began before the last one ended does not come behind it.
    pub began: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// Its digest in the history, abbreviated.
    pub run: Option<String>,
    /// Gates and checklists that it judged.
    pub subjects: Vec<ObservedSubject>,
    /// Waivers that count.
    pub waivers: Vec<ObservedWaiver>,
    /// Incidents that are not over; `None` if nothing was watched.
    pub incidents: Option<Vec<Incident>>,
}

impl ObservedRun {
    /// What an audit saw. An audit that judged no gate saw nothing that is told.
    pub fn of_audit(audit: &Audit) -> Self {
        let is_seen = |name: &EnvironmentName| {
            audit.environments.iter().any(|one| one.snapshot.environment == *name)
        };
        let gates = audit.gates.iter().filter(|gate| !audit.reports_only && is_seen(&gate.from));
        let gates = gates.filter(|gate| is_seen(&gate.to));
        let waivers = audit.waivers.iter().map(|judged| &judged.waiver);
        let at = audit.run.at;
        let duration = audit.run.duration.unwrap_or_default();
        Self {
            began: at.checked_sub(duration).unwrap_or(at),
            at,
            run: run_of(audit.run.history.as_ref()),
            subjects: gates.map(|gate| of_gate(audit, gate)).collect(),
            waivers: waivers
                .map(|waiver| ObservedWaiver {
                    id: waiver.id.clone(),
                    component: waiver.component.to_string(),
                    owner: waiver.owner.clone(),
                    expires: waiver.expires,
                })
                .collect(),
            incidents: None,
        }
    }

    /// What a checklist saw.
    pub fn of_checklist(checklist: &Checklist) -> Self {
        let at = checklist.run.at;
        let duration = checklist.run.duration.unwrap_or_default();
        Self {
            began: at.checked_sub(duration).unwrap_or(at),
            at,
            run: run_of(checklist.run.history.as_ref()),
            subjects: vec![of_release(checklist)],
            waivers: Vec::new(),
            incidents: None,
        }
    }
}

impl ObservedRun {
    /// What was seen of a release in the minutes after it went to production, or was taken back.
    pub fn of_after(result: &AfterResult) -> Self {
        let verdict = match result.end {
            AfterEnd::RollBack => SubjectVerdict::RollBack,
            other => other.verdict().into(),
        };
        let because = ObservedReason {
            id: result.end.as_str().to_owned(),
            text: result.because.clone(),
            limit: String::new(),
        };
        let mut reasons = vec![because];
        reasons.extend(result.figures.iter().filter_map(over_its_limit));
        let of =
            ObservedSubject::after_release(&result.release, &result.environment, verdict, reasons);
        Self {
            began: result.started,
            at: result.ended,
            run: run_of(result.run.history.as_ref()),
            subjects: vec![of],
            ..Self::default()
        }
    }
}

fn over_its_limit(figure: &ItemFigure) -> Option<ObservedReason> {
    let (value, limit) = (figure.value?, figure.limit?);
    let ItemFigure { name, unit, .. } = figure;
    (value > limit).then(|| ObservedReason {
        id: name.clone(),
        text: format!("{name}: {value:.1} {unit}").trim_end().to_owned(),
        limit: format!("<= {limit} {unit}").trim_end().to_owned(),
    })
}

impl ObservedSubject {
    /// What is seen of a release in the environment that it went to: what blocks there asks for it
    /// to be taken back.
    pub fn after_release(
        release: &str,
        environment: &EnvironmentName,
        verdict: SubjectVerdict,
        reasons: Vec<ObservedReason>,
    ) -> Self {
        let blocks = matches!(verdict, SubjectVerdict::NoGo | SubjectVerdict::RollBack);
        let blocking = reasons.iter().map(|reason| reason.id.clone()).filter(|id| !id.is_empty());
        Self {
            key: format!("after {release}: {environment}"),
            verdict,
            is_incomplete: verdict == SubjectVerdict::Incomplete,
            blocking: blocking.filter(|_| blocks).collect(),
            reasons,
            environments: vec![environment.to_string()],
            release: Some(release.to_owned()),
        }
    }
}

/// As `run:3f2a6c01` refers to it.
fn run_of(stored: Option<&crate::model::StoredRun>) -> Option<String> {
    Some(stored?.digest.chars().take(8).collect())
}

/// What an audit says of one of its gates: of several, each has what concerns it.
fn of_gate(audit: &Audit, gate: &Gate) -> ObservedSubject {
    let is_alone = audit.gates.len() == 1;
    let reasons = audit.judgement.reasons.iter();
    let own: Vec<&Reason> =
        reasons.filter(|reason| is_alone || concerns(audit, gate, reason)).collect();
    let has = |kind| own.iter().any(|reason| reason.kind == kind);
    let verdict = match (has(ReasonKind::Blocks), has(ReasonKind::Incomplete)) {
        _ if is_alone => audit.judgement.verdict.into(),
        (true, _) => SubjectVerdict::NoGo,
        (false, true) => SubjectVerdict::Incomplete,
        (false, false) => SubjectVerdict::Go,
    };
    let of_kind = |kind| own.iter().filter(move |reason| reason.kind == kind);
    let blocking = of_kind(ReasonKind::Blocks);
    let mut told: Vec<&&Reason> = blocking.clone().collect();
    told.sort_by_key(|reason| std::cmp::Reverse(reason.severity));
    told.extend(of_kind(ReasonKind::Incomplete));
    let limit = format!("under {}", audit.fail_on);
    ObservedSubject {
        key: gate.to_string(),
        verdict,
        is_incomplete: has(ReasonKind::Incomplete),
        blocking: blocking
            .filter_map(|reason| Some(reason.finding.as_ref()?.to_string()))
            .collect(),
        reasons: told
            .into_iter()
            .map(|reason| ObservedReason {
                id: reason.finding.as_ref().map(ToString::to_string).unwrap_or_default(),
                text: reason.text.clone(),
                limit: reason.finding.as_ref().map(|_| limit.clone()).unwrap_or_default(),
            })
            .collect(),
        environments: vec![gate.from.to_string(), gate.to.to_string()],
        release: None,
    }
}

/// Whether a reason is about a gate: what no gate is named by is about each.
fn concerns(audit: &Audit, gate: &Gate, reason: &Reason) -> bool {
    let sides = [&gate.from, &gate.to];
    let is_of = |gate: &Gate, named: &dyn Fn(&EnvironmentName) -> bool| {
        named(&gate.from) || named(&gate.to)
    };
    let finding = reason.finding.as_ref();
    let found = finding.and_then(|id| audit.findings.iter().find(|judged| judged.id == *id));
    if let Some(judged) = found {
        let of = &judged.finding.environments;
        let is_pair = |gate: &Gate| of.iter().all(|one| *one == gate.from || *one == gate.to);
        if audit.gates.iter().any(is_pair) {
            return is_pair(gate);
        }
        let touches = |gate: &Gate| is_of(gate, &|side| of.contains(side));
        return touches(gate) || !audit.gates.iter().any(touches);
    }
    let begins = |name: &EnvironmentName| {
        reason.text.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(' '))
    };
    sides.into_iter().any(begins) || !audit.gates.iter().any(|gate| is_of(gate, &begins))
}

fn of_release(checklist: &Checklist) -> ObservedSubject {
    let gate = &checklist.gate;
    let items = |outcome| checklist.items.iter().filter(move |item| item.outcome() == outcome);
    let mut reasons = Vec::new();
    for outcome in [ItemOutcome::NoGo, ItemOutcome::Incomplete] {
        for item in items(outcome) {
            let line = item.lines.iter().find(|line| line.outcome == outcome);
            reasons.push(ObservedReason {
                id: item.id.clone(),
                text: line
                    .map_or_else(|| item.id.clone(), |line| format!("{}: {}", item.id, line.seen)),
                limit: line.map(|line| line.must.clone()).unwrap_or_default(),
            });
        }
    }
    ObservedSubject {
        key: format!("checklist {}: {gate}", checklist.release.name),
        verdict: checklist.verdict.into(),
        is_incomplete: items(ItemOutcome::Incomplete).next().is_some(),
        blocking: items(ItemOutcome::NoGo).map(|item| item.id.clone()).collect(),
        reasons,
        environments: vec![gate.from.to_string(), gate.to.to_string()],
        release: Some(checklist.release.name.clone()),
    }
}
