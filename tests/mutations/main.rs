//! The parsers that anybody may call, with mutated files, the same ones in every run. Those that
//! are private have a test of their own beside them.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

mod entries;
#[path = "../support/mutation.rs"]
mod mutation;

use std::fs;

use mutation::{MUTATIONS, attacks, enter, files};

#[test]
fn mutated_attacks() {
    for entry in [
        entries::info,
        entries::kubectl,
        entries::evidence,
        entries::profile,
        entries::audit,
        entries::policy,
        entries::catalogue,
        entries::release,
        entries::checklist,
        entries::waivers_of_profiles,
        entries::cycles,
        entries::version,
        entries::image,
        entries::earlier,
        entries::pattern,
        entries::waivers,
        entries::shown,
    ] {
        attacks().iter().for_each(|attack| entry(attack));
    }
}

#[test]
fn mutated_reports() {
    let report = r#"{"apiVersion": "envparity/v1", "kind": "DriftReport", "purpose": "audit", "findings": []}"#;
    let seeds = [vec![report.as_bytes().to_vec()], attacks()].concat();
    enter(entries::earlier, &seeds, 2 * MUTATIONS);
}

#[test]
fn mutated_patterns() {
    let patterns = ["image/{a,b}*", "*", "[a-z]?-[!x]", "**/x\\*", "{a,{b,{c,d}}}"];
    let seeds = [patterns.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
    enter(entries::pattern, &seeds, MUTATIONS);
}

#[test]
fn mutated_waivers() {
    let seeds = [vec![fs::read("profiles/waivers.yaml").unwrap()], attacks()].concat();
    enter(entries::waivers, &seeds, 2 * MUTATIONS);
}

#[test]
fn mutated_texts_for_people() {
    let seeds = [files("examples/quickstart/evidence", ".txt"), attacks()].concat();
    enter(entries::shown, &seeds, MUTATIONS);
}

/// The lines of some files, each a text of its own.
fn lines(files: &[Vec<u8>]) -> Vec<Vec<u8>> {
    files.iter().flat_map(|file| file.split(|byte| *byte == b'\n')).map(<[u8]>::to_vec).collect()
}

#[test]
fn mutated_info() {
    enter(entries::info, &files("tests/fixtures/redis", ".txt"), MUTATIONS);
}

#[test]
fn mutated_kubectl() {
    // whole lists, but of a few objects each: a list of many that is cut is only ever cut
    let few = |file: &Vec<u8>| {
        let mut list: serde_json::Value = serde_json::from_slice(file).unwrap();
        if let Some(items) = list.get_mut("items").and_then(|items| items.as_array_mut()) {
            items.truncate(2);
        }
        list.to_string().into_bytes()
    };
    let lists: Vec<Vec<u8>> = files("tests/fixtures/kubernetes", ".json").iter().map(few).collect();
    enter(entries::kubectl, &lists, MUTATIONS);
}

#[test]
fn mutated_evidence() {
    enter(entries::evidence, &files("examples/quickstart/evidence", ".yaml"), 2 * MUTATIONS);
}

#[test]
fn mutated_profiles() {
    let profiles = [files("profiles", ".yaml"), files("examples/quickstart", ".yaml")].concat();
    enter(entries::profile, &profiles, MUTATIONS / 2);
}

/// What people write beside the profiles, each kind with all that it may hold.
#[test]
fn mutated_audits_policies_catalogues_and_waivers() {
    let of = |name: &str| {
        let read = |folder: &str| fs::read(format!("{folder}/{name}.yaml")).ok();
        let mut found: Vec<Vec<u8>> =
            ["profiles", "examples/quickstart"].into_iter().filter_map(read).collect();
        assert!(!found.is_empty(), "{name}");
        found.push(LONG_FORMS.to_owned());
        found
    };
    enter(entries::audit, &of("audit"), MUTATIONS);
    enter(entries::policy, &of("policy"), MUTATIONS);
    enter(entries::catalogue, &of("catalogue"), MUTATIONS);
    enter(entries::waivers_of_profiles, &of("waivers"), MUTATIONS);
}

/// Keys that the shipped files do not use.
const LONG_FORMS: &[u8] =
    b"apiVersion: envparity/v1\nkind: Policy\nfail-on: high\nlookahead: 90d\n\
estate: {min-share: 50%}\nwaiver-span: 365d\nranges:\n- {require: \"redis >=7.0, <8\"}\n\
- {pin: same-minor, components: [\"image/*\"], environments: [prod]}\n\
owners:\n- {components: [\"redis/*\"], owner: platform}\n\
controls:\n- {control: A, rules: [version-skew]}\n";

/// Everything that says when something runs, who is told, and where runs are kept.
const SCHEDULED: &[u8] =
    b"apiVersion: envparity/v1\nkind: Audit\nbaseline: prod\nenvironments: [prod]\n\
timezone: Europe/Paris\nhistory: {path: envparity.db}\n\
serve: {public-url: \"https://parity.internal/\"}\nnotify:\n\
- webhook: {url: \"${env:SLACK_WEBHOOK}\", format: slack}\n\
- datadog: {site: datadoghq.eu, key: \"${env:DD_API_KEY}\"}\nschedule:\n\
- {id: nightly, audit: \"0 7 * * 1-5\", timezone: Europe/Paris}\n\
- {id: before-v22, checklist: \"30 2 * * MON\", release: v22}\n";

const RELEASE: &[u8] = b"apiVersion: envparity/v1\nkind: Release\nname: v22\nprevious: v21\n\
came: {prod: \"2026-04-09T12:02:00Z\"}\n\
freeze: {environment: prod, from: \"2026-04-09T18:00:00+02:00\"}\nexceptions:\n\
- {component: image/team/web, digest: \"sha256:3f2a9bc4d1e05f6a7b8c9d0e1f2a3b4c5d6e7f803f2a9bc4d1e05f6a7b8c9d0e\", \
reason: a typo, by: alice, approved-by: bob, at: \"2026-04-13T18:00:00Z\"}\n\
changed:\n  image/team/web: {version: v22}\ntrain:\n  image/team/web: {version: v22}\n";

const CHECKLIST: &[u8] = b"apiVersion: envparity/v1\nkind: Checklist\nmax-age: 15m\n\
required-units: {stock-location: 250}\nhotfix: {skip: [rehearsal], observation: 1h}\nitems:\n\
- {item: cost-per-call, max: 5ms}\n\
- {item: projected-load, at-once: {stock-location: 250}}\n\
- {item: db-migrations, question: \"are the migrations reversible?\"}\n";

#[test]
fn mutated_schedules_releases_and_checklists() {
    enter(entries::audit, &[SCHEDULED.to_owned()], 2 * MUTATIONS);
    enter(entries::release, &[RELEASE.to_owned()], 2 * MUTATIONS);
    enter(entries::checklist, &[CHECKLIST.to_owned()], 2 * MUTATIONS);
}

#[test]
fn mutated_support_cycles() {
    let v0 =
        br#"[{"cycle":"7.4","eol":false,"lts":true},{"cycle":7.2,"eol":"2026-02-28"}]"#.to_vec();
    let v1 = br#"{"generated_at":"2026-09-01T23:30:00-02:00","result":[{"name":"redis","releases":[
        {"name":"8.0","isEol":false,"eolFrom":"2026-12-01"},{"name":"2.8","isEol":true,"eolFrom":null}]}]}"#
        .to_vec();
    let own = files("src/wire", "end-of-life.yaml").remove(0);
    enter(entries::cycles, &[v0, v1, own[..2048].to_vec()], 5 * MUTATIONS);
}

#[test]
fn mutated_versions_and_references() {
    let texts = lines(&files("tests/corpus/suites", "tags.jsonl"));
    let texts: Vec<Vec<u8>> = texts.into_iter().step_by(40).collect();
    enter(entries::version, &texts, 10);
    let images = lines(&files("tests/corpus/suites", "distribution-reference.jsonl"));
    enter(entries::image, &images, 20);
    let words: Vec<Vec<u8>> = [
        "1.2.3\n1.2.4",
        "7.0.15",
        "registry.example:5000/team/app:1.2.3@sha256:00",
        "v1.30.2+k3s1\nv1.30",
        "1:2.3-4+deb12u1",
        ">=7.0, <8\n7.2.4",
        "7.2.x\n7",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    enter(entries::version, &words, 400);
    enter(entries::image, &words, 400);
}

#[test]
fn mutated_references_into_the_past() {
    let words = [
        "qualif",
        "ovh-production@-7d",
        "a@2026-04-13T20:00+02:00",
        "run:3f2a/dev",
        "./file.yaml",
        "a@-90m",
        "a@2026-04-13T20:00:00[Europe/Paris]",
        "a@-106751991167d",
        "run:3F2A",
        "-",
        "a@9999-12-31T23:59:60Z",
        "a@-0.5h",
        "a@@-1d",
        "a@yesterday",
    ];
    let seeds = [words.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
    enter(entries::reference, &seeds, 10 * MUTATIONS);
}

#[test]
fn mutated_git_folders() {
    let hash = "3f2a9bc4d1e05f6a7b8c9d0e1f2a3b4c5d6e7f80";
    let texts = [
        "ref: refs/heads/main\n".to_owned(),
        format!("{hash}\n"),
        format!(
            "# pack-refs with: peeled fully-peeled sorted \n{hash} refs/heads/packed\n^{hash}\n"
        ),
        "gitdir: ../main/.git/worktrees/tree\n".to_owned(),
        "ref: refs/heads/../../../token\n".to_owned(),
        "gitdir: /proc/self/cwd\n".to_owned(),
    ];
    let seeds = [texts.map(String::into_bytes).into(), attacks()].concat();
    enter(entries::git, &seeds, MUTATIONS / 2);
}

/// What `history export` writes of an audit of the quickstart.
fn exported() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_envparity"));
        command.args(arguments).output().unwrap()
    };
    let history = folder.path().join("history.db").display().to_string();
    let file = folder.path().join("export").display().to_string();
    let at = "2026-11-23T00:06:00Z";
    let profiles = "examples/quickstart";
    run(&["audit", "--profiles", profiles, "--at", at, "--history", &history, "-o", "json"]);
    let mark = ["mark", "span", "qualif", "-2h..-1h", "--label", "imports", "--exclude"];
    let marked = run(&[&mark[..], &["--profiles", profiles, "--history", &history]].concat());
    assert!(marked.status.success(), "{marked:?}");
    let ended = run(&["history", "export", "--history", &history, "--to", &file]);
    fs::read(&file).unwrap_or_else(|_| panic!("{ended:?}"))
}

#[test]
fn mutated_exports_of_a_history() {
    let whole = exported();
    let text = String::from_utf8(whole).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 4, "{text}");
    // Of each table some rows: with all of them, a mutation is lost in evidence.
    let mut few: Vec<&str> = Vec::new();
    for line in &lines[1..lines.len() - 1] {
        let table = line.split(',').next();
        let alike = few.iter().filter(|other| other.split(',').next() == table).count();
        if alike < 2 && line.len() < 4_000 {
            few.push(line);
        }
    }
    let end = format!("{{\"end\":{}}}", few.len() + 1);
    let short = [&[lines[0]], few.as_slice(), &[end.as_str()]].concat().join("\n");
    let seeds = [vec![format!("{short}\n").into_bytes()], attacks()].concat();
    enter(entries::history, &seeds, MUTATIONS / 6);
}
