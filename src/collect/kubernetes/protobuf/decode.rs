//! Messages as serde reads them, so that an object is one type in JSON and in protobuf. Pure.
//!
//! Texts are borrowed from the answer. How deep messages nest is set by the schema; how long a list
//! may be, by the type that is read.

use jiff::Timestamp;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::schema::{FieldKind, MessageField};
use super::wire::{FieldReader, WireError, WireValue, find_bytes};

/// Why a message is not what it should be.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum DecodeError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("{0}")]
    Data(String),
}

impl serde::de::Error for DecodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Data(message.to_string())
    }
}

/// Reads a message of those fields.
pub(super) fn decode<'a, T: serde::Deserialize<'a>>(
    message: &'a [u8],
    fields: &'static [MessageField],
) -> Result<T, DecodeError> {
    T::deserialize(MessageReader { fields, message })
}

/// A message that is still to be read.
#[derive(Clone, Copy)]
struct MessageReader<'a> {
    fields: &'static [MessageField],
    message: &'a [u8],
}

impl<'de> Deserializer<'de> for MessageReader<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let Self { fields, message } = self;
        let reader = FieldReader::new(message);
        visitor.visit_map(MessageFields { fields, reader, lists: 0, value: None })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The fields of a message that are in the schema. A list is read whole where its first element
/// stands; its others are passed over then.
struct MessageFields<'a> {
    fields: &'static [MessageField],
    reader: FieldReader<'a>,
    /// Lists that were read, by their place in `fields`.
    lists: u64,
    value: Option<FieldValue<'a>>,
}

impl<'de> MapAccess<'de> for MessageFields<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        while let Some((number, value)) = self.reader.next_field()? {
            let mut known = self.fields.iter().enumerate();
            let Some((place, field)) = known.find(|(_, field)| field.number == number) else {
                continue;
            };
            match (&field.kind, value) {
                (FieldKind::Embedded(fields), WireValue::Bytes(message)) => {
                    (self.fields, self.reader, self.lists) = (fields, FieldReader::new(message), 0);
                    continue;
                }
                (FieldKind::List(_) | FieldKind::TextMap, _) => {
                    let bit = 1 << place;
                    if self.lists & bit != 0 {
                        continue;
                    }
                    self.lists |= bit;
                }
                _ => {}
            }
            self.value = Some(FieldValue { field, value, behind: self.reader });
            return seed.deserialize(BorrowedStrDeserializer::new(field.name)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let value = self.value.take();
        seed.deserialize(value.ok_or_else(|| DecodeError::Data("no field is left".to_owned()))?)
    }
}

/// One field, or all elements of a list.
struct FieldValue<'a> {
    field: &'static MessageField,
    value: WireValue<'a>,
    /// The message behind it, where the other elements of a list are.
    behind: FieldReader<'a>,
}

impl<'a> FieldValue<'a> {
    fn wrong<T>(&self) -> Result<T, DecodeError> {
        Err(DecodeError::Data(format!("{} is of another type", self.field.name)))
    }

    fn bytes(&self) -> Result<&'a [u8], DecodeError> {
        match self.value {
            WireValue::Bytes(bytes) => Ok(bytes),
            _ => self.wrong(),
        }
    }

    fn number(&self) -> Result<u64, DecodeError> {
        match self.value {
            WireValue::Varint(number) => Ok(number),
            _ => self.wrong(),
        }
    }

    /// Whether JSON would write `null` here, or nothing.
    fn is_none(&self) -> bool {
        match self.field.kind {
            FieldKind::Time => self.value == WireValue::Bytes(&[]),
            FieldKind::NumberOrNone => self.value == WireValue::Varint(0),
            _ => false,
        }
    }

    fn elements(&self) -> Elements<'a> {
        let Self { field, value, behind } = self;
        Elements { number: field.number, next: Some(*value), behind: *behind }
    }
}

impl<'de> Deserializer<'de> for FieldValue<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.field.kind {
            _ if self.is_none() => visitor.visit_unit(),
            FieldKind::Text => visitor.visit_borrowed_str(text(self.bytes()?)?),
            FieldKind::Bool => visitor.visit_bool(self.number()? != 0),
            // Negative ones are written as 64 bits, of whatever size they are.
            FieldKind::Number | FieldKind::NumberOrNone => {
                visitor.visit_i64(self.number()?.cast_signed())
            }
            FieldKind::Time => visitor.visit_string(timestamp(self.bytes()?)?.to_string()),
            FieldKind::Message(fields) | FieldKind::Embedded(fields) => {
                MessageReader { fields, message: self.bytes()? }.deserialize_any(visitor)
            }
            FieldKind::List(fields) => {
                visitor.visit_seq(ListElements { fields, elements: self.elements() })
            }
            FieldKind::TextMap => {
                visitor.visit_map(TextMapEntries { entries: self.elements(), value: &[] })
            }
            FieldKind::Json => {
                let raw = find_bytes(self.bytes()?, 1)?.unwrap_or(b"null");
                let mut json = serde_json::Deserializer::from_slice(raw);
                let wrong = |error: serde_json::Error| DecodeError::Data(error.to_string());
                let read = json.deserialize_any(visitor).map_err(wrong)?;
                json.end().map_err(wrong)?;
                Ok(read)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What stands in a message under one number.
struct Elements<'a> {
    number: u32,
    /// The first, until it is read.
    next: Option<WireValue<'a>>,
    behind: FieldReader<'a>,
}

impl<'a> Elements<'a> {
    fn next_element(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        let mut found = self.next.take();
        while found.is_none() {
            match self.behind.next_field()? {
                None => return Ok(None),
                Some((number, value)) => found = (number == self.number).then_some(value),
            }
        }
        match found {
            Some(WireValue::Bytes(bytes)) => Ok(Some(bytes)),
            _ => Err(DecodeError::Data("an element is no message".to_owned())),
        }
    }
}

struct ListElements<'a> {
    fields: &'static [MessageField],
    elements: Elements<'a>,
}

impl<'de> SeqAccess<'de> for ListElements<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(message) = self.elements.next_element()? else { return Ok(None) };
        seed.deserialize(MessageReader { fields: self.fields, message }).map(Some)
    }
}

/// Entries are messages of a key and a value.
struct TextMapEntries<'a> {
    entries: Elements<'a>,
    /// Of the entry whose key was read last.
    value: &'a [u8],
}

const MAP_VALUE: &MessageField = &MessageField { number: 2, name: "value", kind: FieldKind::Text };

impl<'de> MapAccess<'de> for TextMapEntries<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let Some(entry) = self.entries.next_element()? else { return Ok(None) };
        self.value = find_bytes(entry, MAP_VALUE.number)?.unwrap_or_default();
        let key = text(find_bytes(entry, 1)?.unwrap_or_default())?;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let value = WireValue::Bytes(self.value);
        seed.deserialize(FieldValue { field: MAP_VALUE, value, behind: FieldReader::new(&[]) })
    }
}

fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::Data("a text is not UTF-8".to_owned()))
}

/// To the second, as Kubernetes writes it in JSON.
fn timestamp(message: &[u8]) -> Result<Timestamp, DecodeError> {
    let (mut reader, mut seconds) = (FieldReader::new(message), 0);
    while let Some((number, value)) = reader.next_field()? {
        if let (1, WireValue::Varint(told)) = (number, value) {
            seconds = told.cast_signed();
        }
    }
    Timestamp::from_second(seconds)
        .map_err(|_| DecodeError::Data("a time is beyond the calendar".to_owned()))
}
