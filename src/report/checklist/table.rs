//! The checklist for a terminal: an item a line, what it must be behind it, and what to do next.

use textwrap::core::display_width;

use crate::model::{Checklist, ChecklistItem, ItemOutcome, ItemSection, Verdict};
use crate::report::RenderOptions;
use crate::report::escape::terminal;
use crate::report::table::grid::{Paint, prose_options};
use crate::report::view::checklist as words;

/// Columns where nobody says how many there are.
const USUAL: usize = 120;
/// Fewer would leave no room for what was seen.
const NARROWEST: usize = 60;
/// `INCOMPLETE` and two blanks.
const OUTCOME: usize = 12;
/// What it must be, at most.
const MUST: usize = 24;

/// The checklist as lines of text.
pub(super) fn render_text(checklist: &Checklist, view: &RenderOptions) -> String {
    let paint = Paint(view.color);
    let width = view.width.unwrap_or(USUAL).max(NARROWEST);
    let layout = Layout::new(checklist, width, paint);
    let mut text = head_lines(checklist, width, paint);
    let mut number = 0;
    for section in ItemSection::ALL {
        let items: Vec<&ChecklistItem> =
            checklist.items.iter().filter(|item| item.section == section).collect();
        if items.is_empty() {
            continue;
        }
        text.push_str(
            &layout.section_heading(&words::section_heading(section, checklist), number == 0),
        );
        for item in items {
            number += 1;
            text.push_str(&layout.item_lines(number, item));
        }
    }
    text.push('\n');
    text.push_str(&next(checklist, width, paint));
    text.push_str(&last_line(checklist, view, width, paint));
    text
}

fn head_lines(checklist: &Checklist, width: usize, paint: Paint) -> String {
    let command = format!("envparity checklist --release {}", terminal(&checklist.release.name));
    let at = words::local_time(checklist, checklist.run.at);
    let run = &checklist.run;
    let short = |digest: &str| digest.chars().take(6).collect::<String>();
    let digest = if run.policy.is_empty() {
        format!("profiles {}", short(&run.profiles))
    } else {
        format!("profiles {} · policy {}", short(&run.profiles), short(&run.policy))
    };
    let gate = terminal(&checklist.gate.to_string());
    let first = format!("{}  {at} · {gate} · {digest}", paint.bold(&command));
    let subject = terminal(&words::subject_words(checklist));
    let judged = paint.yellow(&terminal(&words::judged_by(checklist)));
    let mut lines = vec![first, subject, judged];
    let overridden = words::override_lines(checklist).into_iter();
    lines.extend(overridden.map(|line| paint.red(&terminal(&line))));
    lines.iter().map(|line| textwrap::fill(line, prose_options(width)) + "\n").collect::<String>()
        + "\n"
}

/// Where columns begin.
struct Layout {
    name: usize,
    seen: usize,
    must: usize,
    paint: Paint,
}

impl Layout {
    fn new(checklist: &Checklist, width: usize, paint: Paint) -> Self {
        let items = checklist.items.iter();
        let name = items.clone().map(|item| display_width(&terminal(&item.id))).max();
        let name = name.unwrap_or_default().min(30) + 4;
        let lines = items.flat_map(|item| &item.lines);
        let must = lines.map(|line| display_width(&terminal(&line.must))).max();
        let must = must.unwrap_or_default().min(MUST);
        let left = name + OUTCOME;
        let seen = width.saturating_sub(left + must + 2).max(20);
        Self { name, seen, must, paint }
    }

    fn section_heading(&self, words: &str, is_first: bool) -> String {
        if !is_first {
            let width = self.name + OUTCOME + self.seen + 2 + self.must;
            let heading = textwrap::fill(&terminal(words), prose_options(width));
            return format!("{}\n", self.paint.bold(&heading));
        }
        let heading = self.paint.bold(&terminal(words));
        let left = self.name + OUTCOME;
        let gap = " ".repeat(left.saturating_sub(display_width(words)).max(1));
        format!("{heading}{gap}{:seen$}  must be\n", "seen", seen = self.seen)
    }

    fn item_lines(&self, number: usize, item: &ChecklistItem) -> String {
        let mut text = String::new();
        let name = format!("{number:2} {}", terminal(&item.id));
        let outcome = words::outcome_words(item.outcome());
        let painted = match item.outcome() {
            ItemOutcome::NoGo => self.paint.red(&outcome),
            ItemOutcome::Incomplete => self.paint.yellow(&outcome),
            ItemOutcome::Go => self.paint.green(&outcome),
            ItemOutcome::Skipped | ItemOutcome::NotApplicable => outcome.clone(),
        };
        let mut left =
            format!("{}{painted}{}", pad_end(&name, self.name), padding_of(&outcome, OUTCOME));
        let mut before = "";
        for line in &item.lines {
            let seen = terminal(&line.seen);
            let seen = textwrap::wrap(&seen, prose_options(self.seen));
            // What it must be is told once for lines that follow each other.
            let must = if line.must == before { String::new() } else { terminal(&line.must) };
            before = &line.must;
            let must = textwrap::wrap(&must, prose_options(self.must.max(1)));
            for row in 0..seen.len().max(must.len()) {
                let seen = seen.get(row).map_or("", |text| text);
                let must = must.get(row).map_or("", |text| text);
                let right = format!("{}  {must}", pad_end(seen, self.seen));
                text.push_str(format!("{left}{right}").trim_end());
                text.push('\n');
                left = " ".repeat(self.name + OUTCOME);
            }
        }
        text
    }
}

fn pad_end(text: &str, width: usize) -> String {
    format!("{text}{}", padding_of(text, width))
}

fn padding_of(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(display_width(text)))
}

/// What settles what, the worst first.
fn next(checklist: &Checklist, width: usize, paint: Paint) -> String {
    let mut text = String::new();
    let numbered = words::number_items(checklist);
    let number = |id: &str| {
        let found = numbered.iter().find(|(_, item)| item.id == id);
        found.map(|(number, _)| number.to_string()).unwrap_or_default()
    };
    for (settle, items) in words::next_steps(checklist) {
        let mut numbers: Vec<String> = items.iter().map(|id| number(id)).collect();
        let last = numbers.pop().unwrap_or_default();
        let all = match numbers.as_slice() {
            [] => last,
            others => format!("{} and {last}", others.join(", ")),
        };
        let head = if text.is_empty() { paint.bold("NEXT") } else { "    ".to_owned() };
        let first = format!("{head}  ");
        let line =
            format!("{}   settles {all}, {}", terminal(&settle.command), terminal(&settle.takes));
        let options = prose_options(width).initial_indent(&first).subsequent_indent("      ");
        text.push_str(&textwrap::fill(&line, options));
        text.push('\n');
    }
    text
}

fn last_line(checklist: &Checklist, view: &RenderOptions, width: usize, paint: Paint) -> String {
    let exit = if view.report_only {
        "exit 0 with --report-only".to_owned()
    } else {
        format!("exit {}", view.exit)
    };
    let line = format!("{} ({exit})", terminal(&words::summary_sentence(checklist)));
    let line = textwrap::fill(&line, prose_options(width));
    let painted = match checklist.verdict {
        Verdict::Go => paint.green(&line),
        Verdict::NoGo => paint.red(&line),
        Verdict::Incomplete => paint.yellow(&line),
    };
    format!("{painted}\n")
}
