//! What `envparity version` says of texts, and the rows that its batch form reads.
//!
//! A reading is an object with the fields that apply to its scheme; numbers beyond `u64` are
//! written as JSON numbers of that many digits would be misread, so they are strings.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::model::meant_and_known;
use crate::version::{
    ApiVersion, Body, Commit, Date, Detail, Identifier, ImageReference, Level, Number, Reading,
    Scheme, Stage, Version, difference, order, read, read_any,
};

/// One row of a batch: what to do, by which scheme, with which texts.
#[derive(Debug, Deserialize)]
pub struct BatchRow {
    /// Handed back with the answer.
    pub id: Value,
    /// What to do.
    pub kind: QuestionKind,
    /// Name of a scheme, or `auto`.
    #[serde(default)]
    scheme: Option<String>,
    /// The text, of kinds with one.
    #[serde(default)]
    input: Option<String>,
    /// The first text, of kinds with two.
    #[serde(default)]
    a: Option<String>,
    /// The second text, of kinds with two.
    #[serde(default)]
    b: Option<String>,
}

/// What a row asks.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// What a text says.
    Parse,
    /// Which of two is newer.
    Compare,
    /// What an image reference names.
    ImageRef,
    /// What kind of tag a text is.
    TagClass,
    /// How far two are apart.
    Drift,
}

impl BatchRow {
    /// The answer.
    ///
    /// # Errors
    /// If the scheme is unknown or a text is missing.
    pub fn answer(&self) -> Result<Value, String> {
        let text = |text: &Option<String>, name: &str| {
            text.clone().ok_or_else(|| format!("the row has no {name}"))
        };
        let one = || text(&self.input, "input");
        let scheme = scheme_named(self.scheme.as_deref().unwrap_or("auto"))?;
        let pair = || -> Result<_, String> {
            let (a, b) = (text(&self.a, "a")?, text(&self.b, "b")?);
            Ok((read_by(scheme, &a), read_by(scheme, &b)))
        };
        Ok(match self.kind {
            QuestionKind::Parse => reading_json(&read_by(scheme, &one()?)),
            QuestionKind::Compare => pair().map(|(a, b)| comparison_json(&a, &b))?,
            QuestionKind::ImageRef => image_json(&one()?),
            QuestionKind::TagClass => tag_class(&one()?),
            QuestionKind::Drift => {
                pair().map(|(a, b)| json!(level_word(difference(&a, &b).level)))?
            }
        })
    }
}

/// The scheme of a name; `None` for `auto`.
///
/// # Errors
/// If there is none of that name.
pub fn scheme_named(name: &str) -> Result<Option<Scheme>, String> {
    if name == "auto" {
        return Ok(None);
    }
    let known: Vec<&str> =
        ["auto"].into_iter().chain(Scheme::ALL.iter().map(|scheme| scheme.as_str())).collect();
    Scheme::by_name(name)
        .map(Some)
        .ok_or_else(|| format!("unknown scheme {name:?}; {}", meant_and_known(name, &known)))
}

/// Reads by a scheme, or by the one that the text's form suggests.
pub fn read_by(scheme: Option<Scheme>, text: &str) -> Reading {
    scheme.map_or_else(|| read_any(text), |scheme| read(scheme, text))
}

/// -1, 0, 1 or `incomparable`, for the first text.
pub fn comparison_json(a: &Reading, b: &Reading) -> Value {
    match order(a, b) {
        Some(ordering) => json!(ordering as i8),
        None => json!("incomparable"),
    }
}

/// The corpus' word for a level.
fn level_word(level: Level) -> &'static str {
    if level == Level::Equal { "none" } else { level.as_str() }
}

/// Registry, repository, tag and digest; `valid: false` for what is no reference.
pub fn image_json(text: &str) -> Value {
    match ImageReference::parse(text) {
        Ok(ImageReference { registry, repository, tag, digest }) => {
            json!({"valid": true, "registry": registry, "repository": repository, "tag": tag, "digest": digest})
        }
        Err(_) => json!({"valid": false}),
    }
}

/// `versioned`, `floating`, `sha` or `date`, with precision and variant of a version.
pub fn tag_class(text: &str) -> Value {
    match read(Scheme::ImageTag, text).body() {
        Body::Version(version) => {
            json!({"class": "versioned", "precision": version.release.len(), "variant": version.variant})
        }
        Body::Date(_) => json!({"class": "date", "precision": 0, "variant": ""}),
        Body::Commit(_) => json!({"class": "sha", "precision": 0, "variant": ""}),
        Body::Floating | Body::Opaque | Body::Api(_) => {
            json!({"class": "floating", "precision": 0, "variant": ""})
        }
    }
}

/// Every field that applies.
pub fn reading_json(reading: &Reading) -> Value {
    let mut fields = Map::new();
    let valid = match reading.body() {
        Body::Version(found) => add_version(reading.scheme(), found, &mut fields),
        Body::Date(found) => add_date(found, &mut fields),
        Body::Api(found) => add_api(found, &mut fields),
        Body::Commit(found) => {
            add_commit(found, &mut fields);
            false
        }
        Body::Floating | Body::Opaque => false,
    };
    let mut object = Map::from_iter([("valid".to_owned(), json!(valid))]);
    object.extend(fields);
    object.insert("scheme".to_owned(), json!(reading.scheme().as_str()));
    Value::Object(object)
}

/// No version, but what a person may want to know of it.
fn add_commit(commit: &Commit, fields: &mut Map<String, Value>) {
    let Commit { hash, build, channel, variant, .. } = commit;
    for (name, value) in
        [("commit", hash), ("build", build), ("channel", channel), ("variant", variant)]
    {
        if !value.is_empty() {
            fields.insert(name.to_owned(), json!(value));
        }
    }
}

fn add_version(scheme: Scheme, v: &Version, fields: &mut Map<String, Value>) -> bool {
    let mut add = |name: &str, value: Value| _ = fields.insert(name.to_owned(), value);
    let nth = |i: usize| v.release.get(i).map_or(json!(0), number_json);
    add("release", v.release.iter().map(number_json).collect());
    add("major", nth(0));
    add("minor", nth(1));
    add("patch", nth(2));
    add("pre", json!(v.pre_text));
    add("build", json!(v.build));
    add("is_prerelease", json!(!v.pre.is_empty()));
    if let Some((word, count)) = v.pre_stage() {
        add("pre_kind", json!(word));
        if let Some(count) = count {
            add("pre_num", number_json(&count));
        }
    }
    if scheme == Scheme::ImageTag {
        add("variant", json!(v.variant));
    }
    if !v.channel().is_empty() {
        add("channel", json!(v.channel()));
    }
    if !v.packaging.is_empty() {
        add("packaging", json!(v.packaging));
    }
    match &v.detail {
        Detail::None | Detail::Beginning | Detail::BuildNumber | Detail::BuildId => {}
        Detail::Package { epoch, upstream, revision } => {
            add("epoch", number_json(epoch));
            add("upstream", json!(upstream));
            add("revision", json!(revision));
        }
        Detail::Suffix(suffix) => add("suffix", json!(suffix)),
        Detail::Flavor(flavor) => add("flavor", json!(flavor)),
    }
    true
}

fn add_date(d: &Date, fields: &mut Map<String, Value>) -> bool {
    let mut add = |name: &str, value: Value| _ = fields.insert(name.to_owned(), value);
    add("year", json!(d.year));
    add("month", json!(d.month));
    if d.day > 0 {
        add("day", json!(d.day));
    }
    if let Some(micro) = &d.micro {
        add("micro", number_json(micro));
    }
    let pre: Vec<String> = d.pre.iter().map(ToString::to_string).collect();
    add("pre", json!(pre.join(".")));
    add("is_prerelease", json!(!d.pre.is_empty()));
    if let Some(Identifier::Word(word)) = d.pre.first() {
        add("pre_kind", json!(word));
    }
    if let Some(Identifier::Number(count)) = d.pre.get(1) {
        add("pre_num", number_json(count));
    }
    true
}

fn add_api(v: &ApiVersion, fields: &mut Map<String, Value>) -> bool {
    let mut add = |name: &str, value: Value| _ = fields.insert(name.to_owned(), value);
    add("group", json!(v.group));
    add("major", number_json(&v.major));
    let stage = match v.stage {
        Stage::Alpha => "alpha",
        Stage::Beta => "beta",
        Stage::Ga => "ga",
    };
    add("stage", json!(stage));
    add("stage_num", number_json(&v.stage_number));
    add("is_prerelease", json!(v.stage != Stage::Ga));
    true
}

fn number_json(number: &Number) -> Value {
    number.to_u64().map_or_else(|| json!(number.to_string()), |value| json!(value))
}
