//! `envparity version`: how texts are read and compared, for debugging a catalogue.

use std::io::{self, BufRead, BufWriter, Write};

use anyhow::anyhow;
use serde_json::{Value, json};

use super::args::{VersionCommand, VersionFormat};
use super::exit::Exit;
use super::{Failed, output};
use crate::report::escape::{json as harmless, terminal};
use crate::version::{Direction, difference};
use crate::wire::reading::{self, Row};

pub(super) fn run(command: &VersionCommand) -> Result<Exit, Failed> {
    match command {
        VersionCommand::Parse { texts, scheme, output } => {
            let scheme = reading::scheme(scheme).map_err(|e| anyhow!(e))?;
            show(texts.iter().map(|text| (text.clone(), reading::reading(&reading::read_by(scheme, text)))), *output)?;
        }
        VersionCommand::Image { references, output } => {
            show(references.iter().map(|text| (text.clone(), reading::image(text))), *output)?;
        }
        VersionCommand::Compare { a, b, scheme, output } => compare(a, b, scheme, *output)?,
        VersionCommand::Batch => batch()?,
    }
    Ok(Exit::Done)
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

fn compare(a: &str, b: &str, scheme: &str, format: VersionFormat) -> anyhow::Result<()> {
    let scheme = reading::scheme(scheme).map_err(|e| anyhow!(e))?;
    let (x, y) = (reading::read_by(scheme, a), reading::read_by(scheme, b));
    let apart = difference(&x, &y);
    let order = reading::comparison(&x, &y);
    if format == VersionFormat::Json {
        let row = json!({
            "a": a, "b": b, "order": order, "level": apart.level.as_str(),
            "direction": apart.direction.map(Direction::as_str), "schemes": [x.scheme().as_str(), y.scheme().as_str()],
        });
        return output::print(&(harmless(&row.to_string()) + "\n"));
    }
    let sign = match order.as_i64() {
        Some(-1) => "is below",
        Some(0) => "is level with",
        Some(_) => "is above",
        None => "has no order with",
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
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Row>(&line) {
            Ok(row) => match row.answer() {
                Ok(got) => json!({"id": row.id, "got": got}),
                Err(error) => json!({"id": row.id, "error": error}),
            },
            Err(error) => json!({"id": null, "error": error.to_string()}),
        };
        match writeln!(out, "{answer}").and_then(|()| if line.len() < 8192 { Ok(()) } else { out.flush() }) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            done => done?,
        }
    }
    Ok(out.flush()?)
}
