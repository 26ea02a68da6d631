//! What a Prometheus answers: JSON that is read piece by piece, and bounded. Pure.
//!
//! What is over a bound is refused as a whole: series that are left out would be commands that
//! nobody misses.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::{Failure, FailureKind, LoadSpan};
use warnings::{Warnings, shortened};

#[cfg(test)]
mod tests;
mod warnings;

/// Values of one answer: 16 bytes each. Twice as many as 150 commands have at 2,016 steps.
const MAX_POINTS: usize = 700_000;

/// Values of all samples of one bucket.
const MAX_BUCKET_POINTS: usize = 500_000;

/// Series of one answer.
const MAX_SERIES: usize = 10_000;

/// Labels of one series.
const MAX_LABELS: usize = 64;

/// Bytes that all labels of one answer take.
const MAX_TEXT: usize = 8 * 1024 * 1024;

/// Bytes that a label takes besides its text.
const LABEL: usize = 96;

pub(super) type SeriesLabels = BTreeMap<String, String>;

/// A series and its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ToldSeries {
    pub(super) labels: SeriesLabels,
    /// In the order of time; finite.
    pub(super) points: Vec<SeriesPoint>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SeriesPoint {
    /// Unix milliseconds.
    pub(super) at_millis: i64,
    pub(super) value: f64,
}

impl ToldSeries {
    /// Bytes that its labels take.
    pub(super) fn label_bytes(&self) -> usize {
        self.labels.iter().map(|(name, value)| label_bytes(name, value)).sum()
    }
}

fn label_bytes(name: &str, value: &str) -> usize {
    LABEL + name.len() + value.len()
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ReadAnswer {
    pub(super) series: Vec<ToldSeries>,
    pub(super) warnings: Vec<String>,
}

/// How much an answer may hold. What is more is not read on.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerBounds {
    points: usize,
    text: usize,
    /// Whether they are what is left of those of a bucket.
    is_of_bucket: bool,
}

impl AnswerBounds {
    /// Of one answer.
    pub(super) const ANSWER: Self =
        Self { points: MAX_POINTS, text: MAX_TEXT, is_of_bucket: false };

    /// Of all samples of one bucket, which come in several answers.
    pub(super) const BUCKET: Self =
        Self { points: MAX_BUCKET_POINTS, text: MAX_TEXT, is_of_bucket: true };

    /// What is left for the next answer.
    pub(super) fn after(self, told: &[ToldSeries]) -> Self {
        let points = told.iter().map(|series| series.points.len()).sum();
        let text = told.iter().map(ToldSeries::label_bytes).sum();
        Self {
            points: self.points.saturating_sub(points),
            text: self.text.saturating_sub(text),
            ..self
        }
    }

    fn exceeded(self, what: &str, path: &str) -> String {
        if self.is_of_bucket {
            return format!(
                "the samples of one bucket have more than {MAX_BUCKET_POINTS} values or 8 MiB of \
                 labels"
            );
        }
        format!("the answer to GET {path} has more than {what}")
    }
}

/// Reads the answer to a query, or a list of series. Messages say that it answers `path`.
pub(super) fn read(body: &[u8], path: &str, bounds: AnswerBounds) -> Result<ReadAnswer, Failure> {
    let budget = Budget::new(bounds);
    let mut json = serde_json::Deserializer::from_slice(body);
    let read =
        AnswerEnvelope(&budget).deserialize(&mut json).and_then(|told| json.end().map(|()| told));
    let envelope = read.map_err(|error| refusal(&error, &budget, body, path))?;
    match envelope.status.as_deref() {
        Some("success") => {}
        Some("error") => {
            let said = envelope.error.map_or_else(String::new, |said| format!(": {said}"));
            let message = format!("GET {path} was answered with an error{said}");
            return Err(Failure::new(FailureKind::Protocol, message).with_advice(
                "look into the log of the Prometheus; its limits may be below the load",
            ));
        }
        _ => return Err(foreign(path)),
    }
    let series = envelope.series.ok_or_else(|| foreign(path))?;
    Ok(ReadAnswer { series, warnings: envelope.warnings })
}

/// Whether the values of an answer stand on the lines of the grid that were asked for, once each.
pub(super) fn is_on_grid(told: &[ToldSeries], span: LoadSpan, seconds: i64) -> bool {
    let fits = |point: &SeriesPoint| {
        let at = point.at_millis.div_euclid(1000);
        point.at_millis.rem_euclid(1000) == 0
            && (span.from..=span.to).contains(&at)
            && (at - span.from) % seconds == 0
    };
    told.iter().all(|series| series.points.iter().all(fits))
}

fn refusal(error: &serde_json::Error, budget: &Budget, body: &[u8], path: &str) -> Failure {
    if let Some(what) = budget.over.get() {
        let message = budget.bounds.exceeded(what, path);
        return Failure::new(FailureKind::TooLarge, message).with_advice(
            "correct match: and members:, so that they match one server's series each",
        );
    }
    let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if is_json && error.is_eof() {
        let message = format!("the answer to GET {path} broke off: its JSON has no end");
        return Failure::new(FailureKind::Cut, message);
    }
    foreign(path)
}

fn foreign(path: &str) -> Failure {
    let message = format!("the answer to GET {path} is not that of a Prometheus API");
    Failure::new(FailureKind::Protocol, message)
        .with_advice("name the base of the API in url:, as in https://host/prometheus")
}

/// What is left of the bounds.
struct Budget {
    bounds: AnswerBounds,
    points: Cell<usize>,
    series: Cell<usize>,
    text: Cell<usize>,
    over: Cell<Option<&'static str>>,
}

impl Budget {
    fn new(bounds: AnswerBounds) -> Self {
        Self {
            bounds,
            points: Cell::new(bounds.points),
            series: Cell::new(MAX_SERIES),
            text: Cell::new(bounds.text),
            over: Cell::new(None),
        }
    }

    fn take<E: Error>(&self, of: &Cell<usize>, count: usize, what: &'static str) -> Result<(), E> {
        match of.get().checked_sub(count) {
            Some(left) => {
                of.set(left);
                Ok(())
            }
            None => Err(self.refuse(what)),
        }
    }

    fn take_series<E: Error>(&self) -> Result<(), E> {
        self.take(&self.series, 1, "10000 series")
    }

    fn refuse<E: Error>(&self, what: &'static str) -> E {
        self.over.set(Some(what));
        E::custom("over a bound")
    }
}

#[derive(Default)]
struct EnvelopeTold {
    status: Option<String>,
    error: Option<String>,
    series: Option<Vec<ToldSeries>>,
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum EnvelopeKey {
    Status,
    Error,
    Data,
    Warnings,
    IsPartial,
    #[serde(other)]
    Other,
}

struct AnswerEnvelope<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for AnswerEnvelope<'_> {
    type Value = EnvelopeTold;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<EnvelopeTold, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AnswerEnvelope<'_> {
    type Value = EnvelopeTold;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EnvelopeTold, A::Error> {
        let mut told = EnvelopeTold::default();
        while let Some(key) = map.next_key()? {
            match key {
                EnvelopeKey::Status => told.status = map.next_value()?,
                EnvelopeKey::Error => {
                    told.error = map.next_value::<Option<String>>()?.map(|said| shortened(&said));
                }
                EnvelopeKey::Data if told.series.is_some() => {
                    return Err(A::Error::duplicate_field("data"));
                }
                EnvelopeKey::Data => told.series = map.next_value_seed(Data(self.0))?,
                EnvelopeKey::Warnings => map.next_value_seed(Warnings(&mut told.warnings))?,
                EnvelopeKey::IsPartial => {
                    if map.next_value::<Option<bool>>()? == Some(true) {
                        told.warnings.push("the answer is partial".to_owned());
                    }
                }
                EnvelopeKey::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(told)
    }
}

/// `{"resultType": …, "result": […]}` of a query, or `[{labels}, …]` of a list of series.
struct Data<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Data<'_> {
    type Value = Option<Vec<ToldSeries>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum DataKey {
    ResultType,
    Result,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for Data<'_> {
    type Value = Option<Vec<ToldSeries>>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a result, or series")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(labels) = items.next_element_seed(LabelsSeed(self.0))? {
            self.0.take_series()?;
            all.push(ToldSeries { labels, points: Vec::new() });
        }
        Ok(Some(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key()? {
            match key {
                DataKey::ResultType => {
                    let kind: String = map.next_value()?;
                    if kind != "matrix" && kind != "vector" {
                        return Err(A::Error::custom("another type of result"));
                    }
                }
                DataKey::Result => found = Some(map.next_value_seed(ResultSeed(self.0))?),
                DataKey::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

struct ResultSeed<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for ResultSeed<'_> {
    type Value = Vec<ToldSeries>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Vec<ToldSeries>, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ResultSeed<'_> {
    type Value = Vec<ToldSeries>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<ToldSeries>, A::Error> {
        let mut all = Vec::new();
        while let Some(series) = items.next_element_seed(SeriesSeed(self.0))? {
            self.0.take_series()?;
            all.push(series);
        }
        Ok(all)
    }
}

struct SeriesSeed<'b>(&'b Budget);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum AnswerKey {
    Metric,
    Values,
    Value,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for SeriesSeed<'_> {
    type Value = ToldSeries;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<ToldSeries, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for SeriesSeed<'_> {
    type Value = ToldSeries;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a series")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ToldSeries, A::Error> {
        let mut told = ToldSeries::default();
        while let Some(key) = map.next_key()? {
            match key {
                AnswerKey::Metric => told.labels = map.next_value_seed(LabelsSeed(self.0))?,
                AnswerKey::Values => told.points = map.next_value_seed(Points(self.0))?,
                AnswerKey::Value => {
                    told.points = map.next_value_seed(PointSeed(self.0))?.into_iter().collect();
                }
                AnswerKey::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if told.points.windows(2).any(|pair| pair[0].at_millis >= pair[1].at_millis) {
            return Err(A::Error::custom("values are not in the order of time"));
        }
        Ok(told)
    }
}

struct LabelsSeed<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for LabelsSeed<'_> {
    type Value = SeriesLabels;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<SeriesLabels, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LabelsSeed<'_> {
    type Value = SeriesLabels;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SeriesLabels, A::Error> {
        let mut labels = SeriesLabels::new();
        while let Some((name, value)) = map.next_entry::<String, String>()? {
            self.0.take(&self.0.text, label_bytes(&name, &value), "8 MiB of labels")?;
            if labels.len() == MAX_LABELS {
                return Err(self.0.refuse("64 labels of one series"));
            }
            labels.insert(name, value);
        }
        Ok(labels)
    }
}

struct Points<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Points<'_> {
    type Value = Vec<SeriesPoint>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Vec<SeriesPoint>, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Points<'_> {
    type Value = Vec<SeriesPoint>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<SeriesPoint>, A::Error> {
        let mut points = Vec::new();
        while let Some(point) = items.next_element_seed(PointSeed(self.0))? {
            points.extend(point);
        }
        Ok(points)
    }
}

/// `[1435781430.781, "1"]`; `None` where the value is not a finite number.
struct PointSeed<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for PointSeed<'_> {
    type Value = Option<SeriesPoint>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<SeriesPoint>, D::Error> {
        self.0.take(&self.0.points, 1, "700000 values")?;
        let (seconds, text) = <(f64, String)>::deserialize(json)?;
        let value: f64 = text.parse().map_err(|_| D::Error::custom("a value is not a number"))?;
        if !(0.0..1e11).contains(&seconds) {
            return Err(D::Error::custom("a time is out of range"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is in range")]
        let at_millis = (seconds * 1000.0).round() as i64;
        Ok(value.is_finite().then_some(SeriesPoint { at_millis, value }))
    }
}
