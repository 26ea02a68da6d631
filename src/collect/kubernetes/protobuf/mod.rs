//! Answers of an API server in protobuf: faster for both ends than JSON. Pure.
//!
//! An answer is four bytes and `runtime.Unknown {typeMeta = 1, raw = 2, contentEncoding = 3,
//! contentType = 4}`; `raw` is the object, in the message that `typeMeta {apiVersion = 1, kind = 2}`
//! names. Source: `k8s.io/apimachinery/pkg/runtime/serializer/protobuf`.

mod decode;
#[cfg(test)]
#[path = "../../../../tests/support/kubernetes/encode.rs"]
mod encode;
mod schema;
#[cfg(test)]
mod tests;
mod wire;

pub(super) use decode::DecodeError;

use serde::Deserialize;

use schema::MessageField;
use wire::{FieldReader, WireValue, find_bytes};

/// What every answer in protobuf begins with.
const MAGIC: &[u8] = b"k8s\0";

/// An object that says what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope<'a> {
    /// `PodList`.
    pub(super) kind: &'a str,
    raw: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// `None` if it is not one, or one that is packed in a way of its own.
    pub(super) fn open(answer: &'a [u8]) -> Option<Self> {
        let mut reader = FieldReader::new(answer.strip_prefix(MAGIC)?);
        let (mut type_meta, mut raw): (&[u8], &[u8]) = (&[], &[]);
        while let Some((number, value)) = reader.next_field().ok()? {
            match (number, value) {
                (1, WireValue::Bytes(bytes)) => type_meta = bytes,
                (2, WireValue::Bytes(bytes)) => raw = bytes,
                // `contentEncoding`, which is empty where `raw` is the message itself.
                (3, WireValue::Bytes([_, ..])) => return None,
                _ => {}
            }
        }
        let kind = std::str::from_utf8(find_bytes(type_meta, 2).ok()??).ok()?;
        Some(Self { kind, raw })
    }

    /// What the list says of itself; `None` if that cannot be read.
    pub(super) fn list_meta<M: Deserialize<'a>>(&self) -> Option<M> {
        // Servers write it first: the items behind it are not walked over.
        let metadata = match FieldReader::new(self.raw).next_field().ok()? {
            Some((1, WireValue::Bytes(metadata))) => metadata,
            _ => find_bytes(self.raw, 1).ok()?.unwrap_or_default(),
        };
        decode::decode(metadata, schema::LIST_META).ok()
    }

    /// Hands each item of the list to `take`, and tells how many could not be read.
    pub(super) fn items<T: Deserialize<'a>>(
        &self,
        mut take: impl FnMut(T),
    ) -> Result<usize, DecodeError> {
        let fields = known(schema::item_of(self.kind), self.kind)?;
        let (mut reader, mut unread) = (FieldReader::new(self.raw), 0);
        while let Some((number, value)) = reader.next_field()? {
            let WireValue::Bytes(item) = value else { continue };
            if number == schema::ITEMS {
                match decode::decode(item, fields) {
                    Ok(item) => take(item),
                    Err(_) => unread += 1,
                }
            }
        }
        Ok(unread)
    }

    /// The object itself.
    pub(super) fn object<T: Deserialize<'a>>(&self) -> Result<T, DecodeError> {
        decode::decode(self.raw, known(schema::object(self.kind), self.kind)?)
    }
}

fn known(
    fields: Option<&'static [MessageField]>,
    kind: &str,
) -> Result<&'static [MessageField], DecodeError> {
    let unknown = || DecodeError::Data(format!("{kind:?} was not asked for"));
    fields.ok_or_else(unknown)
}
