//! What was played, told as if it had been a day ago; and the example's own script.

use super::*;

/// By how much it is moved into the past.
const BACK: SignedDuration = SignedDuration::from_hours(26);

/// Moves the time of a text that is one.
fn moved(value: &mut Value, by: SignedDuration) {
    match value {
        Value::String(text) => {
            if let Ok(at) = text.parse::<Timestamp>() {
                *text = (at - by).to_string();
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| moved(one, by)),
        Value::Object(all) => {
            let of_run = ["at", "from", "to", "readings"];
            all.iter_mut()
                .filter(|(key, _)| of_run.contains(&key.as_str()))
                .for_each(|(_, one)| moved(one, by));
        }
        _ => {}
    }
}

/// The checklist now, of what was done 26 hours ago: marks 12 hours behind it, and samples of both
/// servers every five minutes.
pub(super) fn a_day_later(play: &Play) -> Judged {
    let later = moved_back(play);
    play.run(&["sample"]).expect(0);
    let options = SqliteOptions::default();
    let mut old = Store::open(&play.history(), &options).expect("it is there");
    let mut new = Store::open(&later, &options).expect("it is there");
    for environment in ["qualif", "production"] {
        sampled(&mut old, &mut new, environment);
    }
    frozen(play, &later);
    Judged(play.run_in(&later, &["checklist", "--release", "v22", "-o", "json"]).json())
}

/// A freeze that began a moment ago, with evidence from before it.
pub(super) fn frozen(play: &Play, history: &Path) {
    play.run_in(history, &["audit", "--report-only"]).expect(0);
    let path = play.profiles.path("releases/v22.yaml");
    let release = std::fs::read_to_string(&path).expect("it is captured");
    let freeze = format!("freeze: {{environment: qualif, from: \"{}\"}}\n", now());
    std::fs::write(&path, release + &freeze).expect("it is written");
}

/// A history in which rehearsals were 26 hours ago, and marks 14.
pub(super) fn moved_back(play: &Play) -> PathBuf {
    let options = SqliteOptions::default();
    let later = play.profiles.path("later.db");
    let mut old = Store::open(&play.history(), &options).expect("it is there");
    let mut new = Store::open(&later, &options).expect("it is written");
    for (kind, by) in [("rehearsal", BACK), ("work", BACK - SignedDuration::from_hours(12))] {
        for (run, mut said) in old.runs_of_kind(kind).expect("it is read") {
            moved(&mut said, by);
            let run = NewRun {
                kind,
                at: run.at - by,
                verdict: "",
                facts: run.facts,
                evidence: &[],
                findings: run.findings,
                judged: Vec::new(),
                said,
            };
            new.save_run(run, COLLECTORS).expect("it is kept");
        }
    }
    came(play, now() - BACK - SignedDuration::from_mins(20));
    later
}

/// Has the file of v22 say when it came to qualif.
pub(super) fn came(play: &Play, at: Timestamp) {
    let path = play.profiles.path("releases/v22.yaml");
    let release = std::fs::read_to_string(&path).expect("it is captured");
    let (before, rest) = release.split_once("came:\n").expect("it says when it came");
    let rest = rest.split_once('\n').expect("a line").1;
    std::fs::write(&path, format!("{before}came:\n  qualif: \"{at}\"\n{rest}")).expect("written");
}

/// Samples of a server that does nothing: as it was when it was last asked.
fn sampled(old: &mut Store, new: &mut Store, environment: &str) {
    let target = TargetId::new("redis", "cache");
    let name = environment.into();
    let all =
        old.read_samples(&name, &target, Timestamp::UNIX_EPOCH, Timestamp::MAX).expect("read");
    let last: &Sample = all.last().expect("it was asked");
    let end = now();
    let mut targets = Vec::new();
    for back in (0..12 * 27).rev() {
        let at = end - SignedDuration::from_mins(5 * back);
        let mut evidence = TargetEvidence::new(target.clone(), String::new(), at);
        evidence.samples.push(Sample { taken: at, ..last.clone() });
        targets.push(evidence);
    }
    let evidence = Evidence { environment: name, taken: end, targets };
    keep_samples(new, &[evidence], end, BucketLength::DEFAULT).expect("they are kept");
}

/// The two commands of the example's page, and what the page says that they print.
#[test]
fn the_example_prints_what_its_page_says() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let folder = dir.path().join("incident");
    let (one, _two) = (crate::support::prometheus::free_port(), ());
    let script = repository("examples/incident-2026-04-13/play.sh").display().to_string();
    let played = program("sh")
        .args([&script, &folder.display().to_string()])
        .env("ENVPARITY", ENVPARITY)
        .env("DRIVER", driver())
        .env("PORT", one.to_string())
        .within(scaled(Duration::from_secs(240)))
        .run();
    let judged = envparity(["checklist", "--release", "v22"])
        .current_dir(&folder)
        .env("COLUMNS", "112")
        .within(scaled(Duration::from_secs(60)))
        .run();
    for port in [one, one + 1] {
        let pid = std::fs::read_to_string(folder.join(format!("redis-{port}.pid")));
        if let Ok(pid) = pid {
            drop(Command::new("kill").arg(pid.trim()).status());
        }
    }
    played.expect(0);
    judged.expect(1);
    assert!(judged.last_line().ends_with("(exit 1)"), "{judged}");
    for words in ["new-command", "cost-per-call", "cost-per-unit", "projected-load"] {
        assert!(judged.last_line().contains(words) || judged.says(words), "{words}: {judged}");
    }
    assert!(judged.says("NO-GO v22: new-command, cost-per-call, cost-per-unit, projected-load"));
    page_shows(&judged.stdout);
}

/// Figures and times differ from run to run; which items say what does not.
fn page_shows(printed: &str) {
    let path = repository("examples/incident-2026-04-13/README.md");
    let page = std::fs::read_to_string(&path).expect("it is there");
    let (before, rest) = page.split_once("```text\n").expect("it shows what is printed");
    let (shown, after) = rest.split_once("```\n").expect("it ends");
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        let text = format!("{before}```text\n{printed}```\n{after}");
        std::fs::write(&path, text).expect("the page is written");
        return;
    }
    let outcomes = |text: &str| -> Vec<String> {
        let is_item = |line: &&str| {
            let number = line.trim_start().split(' ').next().unwrap_or_default();
            // How long five minutes of it walked is a matter of the machine.
            let is_fixed = !line.contains(" rehearsal ");
            is_fixed
                && line.len() > 3
                && number.parse::<u8>().is_ok()
                && !line.starts_with("      ")
        };
        let words = |line: &str| line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        text.lines().filter(is_item).map(words).collect()
    };
    assert_eq!(outcomes(shown), outcomes(printed), "ENVPARITY_REGEN=1 writes it anew");
}
