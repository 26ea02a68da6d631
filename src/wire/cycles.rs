//! Support cycles: our own YAML, and the JSON that <https://endoflife.date> answers.
//!
//! Of the latter both versions are read, by the documentation of its API: `/api/PRODUCT.json` (v0,
//! a list of cycles that names no product: the file's name does), `/api/v1/products/PRODUCT` and
//! `/api/v1/products/full` (v1, which say who they are). Fields that decide nothing are passed
//! over, so that new ones break nothing.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::yaml::{self, Origin};
use crate::model::{Cycles, SupportEnd};

/// The text is not one of the formats.
#[derive(Debug, thiserror::Error)]
pub enum CyclesError {
    /// Broken YAML or JSON, or a key that should be another.
    #[error("{message} (line {line}, column {column})")]
    Shape {
        /// What is wrong.
        message: String,
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
    },
    /// Well-formed, and no support cycles.
    #[error("{0}")]
    Content(String),
}

impl CyclesError {
    /// What helps.
    pub fn advice(&self) -> &'static str {
        "fetch https://endoflife.date/api/v1/products/redis or \
         https://endoflife.date/api/v1/products/full; or \
         https://endoflife.date/api/redis.json, into a file of the product's name; or write \
         as-of: 2026-08-22 and products: {redis: [{cycle: '7.2', end-of-life: \
         2029-12-01}]}"
    }
}

/// Our own format.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CyclesDocument {
    as_of: Day,
    #[serde(default, rename = "source")]
    _source: Option<String>,
    #[serde(default, rename = "licence")]
    _licence: Option<String>,
    products: BTreeMap<String, Vec<CycleRow>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CycleRow {
    cycle: String,
    end_of_life: CycleEnd,
    #[serde(default, rename = "released")]
    _released: Option<Day>,
    #[serde(default, rename = "latest")]
    _latest: Option<String>,
    #[serde(default, rename = "lts")]
    _lts: bool,
}

struct Day(Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| de::Error::custom(format!("{text:?} is not a date like 2026-08-22")))
    }
}

/// A date, `true` or `false`.
struct CycleEnd(SupportEnd);

impl<'de> Deserialize<'de> for CycleEnd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = CycleEnd;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date like 2026-08-22, true (ended) or false (not announced)")
            }

            fn visit_bool<E: de::Error>(self, ended: bool) -> Result<CycleEnd, E> {
                Ok(CycleEnd(if ended { SupportEnd::Ended } else { SupportEnd::NotAnnounced }))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<CycleEnd, E> {
                let wrong = |_| E::invalid_value(de::Unexpected::Str(text), &self);
                text.parse().map(|date| CycleEnd(SupportEnd::On(date))).map_err(wrong)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The cycles that ship with the program.
#[expect(clippy::missing_panics_doc, reason = "what it reads is part of the program")]
pub fn shipped_cycles() -> Cycles {
    read_own(include_str!("end-of-life.yaml"))
        .expect("end-of-life.yaml is part of the program, and a test reads it")
}

/// Reads support cycles in any of the formats. `name` is the product where the text does not say
/// one, and `modified` its day where it says none.
///
/// # Errors
/// If the text is not one of them, or one of its cycles has no name or no date.
pub fn read_cycles(text: &str, name: &str, modified: Date) -> Result<Cycles, CyclesError> {
    let cycles = in_any_format(text, name, modified)?;
    if cycles.names().next().is_none() {
        return Err(CyclesError::Content(
            "no product in it has a cycle whose name is a version".to_owned(),
        ));
    }
    Ok(cycles)
}

fn in_any_format(text: &str, name: &str, modified: Date) -> Result<Cycles, CyclesError> {
    if !text.trim_start().starts_with(['[', '{']) {
        return read_own(text);
    }
    let json: Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        CyclesError::Shape { message, line, column }
    })?;
    match &json {
        Value::Array(rows) => {
            let mut cycles = Cycles::default();
            cycles.add(name, modified, of_v0(rows, name)?);
            Ok(cycles)
        }
        _ if json.get("products").is_some() => read_own(text),
        _ => of_v1(&json, modified),
    }
}

fn read_own(text: &str) -> Result<Cycles, CyclesError> {
    let document: CyclesDocument = yaml::read(text, Origin::Person).map_err(|error| {
        CyclesError::Shape { message: error.message, line: error.line, column: error.column }
    })?;
    let mut cycles = Cycles::default();
    for (product, rows) in document.products {
        cycles.add(
            &product,
            document.as_of.0,
            rows.into_iter().map(|row| (row.cycle, row.end_of_life.0)),
        );
    }
    Ok(cycles)
}

fn of_v0(rows: &[Value], product: &str) -> Result<Vec<(String, SupportEnd)>, CyclesError> {
    let wrong = |message: &str| CyclesError::Content(message.to_owned());
    if rows.is_empty() {
        return Err(wrong("the list of cycles is empty"));
    }
    if rows.iter().all(Value::is_string) {
        return Err(wrong("this is a list of names, without their cycles"));
    }
    let cycles = rows.iter().map(|row| {
        let cycle = match row.get("cycle") {
            Some(Value::String(cycle)) => cycle.clone(),
            Some(Value::Number(cycle)) => cycle.to_string(),
            _ => return Err(CyclesError::Content(format!("a row of {product} names no cycle"))),
        };
        let end = match row.get("eol") {
            Some(Value::Bool(true)) => SupportEnd::Ended,
            Some(Value::Bool(false)) | None => SupportEnd::NotAnnounced,
            Some(other) => SupportEnd::On(date_field(other, product, &cycle)?),
        };
        Ok((cycle, end))
    });
    cycles.collect()
}

fn of_v1(json: &Value, modified: Date) -> Result<Cycles, CyclesError> {
    let products = match json.get("result") {
        Some(Value::Array(products)) => products.as_slice(),
        Some(product @ Value::Object(_)) => std::slice::from_ref(product),
        _ => {
            return Err(CyclesError::Content(
                "there is neither result: nor products: in it".to_owned(),
            ));
        }
    };
    let of = |product: &Value| {
        Some(day_of(product.get("generated_at").or_else(|| product.get("last_modified"))?))
    };
    let as_of = of(json).flatten().unwrap_or(modified);
    let mut cycles = Cycles::default();
    for product in products {
        let name = text_field(product, "name")
            .ok_or_else(|| CyclesError::Content("a product has no name".to_owned()))?;
        let Some(Value::Array(releases)) = product.get("releases") else {
            return Err(CyclesError::Content(format!(
                "{name:?} has no releases: this is a list of products alone"
            )));
        };
        let rows = releases.iter().map(|release| {
            let cycle = text_field(release, "name").ok_or_else(|| {
                CyclesError::Content(format!("a release of {name:?} has no name"))
            })?;
            let end = match (release.get("eolFrom"), release.get("isEol")) {
                (Some(from), _) if !from.is_null() => {
                    SupportEnd::On(date_field(from, name, cycle)?)
                }
                (_, Some(Value::Bool(true))) => SupportEnd::Ended,
                _ => SupportEnd::NotAnnounced,
            };
            Ok((cycle.to_owned(), end))
        });
        cycles.add(name, as_of, rows.collect::<Result<Vec<_>, CyclesError>>()?);
    }
    Ok(cycles)
}

fn text_field<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.trim().is_empty())
}

fn date_field(value: &Value, product: &str, cycle: &str) -> Result<Date, CyclesError> {
    let date = value.as_str().and_then(|text| text.parse().ok());
    date.ok_or_else(|| {
        CyclesError::Content(format!("the end of {product} {cycle} is not a date: {value}"))
    })
}

/// The day of a time, in UTC.
fn day_of(value: &Value) -> Option<Date> {
    let text = value.as_str()?;
    let time: Option<Timestamp> = text.parse().ok();
    time.map(|time| time.to_zoned(TimeZone::UTC).date()).or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::Number;
    use jiff::civil::date as civil;

    /// Product, day of the data, and the end of the cycle of `version`.
    fn end(cycles: &Cycles, product: &str, version: &[u64]) -> (Date, SupportEnd) {
        let (_, found) =
            cycles.of_product(product).unwrap_or_else(|| panic!("{product} is not there"));
        let numbers: Vec<Number> = version.iter().map(|number| (*number).into()).collect();
        let candidates = found.candidates(&numbers);
        assert_eq!(candidates.len(), 1, "{product} {version:?}");
        (found.as_of(), candidates[0].end)
    }

    const MODIFIED: Date = civil(2026, 1, 2);

    #[test]
    fn the_shipped_data_are_whole() {
        let cycles = shipped_cycles();
        for product in [
            "redis", "valkey", "kubernetes", "docker", "containerd", "postgresql", "debian",
            "ubuntu", "alpine", "node", "eclipse-temurin", "openjdk", "python",
        ] {
            assert!(cycles.of_product(product).is_some(), "{product}");
        }
        let as_of = civil(2026, 8, 22);
        assert_eq!(end(&cycles, "redis", &[7, 0, 15]), (as_of, SupportEnd::On(civil(2024, 7, 29))));
        assert_eq!(end(&cycles, "redis", &[8, 10, 1]), (as_of, SupportEnd::NotAnnounced));
        assert_eq!(end(&cycles, "docker", &[19, 3, 9]), (as_of, SupportEnd::On(civil(2021, 1, 8))));
        assert_eq!(end(&cycles, "node", &[3, 3, 1]).1, SupportEnd::Ended);
    }

    #[test]
    fn both_versions_of_the_interface_are_read() {
        let v0 = r#"[{"cycle":"7.4","releaseDate":"2024-07-29","eol":false,"latest":"7.4.1","lts":false,"support":true},
                     {"cycle":7.2,"eol":"2026-02-28"}, {"cycle":"6.2","eol":true}]"#;
        let cycles = read_cycles(v0, "redis", MODIFIED).unwrap();
        assert_eq!(end(&cycles, "redis", &[7, 4, 1]), (MODIFIED, SupportEnd::NotAnnounced));
        assert_eq!(end(&cycles, "redis", &[7, 2, 1]).1, SupportEnd::On(civil(2026, 2, 28)));
        assert_eq!(end(&cycles, "redis", &[6, 2, 1]).1, SupportEnd::Ended);
        let product = r#"{"name":"redis","aliases":[],"label":"Redis","releases":[
            {"name":"8.0","codename":null,"releaseDate":"2025-05-02","isEol":false,"eolFrom":"2026-12-01"},
            {"name":"7.4","isEol":false,"eolFrom":null}, {"name":"2.8","isEol":true,"eolFrom":null}]}"#;
        let head = r#""schema_version":"1.2.0","generated_at":"2026-09-01T23:30:00-02:00""#;
        for json in [
            format!(
                "{{{head},\"last_modified\":\"2025-01-01T00:00:00+00:00\",\"result\":{product}}}"
            ),
            format!("\n {{{head},\"total\":1,\"result\":[{product}]}}"),
        ] {
            let cycles = read_cycles(&json, "whatever", MODIFIED).unwrap();
            let as_of = civil(2026, 9, 2);
            assert_eq!(
                end(&cycles, "redis", &[8, 0, 6]),
                (as_of, SupportEnd::On(civil(2026, 12, 1)))
            );
            assert_eq!(end(&cycles, "redis", &[7, 4, 1]), (as_of, SupportEnd::NotAnnounced));
            assert_eq!(end(&cycles, "redis", &[2, 8, 1]), (as_of, SupportEnd::Ended));
        }
        let undated = format!("{{\"result\":{product}}}");
        assert_eq!(
            end(&read_cycles(&undated, "x", MODIFIED).unwrap(), "redis", &[8, 0, 6]).0,
            MODIFIED
        );
    }

    #[test]
    fn our_own_format_is_read_as_yaml_and_as_json() {
        let yaml =
            "as-of: 2026-09-01\nproducts:\n  own:\n  - {cycle: 1.10, end-of-life: 2027-01-01}\n";
        let json = r#"{"as-of": "2026-09-01", "products": {"own": [{"cycle": "1.10", "end-of-life": "2027-01-01"}]}}"#;
        for text in [yaml, json] {
            let cycles = read_cycles(text, "x", MODIFIED).unwrap();
            assert_eq!(
                end(&cycles, "own", &[1, 10, 2]),
                (civil(2026, 9, 1), SupportEnd::On(civil(2027, 1, 1)))
            );
        }
    }

    #[test]
    fn what_is_neither_says_what_is_wrong() {
        let deep = "[".repeat(100_000);
        for (text, said) in [
            ("", "the file is empty"),
            ("[]", "empty"),
            (r#"{"result": {"name": "redis", "releases": []}}"#, "no product in it"),
            ("as-of: 2026-08-22\nproducts: {redis: []}\n", "no product in it"),
            ("[\"redis\", \"valkey\"]", "a list of names"),
            ("[{\"eol\": true}]", "names no cycle"),
            ("[{\"cycle\": \"7\", \"eol\": \"soon\"}]", "the end of redis 7 is not a date"),
            ("[{\"cycle\": \"7\", \"eol\": 2026}]", "the end of redis 7 is not a date"),
            ("{\"result\": {\"name\": \"redis\"}}", "has no releases"),
            ("{\"result\": [{\"releases\": []}]}", "has no name"),
            ("{\"message\": \"Not Found\"}", "neither result: nor products:"),
            ("<!DOCTYPE html>", "line 1"),
            ("{\"result\":", "EOF"),
            (deep.as_str(), "recursion limit"),
            ("as-of: today\nproducts: {}\n", "not a date like"),
            (
                "as-of: 2026-01-01\nproducts:\n  a:\n  - {cycle: '1', end-of-life: never}\n",
                "line 4",
            ),
            ("as-of: 2026-01-01\nproducts:\n  a:\n  - {cycle: '1', eol: true}\n", "eol"),
        ] {
            let error = read_cycles(text, "redis", MODIFIED).unwrap_err();
            assert!(error.to_string().contains(said), "{said}: {error}");
            assert!(error.advice().contains("endoflife.date"));
        }
    }
}
