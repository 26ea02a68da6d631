//! The checklist for a CI's test view: an item is a case. NO-GO is a failure, INCOMPLETE an error.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::model::{Checklist, ChecklistItem, ItemOutcome, ItemSection};
use crate::report::escape::xml as escaped;
use crate::report::view::checklist as words;

/// The checklist as JUnit XML.
pub(super) fn render_xml(checklist: &Checklist) -> Result<String, String> {
    let mut whole = Report::new("envparity");
    for section in ItemSection::ALL {
        let mut suite = TestSuite::new(section.as_str());
        suite.timestamp = checklist.run.at.to_string().parse().ok();
        let items = checklist.items.iter().filter(|item| item.section == section);
        suite.add_test_cases(items.map(|item| test_case(section, item)));
        if section == ItemSection::Release {
            for line in words::override_lines(checklist) {
                suite.add_property(("overridden", escaped(&line).as_str()));
            }
        }
        if suite.tests > 0 {
            whole.add_test_suite(suite);
        }
    }
    let text = whole.to_string().map_err(|error| error.to_string())?;
    // As of an audit: the schema has no attribute for skipped cases of the whole.
    Ok(text.replacen(&format!(" skipped=\"{}\"", whole.skipped), "", 1))
}

fn test_case(section: ItemSection, item: &ChecklistItem) -> TestCase {
    let mut told = Vec::new();
    for line in &item.lines {
        let must = match line.must.as_str() {
            "" => String::new(),
            must => format!(" (must be {must})"),
        };
        told.push(escaped(&format!("{}{must}", line.seen)));
    }
    if let Some(settle) = &item.settle {
        told.push(escaped(&format!("next: {}; {}", settle.command, settle.takes)));
    }
    let first = told.first().cloned().unwrap_or_default();
    let told = told.join("\n");
    let mut status = match item.outcome() {
        ItemOutcome::Go => TestCaseStatus::success(),
        ItemOutcome::NoGo => TestCaseStatus::non_success(NonSuccessKind::Failure),
        ItemOutcome::Incomplete => TestCaseStatus::non_success(NonSuccessKind::Error),
        ItemOutcome::Skipped | ItemOutcome::NotApplicable => TestCaseStatus::skipped(),
    };
    let is_success = item.outcome() == ItemOutcome::Go;
    if !is_success {
        status.set_message(first).set_description(told.clone());
    }
    let mut case = TestCase::new(escaped(&item.id), status);
    // Test views take what is behind the last dot for the class and the rest for its package.
    case.set_classname(format!("envparity.checklist.{}", section.as_str()));
    if is_success {
        case.set_system_out(told);
    }
    case
}
