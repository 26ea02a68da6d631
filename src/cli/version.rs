//! `envparity version`: how texts are read and compared, for debugging a catalogue.

use std::io::{self, BufRead, BufWriter, Write};

use anyhow::anyhow;
use serde_json::{Value, json};

use super::args::{ReadArguments, VersionCommand, VersionFormat};
use super::exit::Exit;
use super::{CommandError, output, problems};
use crate::normalize::product::{Product, Products, TextReader};
use crate::report::escape::{json as harmless, terminal};
use crate::version::{Body, Difference, Direction, Levels, Reading, Scheme, difference_of};
use crate::wire::reading::{self, BatchRow};

pub(super) fn run(command: &VersionCommand) -> Result<Exit, CommandError> {
    match command {
        VersionCommand::Parse { texts, by, output } => {
            let by = By::new(by)?;
            show(texts.iter().map(|text| (text.clone(), by.describe(text))), *output)?;
        }
        VersionCommand::Image { references, output } => {
            show(references.iter().map(|text| (text.clone(), reading::image_json(text))), *output)?;
        }
        VersionCommand::Compare { a, b, by, output } => compare(a, b, &By::new(by)?, *output)?,
        VersionCommand::Batch => batch()?,
    }
    Ok(Exit::Done)
}

/// How texts are read and compared.
struct By {
    scheme: Option<Scheme>,
    product: Option<Product>,
}

impl By {
    fn new(arguments: &ReadArguments) -> anyhow::Result<Self> {
        let scheme = reading::scheme_named(&arguments.scheme).map_err(|e| anyhow!(e))?;
        let Some(name) = &arguments.product else { return Ok(Self { scheme, product: None }) };
        let profiles = arguments.profiles.as_deref().map(problems::load).transpose()?;
        let catalogue = profiles.and_then(|profiles| profiles.catalogue);
        let products =
            Products::new(catalogue.as_ref().map(|c| c.products.as_slice()).unwrap_or_default());
        let product = products.by_name(name).ok_or_else(|| unknown(name, &products))?;
        Ok(Self { scheme, product: Some(product.clone()) })
    }

    fn read(&self, text: &str) -> Reading {
        let Some(product) = &self.product else { return reading::read_by(self.scheme, text) };
        match self.scheme {
            Some(Scheme::ImageTag) => {
                TextReader { scheme: None, product: Some(product) }.read_tag(text)
            }
            scheme => TextReader { scheme, product: Some(product) }.read_text(None, text),
        }
    }

    /// What a text says; for one that says no version, why not.
    fn describe(&self, text: &str) -> Value {
        let read = self.read(text);
        let mut fields = reading::reading_json(&read);
        if let (Some(reason), Some(fields)) = (no_version(&read), fields.as_object_mut()) {
            fields.insert("reason".to_owned(), json!(reason));
        }
        fields
    }

    fn difference(&self, a: &Reading, b: &Reading) -> Difference {
        let levels =
            self.product.as_ref().map_or(Levels::DEFAULT, |product| product.levels.clone());
        difference_of(&levels, a, b)
    }
}

/// Why a text is no version.
fn no_version(read: &Reading) -> Option<&'static str> {
    match read.body() {
        Body::Floating => Some("the tag moves: what it stands for changes over time"),
        Body::Opaque if read.scheme() == Scheme::ImageTag => Some("no version in this tag"),
        Body::Opaque => Some(
            "no version in this text by this scheme; to read it as the tag of an image, put \
             --scheme tag in front of it",
        ),
        _ => None,
    }
}

/// There are too many to tell them all.
fn unknown(name: &str, products: &Products) -> anyhow::Error {
    let all = || {
        products.iter().flat_map(|p| [&p.name].into_iter().chain(&p.aliases)).map(String::as_str)
    };
    let near: Vec<&str> = all().filter(|known| is_near(&name.to_lowercase(), known)).collect();
    let name = terminal(name);
    if near.is_empty() {
        return anyhow!(
            "unknown product {name:?}; REFERENCE.md lists the built-in ones, and --profiles DIR \
             adds those of a catalogue"
        );
    }
    anyhow!("unknown product {name:?}; did you mean {}?", near.join(", "))
}

fn is_near(name: &str, known: &str) -> bool {
    let contains =
        name.len() > 2 && (known.contains(name) || known.len() > 2 && name.contains(known));
    contains || strsim::osa_distance(name, known) <= 2.min(name.len() / 3)
}

fn show(rows: impl Iterator<Item = (String, Value)>, format: VersionFormat) -> anyhow::Result<()> {
    let mut text = String::new();
    for (input, value) in rows {
        match format {
            VersionFormat::Json => {
                let mut row = json!({"input": input});
                if let (Value::Object(row), Value::Object(fields)) = (&mut row, value) {
                    row.extend(fields);
                }
                text.push_str(&(harmless(&row.to_string()) + "\n"));
            }
            VersionFormat::Table => text.push_str(&lines(&input, &value)),
        }
    }
    output::print(&text)
}

/// The text, then a line for each field that says something.
fn lines(input: &str, value: &Value) -> String {
    let mut text = format!("{}\n", terminal(input));
    for (name, value) in value.as_object().into_iter().flatten() {
        let shown = match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        if !shown.is_empty() {
            text.push_str(&format!("  {name:<14}{}\n", terminal(&shown)));
        }
    }
    text
}

fn compare(a: &str, b: &str, by: &By, format: VersionFormat) -> anyhow::Result<()> {
    let (x, y) = (by.read(a), by.read(b));
    let apart = by.difference(&x, &y);
    let order = reading::comparison_json(&x, &y);
    if format == VersionFormat::Json {
        let row = json!({
            "a": a, "b": b, "order": order, "level": apart.level.as_str(),
            "direction": apart.direction.map(Direction::as_str), "schemes": [x.scheme().as_str(), y.scheme().as_str()],
        });
        return output::print(&(harmless(&row.to_string()) + "\n"));
    }
    let sign = match order.as_i64() {
        Some(-1) => "is below",
        Some(0) => "equals",
        Some(_) => "is above",
        None => "cannot be ordered against",
    };
    let (a, b) = (terminal(a), terminal(b));
    output::print(&format!(
        "{a} {sign} {b}: {} ({} and {})\n",
        apart.level.as_str(),
        x.scheme().as_str(),
        y.scheme().as_str()
    ))
}

/// One line out for each line in, in order, as it comes. A row that cannot be read is answered by
/// an error in its place.
fn batch() -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = answer(&line);
        match writeln!(out, "{answer}")
            .and_then(|()| if line.len() < 8192 { Ok(()) } else { out.flush() })
        {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            done => done?,
        }
    }
    Ok(out.flush()?)
}

/// The id is handed back whatever else is wrong with the row.
fn answer(line: &[u8]) -> Value {
    let row = match serde_json::from_slice::<Value>(line) {
        Ok(row) => row,
        Err(error) => return json!({"id": null, "error": error.to_string()}),
    };
    let id = row.get("id").cloned().unwrap_or_default();
    let got = serde_json::from_value::<BatchRow>(row)
        .map_err(|e| e.to_string())
        .and_then(|row| row.answer());
    match got {
        Ok(got) => json!({"id": id, "got": got}),
        Err(error) => json!({"id": id, "error": error}),
    }
}
