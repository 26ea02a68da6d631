//! The checklist for a merge request or a release note.

use crate::model::{Checklist, ItemSection};
use crate::report::escape::{markdown, markdown_code};
use crate::report::view::checklist as words;

/// The checklist as Markdown.
pub(super) fn render_text(checklist: &Checklist) -> String {
    let mut text = format!("## {}\n\n", markdown(&words::summary_sentence(checklist)));
    let at = words::local_time(checklist, checklist.run.at);
    let gate = checklist.gate.to_string();
    text.push_str(&format!("{} · {}\n\n", markdown(&gate), markdown(&at)));
    text.push_str(&format!("{}\n\n", markdown(&words::subject_words(checklist))));
    text.push_str(&format!("{}\n\n", markdown(&words::judged_by(checklist))));
    for line in words::override_lines(checklist) {
        text.push_str(&format!("**{}**\n\n", markdown(&line)));
    }
    text.push_str("| | item | outcome | seen | must be |\n|---:|---|---|---|---|\n");
    let mut number = 0;
    for section in ItemSection::ALL {
        for item in checklist.items.iter().filter(|item| item.section == section) {
            number += 1;
            let seen: Vec<String> = item.lines.iter().map(|line| markdown(&line.seen)).collect();
            let musts = item.lines.iter().map(|line| &line.must).filter(|must| !must.is_empty());
            let mut must: Vec<String> = musts.map(|must| markdown_code(must)).collect();
            must.dedup();
            text.push_str(&format!(
                "| {number} | {} | **{}** | {} | {} |\n",
                markdown(&item.id),
                words::outcome_words(item.outcome()),
                seen.join("<br>"),
                must.join("<br>")
            ));
        }
    }
    let steps = words::next_steps(checklist);
    if !steps.is_empty() {
        text.push_str("\n### Next\n\n");
    }
    for (settle, items) in steps {
        text.push_str(&format!(
            "- {}: settles {}; {}\n",
            markdown_code(&settle.command),
            markdown(&items.join(", ")),
            markdown(&settle.takes)
        ));
    }
    text
}
