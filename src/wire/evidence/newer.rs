//! Evidence of a later minor format: read by what this version knows of it.
//!
//! Keys that the schema does not have are dropped, wherever they stand. What is left must be of our
//! shape, as every file must.

use serde_json::Value;

use super::document::{Document, schema};
use crate::wire::yaml::{self, Origin, ShapeError};

pub(super) fn read_newer(text: &str) -> Result<Document, ShapeError> {
    let mut value: Value = yaml::read(text, Origin::Program)?;
    let schema = schema();
    prune_unknown(&mut value, schema.as_value(), schema.as_value());
    serde_json::from_value(value).map_err(|error| ShapeError {
        message: error.to_string(),
        line: 1,
        column: 1,
        help: None,
    })
}

/// Drops what `schema`, a part of `root`, has no property for.
fn prune_unknown(value: &mut Value, schema: &Value, root: &Value) {
    let Some(schema) = resolve_reference(schema, root) else { return };
    for way in ["oneOf", "anyOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten() {
        // An outcome of a part is an object with one key, which tells the way.
        let fits = resolve_reference(way, root).is_some_and(|way| has_keys_of(value, way));
        if fits {
            prune_unknown(value, way, root);
        }
    }
    match value {
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            items.iter_mut().for_each(|item| prune_unknown(item, schema, root));
        }
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties");
            let of = |key: &str| {
                properties.and_then(|all| all.get(key)).or(others.filter(|o| o.is_object()))
            };
            if let (Some(_), Some(Value::Bool(false))) = (properties, others) {
                map.retain(|key, _| of(key).is_some());
            }
            for (key, value) in map {
                if let Some(schema) = of(key) {
                    prune_unknown(value, schema, root);
                }
            }
        }
        _ => {}
    }
}

fn resolve_reference<'a>(schema: &'a Value, root: &'a Value) -> Option<&'a Value> {
    let Some(reference) = schema.get("$ref") else { return Some(schema) };
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

/// Whether an object has a key that the schema requires.
fn has_keys_of(value: &Value, schema: &Value) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|keys| {
        keys.iter().filter_map(Value::as_str).all(|key| value.get(key).is_some())
    })
}
