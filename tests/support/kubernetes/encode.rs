//! JSON of Kubernetes as protobuf: what a real server would have sent in place of it.
//!
//! The fields are those of the crate's schema. What that does not know is sent all the same, as
//! JSON in a field that nobody reads, so that an answer is as long as it would be.
//!
//! Tests of the crate and the API server of the tests share this.

use jiff::Timestamp;
use serde_json::Value;

use super::schema::{self, FieldKind, MessageField};

/// A number that no field of Kubernetes has.
const OTHER: u32 = 2_000;

/// A part of a message.
pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// Something that is filled in later; never in what has no slots.
    Slot(char),
    /// A field that holds a text or a message.
    Field(u32, Vec<Piece>),
}

impl Piece {
    /// How long it is, where `fill` tells what a slot holds.
    fn len(&self, fill: &dyn Fn(char) -> Vec<u8>) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Slot(slot) => fill(*slot).len(),
            Self::Field(number, pieces) => {
                let inner: usize = pieces.iter().map(|piece| piece.len(fill)).sum();
                key(*number, 2).len() + varint(inner as u64).len() + inner
            }
        }
    }

    /// Writes it, with the slots filled.
    pub(super) fn write(&self, fill: &dyn Fn(char) -> Vec<u8>, out: &mut Vec<u8>) {
        match self {
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
            Self::Slot(slot) => out.extend(fill(*slot)),
            Self::Field(number, pieces) => {
                let inner: usize = pieces.iter().map(|piece| piece.len(fill)).sum();
                out.extend(key(*number, 2));
                out.extend(varint(inner as u64));
                pieces.iter().for_each(|piece| piece.write(fill, out));
            }
        }
    }

    fn has_slot(&self) -> bool {
        match self {
            Self::Bytes(_) => false,
            Self::Slot(_) => true,
            Self::Field(_, pieces) => pieces.iter().any(Self::has_slot),
        }
    }
}

/// The pieces, those that have no slot in one.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        if piece.has_slot() {
            joined.push(piece);
            continue;
        }
        if !matches!(joined.last(), Some(Piece::Bytes(_))) {
            joined.push(Piece::Bytes(Vec::new()));
        }
        if let Some(Piece::Bytes(bytes)) = joined.last_mut() {
            piece.write(&|_| Vec::new(), bytes);
        }
    }
    joined
}

/// A whole answer.
pub(super) fn answer(api_version: &str, kind: &str, message: &[u8]) -> Vec<u8> {
    let type_meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
    let unknown = [field(1, &type_meta), field(2, message), field(3, b""), field(4, b"")];
    [b"k8s\0".to_vec(), unknown.concat()].concat()
}

/// An answer in JSON as the same one in protobuf; `None` of what has no such form.
pub(super) fn whole(json: &Value) -> Option<Vec<u8>> {
    let (api_version, kind) = (json["apiVersion"].as_str()?, json["kind"].as_str()?);
    if let Some(fields) = schema::object(kind) {
        return Some(answer(api_version, kind, &flat(fields, json)));
    }
    let fields = schema::item_of(kind)?;
    let items = json["items"].as_array().into_iter().flatten();
    let items: Vec<Vec<u8>> = items.map(|item| field(schema::ITEMS, &flat(fields, item))).collect();
    Some(answer(api_version, kind, &[list_meta(&json["metadata"]), items.concat()].concat()))
}

/// What a list says of itself.
pub(super) fn list_meta(metadata: &Value) -> Vec<u8> {
    field(1, &flat(schema::LIST_META, metadata))
}

/// A message without slots.
pub(super) fn flat(fields: &[MessageField], object: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    message(fields, object).iter().for_each(|piece| piece.write(&|_| Vec::new(), &mut out));
    out
}

/// A message. In its texts, characters for private use are slots.
pub(super) fn message(fields: &[MessageField], object: &Value) -> Vec<Piece> {
    if let [MessageField { number, kind: FieldKind::Embedded(embedded), .. }] = fields {
        return joined(vec![Piece::Field(*number, message(embedded, object))]);
    }
    let mut pieces = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match fields.iter().find(|field| field.name == name) {
            Some(known) => pieces.extend(known_field(known, value)),
            None => pieces.push(Piece::Field(OTHER, slots(&value.to_string()))),
        }
    }
    joined(pieces)
}

fn known_field(field: &MessageField, value: &Value) -> Vec<Piece> {
    let number = field.number;
    let one = |pieces| vec![Piece::Field(number, pieces)];
    let bytes = |bytes: Vec<u8>| vec![Piece::Bytes(bytes)];
    match (&field.kind, value) {
        (FieldKind::Time, Value::Null) => one(Vec::new()),
        (_, Value::Null) => Vec::new(),
        (FieldKind::Time, Value::String(text)) => {
            let time: Timestamp = text.parse().expect("a time of Kubernetes");
            one(bytes([key(1, 0), varint(time.as_second().cast_unsigned())].concat()))
        }
        (FieldKind::Message(fields), Value::Object(_)) => one(message(fields, value)),
        (FieldKind::List(fields), Value::Array(items)) => {
            items.iter().flat_map(|item| one(message(fields, item))).collect()
        }
        (FieldKind::TextMap, Value::Object(entries)) => {
            let entry = |(key, value): (&String, &Value)| {
                let value = value.as_str().expect("a text");
                one(vec![Piece::Field(1, slots(key)), Piece::Field(2, slots(value))])
            };
            entries.iter().flat_map(entry).collect()
        }
        (FieldKind::Json, _) => one(vec![Piece::Field(1, slots(&value.to_string()))]),
        // Whatever the schema says: what a fault puts here is to be found.
        (_, Value::String(text)) => one(slots(text)),
        (_, Value::Bool(on)) => bytes([key(number, 0), varint(u64::from(*on))].concat()),
        (_, other) => {
            let told = other.as_i64().expect("a number").cast_unsigned();
            bytes([key(number, 0), varint(told)].concat())
        }
    }
}

/// A text, split where something is to be filled in.
fn slots(text: &str) -> Vec<Piece> {
    let is_slot = |c: char| ('\u{e000}'..='\u{f8ff}').contains(&c);
    let mut pieces = Vec::new();
    for part in text.split_inclusive(is_slot) {
        let slot = part.chars().next_back().filter(|c| is_slot(*c));
        let text = slot.map_or(part, |slot| part.trim_end_matches(slot));
        pieces.push(Piece::Bytes(text.as_bytes().to_vec()));
        pieces.extend(slot.map(Piece::Slot));
    }
    pieces
}

/// A field that holds bytes.
pub(super) fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
    [key(number, 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn key(number: u32, wire_type: u32) -> Vec<u8> {
    varint(u64::from(number << 3 | wire_type))
}

pub(super) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
    bytes
}
