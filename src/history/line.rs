//! A line of an export that is a row: `["table", [1, "text", 0.5]]`. Pure.
//!
//! What no row holds (more columns, nested values) is refused while it is read: a line may be long.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// More than any table has.
const MAX_COLUMNS: usize = 16;

/// A row of a table that may not exist.
#[derive(Debug, PartialEq)]
pub(super) struct RowLine {
    pub(super) table: String,
    pub(super) cells: Vec<Cell>,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Int(i64),
    Real(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for RowLine {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let (table, Cells(cells)) = Deserialize::deserialize(json)?;
        Ok(Self { table, cells })
    }
}

struct Cells(Vec<Cell>);

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_seq(CellsVisitor).map(Self)
    }
}

struct CellsVisitor;

impl<'de> Visitor<'de> for CellsVisitor {
    type Value = Vec<Cell>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the columns of a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Cell>, A::Error> {
        let mut cells = Vec::new();
        while let Some(cell) = items.next_element()? {
            if cells.len() == MAX_COLUMNS {
                return Err(A::Error::custom("too many columns"));
            }
            cells.push(cell);
        }
        Ok(cells)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Cell, E> {
        i64::try_from(value).map(Cell::Int).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Real(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Cell, E> {
        Ok(Cell::Text(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_few_plain_values() {
        let read = |text: &str| serde_json::from_str::<RowLine>(text).ok();
        let row = read(r#"["due", ["x", 7, -7, 0.5]]"#).unwrap();
        let cells = [Cell::Text("x".into()), Cell::Int(7), Cell::Int(-7), Cell::Real(0.5)];
        assert_eq!((row.table.as_str(), row.cells), ("due", cells.to_vec()));
        let many = format!(r#"["due", [0{}]]"#, ",0".repeat(16));
        let deep = format!(r#"["due", {}"#, "[".repeat(100_000));
        for wrong in [
            r#"["due", [[]]]"#,
            r#"["due", [{}]]"#,
            r#"["due", [null]]"#,
            r#"["due", [18446744073709551615]]"#,
            r#"["due"]"#,
            r#"["due", [], 1]"#,
            r#"[1, []]"#,
            &many,
            &deep,
        ] {
            assert_eq!(read(wrong), None, "{:.40}", wrong);
        }
    }
}
