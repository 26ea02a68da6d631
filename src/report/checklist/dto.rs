//! A checklist as the public report, version 1.

use std::collections::BTreeMap;

use crate::model::{Checklist, ChecklistItem, ItemFigure, ItemLine, Override, Run, Settle};
use crate::report::PROGRAM;
use crate::wire::checklist as v1;
use crate::wire::header::{FileKind, FormatVersion};

/// The public report, which YAML and JSON spell.
pub fn checklist_dto(checklist: &Checklist) -> v1::ChecklistReport {
    let Checklist { release, gate, verdict, items, load, windows_left_out, overrides, run } =
        checklist;
    v1::ChecklistReport {
        api_version: FormatVersion::V1,
        kind: FileKind::ChecklistReport,
        verdict: verdict.as_str().to_owned(),
        release: v1::JudgedRelease {
            name: release.name.clone(),
            release_type: release.kind.as_str().to_owned(),
            previous: release.previous.clone(),
            changed: release.changed.iter().map(ToString::to_string).collect(),
            services: release.services,
            came: release.came.first.map(|came| came.at),
            came_by: release.came.first.map(|came| came.by.as_str().to_owned()),
            complete: release.came.complete.map(|came| came.at),
            complete_by: release.came.complete.map(|came| came.by.as_str().to_owned()),
            baseline: release.baseline.clone(),
            baseline_told: release.baseline_told.clone(),
            digest: release.digest.clone(),
        },
        gate: [gate.from.to_string(), gate.to.to_string()],
        items: items.iter().map(item_dto).collect(),
        load: load.clone(),
        windows_left_out: windows_left_out.iter().map(|&word| word.to_owned()).collect(),
        overrides: overrides.iter().map(overridden_dto).collect(),
        run: of_run(run),
    }
}

/// How a run was made, and what it became in the history.
pub(in crate::report) fn of_run(run: &Run) -> v1::ChecklistRun {
    let history = run.history.as_ref().map(|stored| {
        BTreeMap::from([
            ("run".to_owned(), stored.run.to_string()),
            ("digest".to_owned(), stored.digest.clone()),
        ])
    });
    v1::ChecklistRun {
        at: run.at,
        host: run.host.clone(),
        tool: PROGRAM.to_owned(),
        profiles: run.profiles.clone(),
        policy: run.policy.clone(),
        commit: run.commit.clone(),
        history: history.unwrap_or_default(),
    }
}

fn overridden_dto(one: &Override) -> v1::OverriddenRun {
    v1::OverriddenRun {
        run: one.of.clone(),
        verdict: one.verdict.as_str().to_owned(),
        judged: one.judged,
        by: one.by.clone(),
        approved_by: one.approved_by.clone(),
        reason: one.reason.clone(),
        at: one.at,
        four_eyes: one.four_eyes,
        claims: one.claims.clone(),
    }
}

fn item_dto(item: &ChecklistItem) -> v1::Item {
    let seen = |line: &ItemLine| v1::Seen {
        outcome: line.outcome.as_str().to_owned(),
        text: line.seen.clone(),
        must: line.must.clone(),
    };
    let settle = |settle: &Settle| v1::SettledBy {
        command: settle.command.clone(),
        takes: settle.takes.clone(),
    };
    v1::Item {
        item: item.id.clone(),
        section: item.section.as_str().to_owned(),
        outcome: item.outcome().as_str().to_owned(),
        seen: item.lines.iter().map(seen).collect(),
        figures: item.figures.iter().map(figure_dto).collect(),
        settle: item.settle.as_ref().map(settle),
    }
}

/// A figure, in full precision.
pub(in crate::report) fn figure_dto(figure: &ItemFigure) -> v1::Figure {
    v1::Figure {
        name: figure.name.clone(),
        value: figure.value,
        unit: figure.unit.to_owned(),
        limit: figure.limit,
        baseline: figure.baseline,
        source: figure.source.clone(),
    }
}
