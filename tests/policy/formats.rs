//! One audit in every format: each tells the same verdict, waived rows, products and figures of
//! Redis, in the same words.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::{Ended, envparity, program, repository};

const FORMATS: [&str; 9] =
    ["table", "html", "markdown", "csv", "junit", "sarif", "openmetrics", "yaml", "json"];

/// What people read, with a row for each component.
const FOR_PEOPLE: [&str; 3] = ["table", "html", "markdown"];

const WAIVER: &str = "apiVersion: envparity/v1\nkind: Waivers\nwaivers:\n- id: move\n  rule: product-differs\n  component: redis/cache\n  \
    environments: [qualif, ovh-production]\n  versions: {qualif: \"redis 6.2.x\", ovh-production: \"valkey 8.0.x\"}\n  \
    reason: move in January\n  owner: platform\n  expires: 2026-12-31\n";

/// The quickstart with a waiver: a verdict of both kinds, three environments, two Redis targets.
struct Reports {
    texts: BTreeMap<&'static str, String>,
    json: Value,
}

impl Reports {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let profiles = folder.path().join("profiles");
        let quickstart = repository("examples/quickstart");
        program("cp").args([Path::new("-r"), &quickstart, &profiles]).run().expect(0);
        fs::write(profiles.join("waivers.yaml"), WAIVER).expect("the waiver is written");
        let of = |format: &'static str| {
            let arguments = ["audit", "-v", "--at", "2026-11-23T00:06:00Z", "-o", format];
            let ended: Ended = envparity(arguments).profiles(&profiles).run();
            (format, ended.expect(1).stdout.clone())
        };
        let texts: BTreeMap<_, _> = FORMATS.into_iter().map(of).collect();
        let json = serde_json::from_str(&texts["json"]).expect("the report is JSON");
        Self { texts, json }
    }

    /// The text of a format without what its escaping and layout add.
    fn plain(&self, format: &str) -> String {
        let text = &self.texts[format];
        let text = match format {
            "html" | "junit" => text
                .replace("&gt;", ">")
                .replace("&lt;", "<")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&"),
            "markdown" => text.replace(['`', '*', '\\'], ""),
            _ => text.clone(),
        };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn assert_tells(&self, format: &str, words: &str) {
        let plain = self.plain(format);
        assert!(plain.contains(words), "{format} does not tell {words:?}: {plain:.4000}");
    }

    fn csv(&self, component: &str) -> BTreeMap<String, String> {
        let mut rows = ::csv::Reader::from_reader(self.texts["csv"].as_bytes());
        rows.deserialize::<BTreeMap<String, String>>()
            .map(|row| row.expect("a row of CSV"))
            .find(|row| row["component"] == component)
            .expect("the component has a row")
    }
}

#[test]
fn every_format_tells_the_verdict_in_the_same_words() {
    let reports = Reports::new();
    let sentence = reports.json["verdict"]["sentence"].as_str().expect("a sentence");
    let (headline, because) = sentence.split_once(": ").expect("a headline and reasons");
    assert!(headline == "NO-GO, and INCOMPLETE" && because.contains("1 high waived"), "{sentence}");
    for format in FORMATS.into_iter().filter(|format| *format != "openmetrics") {
        reports.assert_tells(format, headline);
        reports.assert_tells(format, because);
    }
    for format in ["csv", "yaml", "sarif", "junit", "table"] {
        reports.assert_tells(format, sentence);
    }
    let row = reports.csv("docker/engine");
    assert_eq!((row["verdict"].as_str(), row["verdict sentence"].as_str()), ("no-go", sentence));
    reports.assert_tells("openmetrics", "envparity_verdict{is=\"no-go\"} 1");
}

#[test]
fn every_format_tells_what_is_waived() {
    let reports = Reports::new();
    let waived = &reports.json["waived"][0];
    let id = waived["id"].as_str().expect("an id");
    assert_eq!((&waived["component"], &waived["waiver"]), (&"redis/cache".into(), &"move".into()));
    for format in FOR_PEOPLE {
        reports.assert_tells(format, "1 waived");
    }
    for format in ["html", "markdown", "junit", "sarif", "yaml"] {
        reports.assert_tells(format, "move in January");
    }
    for format in ["html", "markdown", "junit", "sarif", "yaml"] {
        reports.assert_tells(format, "qualif redis 6.2.5, ovh-production valkey 8.0.1");
    }
    assert_eq!(reports.csv("redis/cache")["waived"], id);
    let family = "envparity_findings{rule=\"product-differs\",severity=\"high\",disposition=\"waived\",gate=\"true\"} 1";
    reports.assert_tells("openmetrics", family);
}

#[test]
fn every_format_tells_products_with_their_versions() {
    let reports = Reports::new();
    let row = reports.csv("redis/cache");
    for (environment, product, version) in [
        ("dev", "redis", "7.0.15"),
        ("qualif", "redis", "6.2.5"),
        ("ovh-production", "valkey", "8.0.1"),
    ] {
        for format in FOR_PEOPLE.into_iter().chain(["junit", "sarif"]) {
            reports.assert_tells(format, &format!("{product} {version}"));
        }
        let column = |of: &str| row[&format!("{environment} {of}")].clone();
        assert_eq!((column("product").as_str(), column("version").as_str()), (product, version));
        let labels = format!(
            "environment=\"{environment}\",product=\"{product}\",version=\"{version}\",source=\"program\""
        );
        reports.assert_tells("openmetrics", &labels);
        for format in ["yaml", "json"] {
            reports.assert_tells(format, version);
        }
    }
}

/// Figures since the start of each server, as JSON spells them.
#[test]
fn every_format_tells_the_figures_of_redis() {
    let reports = Reports::new();
    let figures = reports.json["run"]["figures"].as_array().expect("figures").clone();
    assert_eq!(figures.len(), 2, "{figures:?}");
    for of in &figures {
        let target = of["target"].as_str().expect("a target");
        for (environment, told) in of["environments"].as_object().expect("environments") {
            for (name, text) in told.as_object().expect("figures by name") {
                let text = text.as_str().expect("a text");
                for format in FOR_PEOPLE.into_iter().chain(["yaml"]) {
                    reports.assert_tells(format, name);
                    reports.assert_tells(format, text);
                }
                let both = format!("{name}: {text}");
                let place = format!("{target} since its start in {environment}: ");
                let all = reports.plain("sarif");
                let line = all.split(&place).nth(1).unwrap_or_else(|| panic!("no {place}"));
                assert!(line.contains(&both), "sarif: {both}: {line:.200}");
                reports.assert_tells("junit", &both);
                if target == "redis/cache" {
                    let column = &reports.csv(target)[&format!("{environment} figures")];
                    assert!(column.contains(&both), "{column}");
                }
                if name == "KEYS calls" {
                    let line = format!(
                        "envparity_redis_keys_calls{{environment=\"{environment}\",target=\"{target}\"}} {text}"
                    );
                    reports.assert_tells("openmetrics", &line);
                }
            }
        }
    }
}
