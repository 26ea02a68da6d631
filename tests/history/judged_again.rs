//! A run of the past is judged again as it was judged then.

use envparity::collect::config::COLLECTORS;
use envparity::model::{Audit, Evidence};
use envparity::pipeline::{self, AuditOptions, RunFacts};
use envparity::profile::Profiles;
use envparity::report::{RenderOptions, by_name};

use crate::world::{audit, collected, example, now, save, stores};

fn assess(profiles: &Profiles, evidence: Vec<Evidence>) -> Audit {
    let options = AuditOptions { at: Some(now()), ..AuditOptions::default() };
    pipeline::assess(profiles, &options, evidence, RunFacts::default(), now()).unwrap()
}

fn yaml(audit: &Audit) -> String {
    let view =
        RenderOptions { width: None, color: false, unfold: true, exit: 0, report_only: false };
    by_name("yaml").unwrap().render(audit, &view).unwrap()
}

#[test]
fn the_report_of_stored_evidence_is_the_same() {
    for (name, mut store, _folder) in stores() {
        let profiles = example();
        let evidence = collected(&profiles);
        let saved = save(&mut store, audit(now(), &evidence));
        let then = yaml(&assess(&profiles, evidence));
        let again = yaml(&assess(&profiles, store.evidence_of_run(saved.id, COLLECTORS).unwrap()));
        assert_eq!(then, again, "{name}");
    }
}
