//! The report as one HTML file for people who review a release: it needs no network and no script.
//!
//! Everything is in the document; the script only filters, sorts and folds what stands there. A
//! policy in the head allows the one style and the one script of this file, by their digests, and
//! nothing else. The page is typed: what a template names and no part has does not compile. Text
//! from outside passes [`super::escape::html`] on its way into the page, wherever it stands.

mod cells;
mod coverage;
mod escaper;
mod findings;
mod folded;
mod index;
mod matrix;
mod summary;
mod verdict;
mod waivers;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

pub(crate) use escaper::PageEscaper;
pub(crate) use verdict::verdict_line;

use super::view::ReportView;
use super::view::figures::{FiguresView, SINCE_START};
use super::view::finding::NOTHING_SO_FAR;
use super::view::load::{LOAD_TITLE, LoadView};
use super::view::matrix::Mark;
use super::{Audit, Format, RenderError, RenderOptions};
use coverage::CoverageBlock;
use findings::Card;
use index::{Filters, PageIndex};
use matrix::MatrixTable;
use summary::Glance;
use verdict::{Banner, Changes};
use waivers::{WaivedLine, WaiverLine};

/// The style of pages for reviewers; the page of an audit has a variable in front of it.
pub(crate) const STYLE: &str = include_str!("style.css");

const SCRIPT: &str = include_str!("script.js");

pub(super) struct Html;

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn summary(&self) -> &'static str {
        "for reviewers in a browser: one file, without network; filter, sort, print"
    }

    fn render(&self, report: &Audit, _: &RenderOptions) -> Result<String, RenderError> {
        render_page(report).map_err(|e| RenderError { format: self.name(), message: e.to_string() })
    }
}

/// [`LOAD_TITLE`], where a sentence begins.
const LOAD_HEADING: &str = "Load, worst 5 minutes";

/// The page; `page/page.html` says in which order its parts are read.
#[derive(Template)]
#[template(path = "page.html", config = "src/report/html/askama.toml")]
struct ReportPage<'a> {
    policy: String,
    style: String,
    script: &'static str,
    verdict: Banner<'a>,
    since: Option<Changes<'a>>,
    summary: Glance,
    cards: Vec<Card<'a>>,
    filters: Filters<'a>,
    waived: Vec<WaivedLine<'a>>,
    waivers: Vec<WaiverLine<'a>>,
    matrix: MatrixTable<'a>,
    figures: &'a [FiguresView<'a>],
    load: &'a [LoadView<'a>],
    environments: Vec<&'a str>,
    coverage: Vec<CoverageBlock<'a>>,
    run: Vec<(&'static str, String)>,
}

fn render_page(report: &Audit) -> Result<String, askama::Error> {
    let view = ReportView::new(report);
    let index = PageIndex::new(&view);
    // The columns of the matrix: style attributes are not allowed.
    let style = format!(":root{{--environments:{}}}\n{STYLE}", view.environments.len());
    let page = ReportPage {
        policy: content_policy(&style, SCRIPT),
        style,
        script: SCRIPT,
        verdict: verdict::verdict_banner(&view),
        since: report.since.as_ref().map(|since| verdict::changes_since(&view, since)),
        summary: summary::build_glance(&index),
        cards: findings::finding_cards(&index),
        filters: index.filters(),
        waived: waivers::waived_lines(&index),
        waivers: waivers::waiver_lines(&index),
        matrix: matrix::matrix_table(&index),
        figures: &view.figures,
        load: &view.load,
        environments: index.environments.clone(),
        coverage: coverage::coverage_blocks(&view),
        run: coverage::run_facts(&view),
    };
    page.render()
}

/// What a browser may load and run of a page: its own style, its own script if it has one, and an
/// empty icon.
pub(crate) fn content_policy(style: &str, script: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let script = match script {
        "" => "'none'".to_owned(),
        script => format!("'sha256-{}'", hash(script)),
    };
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src {script}; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(style),
    )
}
