//! The checklist of a release as text: one format a file.

mod dto;
mod html;
mod junit;
mod markdown;
mod table;

use super::{RenderError, RenderOptions, escape};
use crate::model::{Checklist, meant_and_known};
use crate::wire::yaml;

pub use dto::checklist_dto as public;
pub(super) use dto::{figure_dto, of_run};

/// A way to write a checklist.
#[derive(Debug)]
pub struct ChecklistFormat {
    /// Its name behind `-o`.
    pub name: &'static str,
    render: fn(&Checklist, &RenderOptions) -> Result<String, String>,
}

/// Every format, in the order of their names.
pub const FORMATS: &[ChecklistFormat] = &[
    ChecklistFormat { name: "html", render: |checklist, _| html::render_page(checklist) },
    ChecklistFormat { name: "json", render: render_json },
    ChecklistFormat { name: "junit", render: |checklist, _| junit::render_xml(checklist) },
    ChecklistFormat {
        name: "markdown",
        render: |checklist, _| Ok(markdown::render_text(checklist)),
    },
    ChecklistFormat {
        name: "table",
        render: |checklist, view| Ok(table::render_text(checklist, view)),
    },
    ChecklistFormat { name: "yaml", render: render_yaml },
];

impl ChecklistFormat {
    /// The format of that name.
    ///
    /// # Errors
    /// If there is none: what is probably meant, and those that there are.
    pub fn format_named(name: &str) -> Result<&'static Self, String> {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let found = FORMATS.iter().find(|format| format.name == name);
        found.ok_or_else(|| meant_and_known(name, &known))
    }

    /// The checklist as text.
    ///
    /// # Errors
    /// If it has no form in this format.
    pub fn render(
        &self,
        checklist: &Checklist,
        view: &RenderOptions,
    ) -> Result<String, RenderError> {
        let format = self.name;
        (self.render)(checklist, view).map_err(|message| RenderError { format, message })
    }
}

fn render_yaml(checklist: &Checklist, _: &RenderOptions) -> Result<String, String> {
    yaml::write(&dto::checklist_dto(checklist)).map_err(|error| error.to_string())
}

fn render_json(checklist: &Checklist, _: &RenderOptions) -> Result<String, String> {
    let text = serde_json::to_string_pretty(&dto::checklist_dto(checklist));
    text.map(|text| escape::json(&text) + "\n").map_err(|error| error.to_string())
}
