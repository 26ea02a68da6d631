//! What is entered with any bytes, and what must hold of it: nothing panics, what is read can be
//! written and read again, and no report holds a character that acts.

use envparity::collect::config::COLLECTORS;
use envparity::collect::recorded;
use envparity::history::{Reference, SqliteOptions, Store, parse_reference};
use envparity::model::{EnvironmentName, Evidence, Glob, Globs, TargetEvidence};
use envparity::pipeline::{self, RunFacts};
use envparity::report::{FORMATS, RenderOptions, escape};
use envparity::version::{
    Containment, ImageReference, Levels, Range, Scheme, difference, order, read, read_any,
};
use envparity::wire::deceptive::is_deceptive;
use envparity::{profile, wire};

/// The text of INFO.
pub(crate) fn info(data: &[u8]) {
    // so that mutated bytes still get to the parser of INFO
    file(&[b"# Server\r\n", data].concat());
}

/// JSON that kubectl printed.
pub(crate) fn kubectl(data: &[u8]) {
    file(data);
    file(&[b"{", data].concat());
}

/// Evidence of `collect`, and any other recorded file.
pub(crate) fn evidence(data: &[u8]) {
    file(data);
    if let Ok(text) = str::from_utf8(data)
        && let Ok(read) = wire::evidence::read_evidence(text, "file", COLLECTORS)
    {
        let written = wire::evidence::write_evidence(&read).expect("what was read can be written");
        let again = wire::evidence::read_evidence(&written, "file", COLLECTORS)
            .expect("what was written can be read");
        assert_eq!(read, again, "{written}");
    }
}

/// An image reference; what is one has a spelling that is one.
pub(crate) fn image(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(reference) = ImageReference::parse(&text) {
        assert!(!reference.repository.is_empty(), "{text:?}");
    }
}

/// A version text in every scheme, and two of them compared, if there is a line end between them.
pub(crate) fn version(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (a, b) = text.split_once('\n').unwrap_or((&text, &text));
    for scheme in Scheme::ALL {
        let (a, b) = (read(*scheme, a), read(*scheme, b));
        assert_eq!(
            order(&a, &b),
            order(&b, &a).map(std::cmp::Ordering::reverse),
            "{scheme:?} {a:?} {b:?}"
        );
        assert_eq!(difference(&a, &b).level, difference(&b, &a).level, "{scheme:?} {a:?} {b:?}");
    }
    // Of a text that is too long its beginning is kept.
    if a.trim().len() > 256 {
        return;
    }
    assert_eq!(read_any(a).text(), a);
    if let Ok(range) = a.parse::<Range>() {
        assert_eq!(range.contains(&Levels::DEFAULT, &read_any(a)), Containment::Inside, "{a:?}");
        let _ = range.contains(&Levels::DEFAULT, &read_any(b));
    }
}

/// Support cycles, in any of their formats.
pub(crate) fn cycles(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match wire::cycles::read_cycles(&text, "redis", "2026-08-22".parse().expect("a date")) {
        Ok(cycles) => {
            assert!(cycles.names().all(|name| cycles.of_product(name).is_some()), "{text:?}")
        }
        Err(error) => assert!(!error.to_string().is_empty(), "refused without a reason"),
    }
}

/// A report of an earlier audit.
pub(crate) fn earlier(data: &[u8]) {
    if let Ok(report) = wire::report::DriftReport::read(&String::from_utf8_lossy(data)) {
        let _ = report.to_earlier();
    }
}

/// A pattern of a profile; what is one fits itself or not, and never fails.
pub(crate) fn pattern(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Glob::new(&text) {
        Ok(glob) => drop((glob.is_match(&text), Globs::new(&[glob]).is_match(&text))),
        Err(error) => assert!(!error.to_string().is_empty(), "refused without a reason"),
    }
}

/// A file of waivers, to which one is added: what was there stays.
pub(crate) fn waivers(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let added = wire::waivers::WaiverConfig {
        id: "added".into(),
        rule: "floating-tag".into(),
        component: "image/a".into(),
        environments: vec!["prod".into()],
        subject: None,
        versions: std::collections::BTreeMap::new(),
        reason: text.chars().take(40).collect::<String>().into(),
        owner: "me".into(),
        expires: "2026-12-31".into(),
    };
    if let Ok(edited) = wire::waivers::append_waiver(Some(text), &added) {
        assert!(edited.contains("added"), "{edited:?}");
    }
}

/// What is shown to people: nothing acts, and nothing that is there looks like nothing.
pub(crate) fn shown(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for safe in [
        escape::terminal(&text),
        escape::html(&text),
        escape::xml(&text),
        escape::spreadsheet(&text),
        escape::markdown(&text),
        escape::markdown_code(&text),
    ] {
        let acts = |c: &char| c.is_control() || is_deceptive(*c);
        assert_eq!(safe.chars().find(acts), None, "{safe:?}");
    }
}

/// A profile, beside an audit that names it.
pub(crate) fn profile(data: &[u8]) {
    load("prod.yaml", data);
}

/// The audit, beside a profile.
pub(crate) fn audit(data: &[u8]) {
    load("audit.yaml", data);
}

/// The policy, beside a profile and its audit.
pub(crate) fn policy(data: &[u8]) {
    load("policy.yaml", data);
}

/// The catalogue, beside a profile and its audit.
pub(crate) fn catalogue(data: &[u8]) {
    load("catalogue.yaml", data);
}

/// A release, beside a profile and its audit.
pub(crate) fn release(data: &[u8]) {
    load("v22.yaml", data);
}

/// The checklist, beside a profile and its audit.
pub(crate) fn checklist(data: &[u8]) {
    load("checklist.yaml", data);
}

/// Waivers, beside a profile and its audit.
pub(crate) fn waivers_of_profiles(data: &[u8]) {
    load("waivers.yaml", data);
}

const PROFILE: &str = "apiVersion: envparity/v1\nkind: Environment\nname: prod\ntargets:\n  redis:\n  \
                       - {name: cache, url: \"redis://127.0.0.1:1\"}\n";
const AUDIT: &str = "apiVersion: envparity/v1\nkind: Audit\nbaseline: prod\nenvironments: [prod]\n";

fn load(file: &str, data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in [("prod.yaml", PROFILE), ("audit.yaml", AUDIT)] {
        std::fs::write(folder.path().join(name), text).expect("a folder of ours");
    }
    std::fs::write(folder.path().join(file), data).expect("a folder of ours");
    let today = "2026-01-01".parse().expect("a day");
    if let Err(errors) = profile::load(folder.path(), &pipeline::rule_ids(), today) {
        assert!(!errors.0.is_empty(), "refused without a reason");
        for error in &errors.0 {
            let told = format!("{} {}", error.problem.message, error.problem.advice);
            assert!(!told.trim().is_empty(), "refused without a word");
        }
    }
}

/// A reference into the past; what is one says so of itself.
pub(crate) fn reference(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let now = "2026-11-23T12:00:00Z".parse().expect("a time");
    let zone = jiff::tz::TimeZone::UTC;
    match parse_reference(&text, now, &zone) {
        Ok(Reference::Environment { name, until }) => {
            assert!(!name.is_empty());
            assert!(until.is_none_or(|until| until <= jiff::Timestamp::MAX));
        }
        Ok(Reference::Run { digits, .. }) => assert!((4..=64).contains(&digits.len())),
        Ok(Reference::File(path)) => assert!(!path.as_os_str().is_empty()),
        Err(error) => assert!(!error.to_string().is_empty(), "refused without a reason"),
    }
}

/// The lines of an exported history: all are read or none, and what is read can be verified and
/// exported again.
pub(crate) fn history(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("history.db");
    let mut store = Store::open(&path, &SqliteOptions::default()).expect("a new history");
    let read = store.import(&mut &data[..]);
    let verified = store.verify(None);
    let mut lines = Vec::new();
    store.export(&mut lines).expect("what was read can be written");
    match read {
        Ok(_) => drop((verified, read_all(&mut store))),
        Err(error) => {
            assert!(!error.to_string().is_empty(), "refused without a reason");
            let rows = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            assert_eq!(rows.count(), EMPTY_EXPORT, "nothing is left of what was refused");
        }
    }
}

/// Everything that a command reads from a history: marks, answers, overrides, samples, evidence.
fn read_all(store: &mut Store) -> Result<(), envparity::history::HistoryError> {
    let (from, to) = (jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::MAX);
    for name in ["dev", "qualif", "ovh-production"] {
        let environment = EnvironmentName::from(name.to_owned());
        let _ = store.marked_spans(&environment);
        let _ = store.read_samples(&environment, &"redis/cache".into(), from, to);
    }
    for run in store.newest_runs(100)? {
        let _ = store.evidence_of_run(run.id, COLLECTORS);
    }
    for (run, said) in store.runs_of_kind(pipeline::ANSWER)? {
        let _ = pipeline::answer_of(&run, &said);
    }
    let _ = (pipeline::overrides(store), store.standing(), store.targets_with_load());
    Ok(())
}

/// Lines of the export of an empty history: its first and its last.
const EMPTY_EXPORT: usize = 2;

/// Files of git: what is told of them is a commit, and nothing else that they hold.
pub(crate) fn git(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("a folder of ours");
    };
    let told = || {
        if let Some(commit) = profile::git::checked_out_commit(folder.path()) {
            let is_hash = matches!(commit.len(), 40 | 64)
                && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_hash, "{commit:?}");
        }
    };
    write(".git", data);
    told();
    std::fs::remove_file(folder.path().join(".git")).expect("a file of ours");
    std::fs::create_dir_all(folder.path().join(".git/refs/heads")).expect("a folder of ours");
    write(".git/HEAD", data);
    write(".git/refs/heads/main", data);
    write(".git/packed-refs", data);
    told();
    write(".git/HEAD", b"ref: refs/heads/main\n");
    told();
    write(".git/HEAD", b"ref: refs/heads/packed\n");
    told();
}

/// Any file of a recorded target: what it holds is compared with itself, and reported in each
/// format.
fn file(data: &[u8]) {
    let environment = EnvironmentName::from("prod".to_owned());
    if let Ok(targets) = recorded::targets_of(data.to_vec(), &environment) {
        report(targets, environment);
    }
}

fn report(targets: Vec<TargetEvidence>, environment: EnvironmentName) {
    let taken = "2026-11-22T20:00:00Z".parse().expect("a time");
    let evidence = Evidence { environment, taken, targets };
    let report = pipeline::diff(None, evidence.clone(), evidence, RunFacts::default());
    for format in FORMATS {
        let view = RenderOptions {
            width: Some(100),
            color: false,
            unfold: true,
            exit: 0,
            report_only: false,
        };
        // CSV ends its lines as RFC 4180 says.
        let text =
            format.render(&report, &view).expect("every report has a form").replace("\r\n", "\n");
        let acting = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}'));
        assert_eq!(acting, None, "{}: {text:?}", format.name());
    }
}
