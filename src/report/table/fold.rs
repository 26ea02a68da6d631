//! How much of a long report is shown without `-v`: what fits a screen, the worst first.
//!
//! A small report is shown whole. Of a large one every section gives way in turn until all of them
//! together fit [`SCREEN`] lines; what is left out is counted where it would stand, and `-v` shows
//! it.

/// Lines of the first screen.
pub(super) const SCREEN: usize = 50;

/// At most so many of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fold {
    /// Rows of `PLATFORM`.
    pub(super) platform: usize,
    /// Rows of `OWN SERVICES`.
    pub(super) services: usize,
    /// Versions of own services that are counted, for each environment.
    pub(super) trains: usize,
    /// Redis servers with their figures.
    pub(super) servers: usize,
    /// Lines of figures for each of these.
    pub(super) figures: usize,
    /// Findings that are medium or worse.
    pub(super) serious: usize,
    /// Findings that are low.
    pub(super) minor: usize,
    /// Lines of `READ` and `WAIVERS`, for each environment and state; also notes, and findings that
    /// are gone.
    pub(super) lines: usize,
    /// Characters of what a server says.
    pub(super) message: usize,
}

impl Fold {
    /// Whether there is hardly room for findings.
    pub(super) fn is_tight(&self) -> bool {
        self.lines <= 1
    }
}

/// Everything, as `-v` shows it.
pub(super) const ALL: Fold = Fold {
    platform: usize::MAX,
    services: usize::MAX,
    trains: usize::MAX,
    servers: usize::MAX,
    figures: usize::MAX,
    serious: usize::MAX,
    minor: usize::MAX,
    lines: usize::MAX,
    message: usize::MAX,
};

/// From roomy to narrow. Rows give way before findings: a finding names its component and both
/// sides.
#[rustfmt::skip]
pub(super) const LADDER: [Fold; 28] = [
    Fold { platform: 30, services: 20, trains: 6, servers: 3, figures: 4, serious: 30, minor: 6, lines: 10, message: 160 },
    Fold { platform: 24, services: 16, trains: 4, servers: 2, figures: 4, serious: 24, minor: 6, lines: 8, message: 120 },
    Fold { platform: 20, services: 12, trains: 4, servers: 1, figures: 4, serious: 20, minor: 6, lines: 6, message: 100 },
    Fold { platform: 16, services: 10, trains: 3, servers: 1, figures: 4, serious: 18, minor: 5, lines: 4, message: 100 },
    Fold { platform: 14, services: 9, trains: 3, servers: 1, figures: 4, serious: 16, minor: 5, lines: 4, message: 100 },
    Fold { platform: 12, services: 8, trains: 3, servers: 1, figures: 4, serious: 16, minor: 5, lines: 4, message: 100 },
    Fold { platform: 11, services: 7, trains: 3, servers: 1, figures: 4, serious: 16, minor: 5, lines: 4, message: 100 },
    Fold { platform: 10, services: 6, trains: 2, servers: 1, figures: 2, serious: 15, minor: 4, lines: 3, message: 80 },
    Fold { platform: 9, services: 5, trains: 2, servers: 1, figures: 2, serious: 14, minor: 4, lines: 3, message: 80 },
    Fold { platform: 8, services: 4, trains: 2, servers: 1, figures: 2, serious: 14, minor: 4, lines: 3, message: 80 },
    Fold { platform: 7, services: 4, trains: 2, servers: 1, figures: 2, serious: 14, minor: 3, lines: 3, message: 80 },
    Fold { platform: 6, services: 4, trains: 2, servers: 1, figures: 2, serious: 14, minor: 3, lines: 3, message: 80 },
    Fold { platform: 6, services: 4, trains: 2, servers: 0, figures: 0, serious: 14, minor: 3, lines: 3, message: 80 },
    Fold { platform: 6, services: 4, trains: 1, servers: 0, figures: 0, serious: 13, minor: 3, lines: 3, message: 80 },
    Fold { platform: 6, services: 3, trains: 1, servers: 0, figures: 0, serious: 12, minor: 3, lines: 2, message: 60 },
    Fold { platform: 5, services: 3, trains: 1, servers: 0, figures: 0, serious: 12, minor: 3, lines: 2, message: 60 },
    Fold { platform: 4, services: 2, trains: 1, servers: 0, figures: 0, serious: 11, minor: 3, lines: 2, message: 60 },
    Fold { platform: 3, services: 2, trains: 1, servers: 0, figures: 0, serious: 10, minor: 3, lines: 1, message: 60 },
    Fold { platform: 3, services: 1, trains: 1, servers: 0, figures: 0, serious: 10, minor: 3, lines: 1, message: 48 },
    Fold { platform: 2, services: 1, trains: 1, servers: 0, figures: 0, serious: 9, minor: 3, lines: 1, message: 48 },
    Fold { platform: 1, services: 1, trains: 1, servers: 0, figures: 0, serious: 9, minor: 3, lines: 1, message: 48 },
    Fold { platform: 1, services: 0, trains: 1, servers: 0, figures: 0, serious: 9, minor: 3, lines: 1, message: 48 },
    Fold { platform: 0, services: 0, trains: 1, servers: 0, figures: 0, serious: 9, minor: 3, lines: 1, message: 48 },
    Fold { platform: 0, services: 0, trains: 1, servers: 0, figures: 0, serious: 8, minor: 3, lines: 1, message: 48 },
    Fold { platform: 0, services: 0, trains: 1, servers: 0, figures: 0, serious: 8, minor: 2, lines: 1, message: 48 },
    Fold { platform: 0, services: 0, trains: 1, servers: 0, figures: 0, serious: 8, minor: 1, lines: 1, message: 48 },
    Fold { platform: 0, services: 0, trains: 1, servers: 0, figures: 0, serious: 7, minor: 1, lines: 1, message: 48 },
    Fold { platform: 0, services: 0, trains: 1, servers: 0, figures: 0, serious: 6, minor: 1, lines: 1, message: 48 },
];

/// The first lines, and how many there are beyond; one more is shown rather than counted.
pub(super) fn first_lines<T>(mut lines: Vec<T>, shown: usize) -> (Vec<T>, usize) {
    let more = lines.len().saturating_sub(shown);
    if more < 2 {
        return (lines, 0);
    }
    lines.truncate(shown);
    (lines, more)
}

/// The beginning of a text, up to the end of a word.
pub(super) fn shorten_text(text: &str, limit: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    let head = text.get(..end).unwrap_or(text);
    let head = head.rsplit_once(' ').map_or(head, |(words, _)| words);
    format!("{head} …")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_shows_no_more_than_the_one_before() {
        let numbers = |f: &Fold| {
            [
                f.figures, f.platform, f.services, f.trains, f.servers, f.serious, f.minor,
                f.lines, f.message,
            ]
        };
        for pair in LADDER.windows(2) {
            let (roomy, narrow) = (numbers(&pair[0]), numbers(&pair[1]));
            assert!(roomy.iter().zip(narrow).all(|(a, b)| *a >= b), "{pair:?}");
            assert_ne!(roomy, narrow);
        }
    }

    #[test]
    fn what_is_left_out_is_counted() {
        assert_eq!(first_lines(vec![1, 2, 3], 1), (vec![1], 2));
        assert_eq!(first_lines(vec![1, 2], 1), (vec![1, 2], 0));
        assert_eq!(shorten_text("no route to host", 11), "no route …");
        assert_eq!(shorten_text("no route", 8), "no route");
        assert_eq!(shorten_text("größenwahn", 4), "größ …");
    }
}
