//! Sections of which as many rows are kept as fit, the most important first.

/// A part of the report that can be folded.
#[derive(Debug)]
pub(super) struct Section {
    /// What it is, with its counts; already Markdown.
    pub(super) title: String,
    /// Whether it is shown unfolded.
    pub(super) open: bool,
    /// In front of the rows: the head of a table, or nothing.
    pub(super) head: String,
    /// Its rows, in the order of their ranks: what is kept of them is how they begin.
    rows: Vec<BudgetRow>,
}

impl Section {
    /// Folded, with `rows` in the order of their ranks and, of one rank, in their own.
    pub(super) fn new(title: String, head: String, mut rows: Vec<BudgetRow>) -> Self {
        rows.sort_by_key(|row| row.rank);
        Self { title, open: false, head, rows }
    }
}

/// One line of a section.
#[derive(Debug)]
pub(super) struct BudgetRow {
    /// Rows of a higher rank are dropped first.
    pub(super) rank: u8,
    /// The line, already Markdown, with its end.
    pub(super) text: String,
}

/// Bullets in the first lines; one more says how many there are besides.
pub(super) const FIRST: usize = 5;

/// The rank of the matrix: its rows are dropped before all others.
pub(super) const MATRIX: u8 = 8;

/// What dropping rows may add to a text, for each section: two sentences with counts.
const SAID_OF_DROPPED: usize = 160;

/// The sections as text of at most `limit` bytes, and how many rows were dropped. From the first
/// row on that does not fit, in the order of ranks, all are dropped: what is shown is never less
/// important than what is not.
pub(super) fn fit_sections(sections: &[Section], limit: usize) -> (String, usize) {
    let mut order: Vec<(u8, usize, usize)> = Vec::new();
    for (s, section) in sections.iter().enumerate() {
        order.extend(section.rows.iter().enumerate().map(|(r, row)| (row.rank, s, r)));
    }
    order.sort_unstable();
    let mut kept = vec![0; sections.len()];
    let mut left = limit.saturating_sub(sections.len() * SAID_OF_DROPPED);
    for (_, s, r) in order {
        let Some((section, row)) =
            sections.get(s).and_then(|section| Some((section, section.rows.get(r)?)))
        else {
            continue;
        };
        let frame = if kept[s] == 0 { section_frame(section, &section.title, "").len() } else { 0 };
        let Some(rest) = left.checked_sub(row.text.len() + frame) else { break };
        left = rest;
        kept[s] += 1;
    }
    let texts = sections.iter().zip(&kept).map(|(section, kept)| section_text(section, *kept));
    let dropped = sections.iter().zip(&kept).map(|(section, kept)| section.rows.len() - kept).sum();
    (texts.collect(), dropped)
}

fn section_text(section: &Section, kept: usize) -> String {
    let all = section.rows.len();
    if all == 0 {
        return String::new();
    }
    if kept == 0 {
        return format!("\n{}: none of {all} shown, for length.\n", section.title);
    }
    let rows: String = section.rows.iter().take(kept).map(|row| row.text.as_str()).collect();
    let title = match all - kept {
        0 => section.title.clone(),
        _ => format!("{}: {kept} of {all} shown, for length", section.title),
    };
    section_frame(section, &title, &rows)
}

fn section_frame(section: &Section, title: &str, rows: &str) -> String {
    let open = if section.open { " open" } else { "" };
    format!("\n<details{open}>\n<summary>{title}</summary>\n\n{}{rows}\n</details>\n", section.head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(title: &str, ranks: &[u8]) -> Section {
        let rows = ranks
            .iter()
            .map(|rank| BudgetRow { rank: *rank, text: format!("- {title} {rank}\n") })
            .collect();
        Section::new(title.to_owned(), String::new(), rows)
    }

    #[test]
    fn what_fits_is_whole() {
        let (text, dropped) = fit_sections(&[section("a", &[1, 2]), section("b", &[])], 10_000);
        assert_eq!(dropped, 0);
        assert_eq!(text, "\n<details>\n<summary>a</summary>\n\n- a 1\n- a 2\n\n</details>\n");
    }

    #[test]
    fn the_least_important_goes_first_and_is_counted() {
        let sections = [section("a", &[1, 8]), section("b", &[2, 2, 9])];
        let frames = 2 * section_frame(&sections[0], "a", "").len();
        let (text, dropped) =
            fit_sections(&sections, 2 * SAID_OF_DROPPED + frames + 3 * "- a 1\n".len());
        assert_eq!(dropped, 2);
        assert!(text.contains("- a 1\n") && text.contains("- b 2\n- b 2\n"), "{text}");
        assert!(!text.contains("a 8") && !text.contains("b 9"), "{text}");
        assert!(text.contains("a: 1 of 2 shown") && text.contains("b: 2 of 3 shown"), "{text}");
    }

    #[test]
    fn no_limit_is_too_small_for_the_counts() {
        let sections = [section("a", &[1; 999]), section("b", &[1; 999])];
        for limit in 0..2_000 {
            let (text, dropped) = fit_sections(&sections, limit);
            assert!(text.len() <= limit.max(2 * SAID_OF_DROPPED), "{limit}: {}", text.len());
            assert_eq!(1_998 - text.lines().filter(|line| line.starts_with("- ")).count(), dropped);
        }
    }
}
