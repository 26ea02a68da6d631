//! The report as one HTML file for people who review a release: it needs no network and no script.
//!
//! Everything is in the document; the script only filters, sorts and folds what stands there. A
//! policy in the head allows the one style and the one script of this file, by their digests, and
//! nothing else. Text from outside passes [`super::escape::html`] on its way out of the template
//! engine, whichever part of the page it stands in.

mod cells;
mod coverage;
mod findings;
mod index;
mod matrix;
mod summary;
mod verdict;
mod waivers;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Output, State, context};
use sha2::{Digest as _, Sha256};

use super::{Audit, Format, RenderError, View, dto};
use index::Index;

/// The parts of the page, in the order in which they are read.
const TEMPLATE: &str = concat!(
    include_str!("page/head.html"),
    include_str!("page/verdict.html"),
    include_str!("page/since.html"),
    include_str!("page/summary.html"),
    include_str!("page/findings.html"),
    include_str!("page/matrix.html"),
    include_str!("page/waivers.html"),
    include_str!("page/coverage.html"),
    include_str!("page/foot.html"),
);

const STYLE: &str = include_str!("style.css");

const SCRIPT: &str = include_str!("script.js");

pub(super) struct Html;

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn summary(&self) -> &'static str {
        "for reviewers in a browser: one file, without network; filter, sort, print"
    }

    fn render(&self, report: &Audit, _: &View) -> Result<String, RenderError> {
        page(report).map_err(|e| RenderError { format: self.name(), message: e.to_string() })
    }
}

fn page(report: &Audit) -> Result<String, minijinja::Error> {
    let dto = dto::report(report);
    let index = Index::new(report, &dto);
    // The columns of the matrix: style attributes are not allowed.
    let style = format!(":root{{--environments:{}}}\n{STYLE}", dto.environments.len());
    let cards = findings::cards(&index);
    let page = context! {
        policy => policy(&style),
        style => Value::from_safe_string(style),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        verdict => Serde(verdict::banner(&index)),
        since => Serde(dto.since.as_ref().map(|since| verdict::since(&index, since))),
        summary => Serde(summary::summary(&index)),
        cards => Serde(&cards),
        filters => Serde(index.filters()),
        waived => Serde(waivers::waived(&index)),
        waivers => Serde(waivers::waivers(&index)),
        matrix => Serde(matrix::matrix(&index)),
        coverage => Serde(coverage::coverage(&index)),
        run => Serde(coverage::facts(&index)),
    };
    let mut environment = Environment::new();
    environment.set_formatter(write);
    environment.add_template("page.html", TEMPLATE)?;
    environment.get_template("page.html")?.render(page)
}

/// Writes a value into the page: text as [`super::escape::html`] makes it, unless it is our own
/// style or script.
fn write(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => out.write_str(&super::escape::html(text)).map_err(minijinja::Error::from),
        None => minijinja::escape_formatter(out, state, value),
    }
}

/// What a browser may load and run of the page: its own style and script, and an empty icon.
fn policy(style: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(style),
        hash(SCRIPT)
    )
}
