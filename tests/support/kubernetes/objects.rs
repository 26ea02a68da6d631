//! Objects that are sent as often as wanted: one recorded text, split where its copies differ, and
//! put together again with a name of their own. A request costs copying bytes and nothing of JSON.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::encode::{self, Piece};
use super::schema::MessageField;

/// How objects are laid out. A real server indents for `curl` and people's browsers, and for nobody
/// else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// As the recording, which `curl` made.
    Indented,
    Compact,
}

/// What owns an object.
#[derive(Clone)]
pub(super) struct Owner {
    pub(super) kind: String,
    pub(super) name: String,
    uid: String,
}

/// An object, and where its copies differ from it.
pub(super) struct Template {
    parts: Vec<Part>,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) node: String,
    pub(super) owner: Option<Owner>,
    labels: BTreeMap<String, String>,
    phase: String,
    uid: String,
    /// In protobuf, once it was asked for so.
    message: OnceLock<Vec<Piece>>,
}

enum Part {
    Text(Box<str>),
    Name,
    Namespace,
    Node,
    Uid,
    OwnerUid,
}

// Characters that no recorded text has, and that JSON does not escape.
const NAME: char = '\u{e000}';
const NAMESPACE: char = '\u{e001}';
const NODE: char = '\u{e002}';
const UID: char = '\u{e003}';
const OWNER_UID: char = '\u{e004}';

impl Template {
    /// `name_everywhere`: the name is in labels and addresses too, as a node's is.
    pub(super) fn new(mut object: Value, layout: Layout, name_everywhere: bool) -> Self {
        let text = |pointer: &str| {
            object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (name, namespace, node) =
            (text("/metadata/name"), text("/metadata/namespace"), text("/spec/nodeName"));
        let (mut uid, phase) = (text("/metadata/uid"), text("/status/phase"));
        let owner = object.pointer("/metadata/ownerReferences/0").map(|owner| {
            let text = |field: &str| owner[field].as_str().unwrap_or_default().to_owned();
            Owner { kind: text("kind"), name: text("name"), uid: text("uid") }
        });
        let labels =
            object.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
        let labels = labels
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        if uid.is_empty() {
            uid = uid_of(&format!("{object}"));
            if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.insert("uid".to_owned(), Value::from(uid.clone()));
            }
        }
        for (pointer, slot) in
            [("/metadata/name", NAME), ("/metadata/namespace", NAMESPACE), ("/spec/nodeName", NODE)]
        {
            if let Some(field) = object.pointer_mut(pointer).filter(|field| field.is_string()) {
                *field = Value::from(slot.to_string());
            }
        }
        // a list's items do not say what they are: the list does
        if let Some(fields) = object.as_object_mut() {
            fields.shift_remove("kind");
            fields.shift_remove("apiVersion");
        }
        let mut text = laid_out(&object, layout).replace(&uid, &UID.to_string());
        if let Some(owner) = owner.as_ref().filter(|owner| !owner.uid.is_empty()) {
            text = text.replace(&owner.uid, &OWNER_UID.to_string());
        }
        if name_everywhere {
            text = text.replace(&name, &NAME.to_string());
        }
        let (parts, message) = (split(&text), OnceLock::new());
        Self { parts, name, namespace, node, owner, labels, phase, uid, message }
    }
}

impl Template {
    /// As a message of those fields, its slots open.
    fn message(&self, fields: &[MessageField]) -> &[Piece] {
        self.message.get_or_init(|| {
            // A UID that is a number may be found where no text is: then it stays as it is.
            let object = serde_json::from_str(&self.text(true));
            let object = object.or_else(|_| serde_json::from_str(&self.text(false)));
            encode::message(fields, &object.expect("objects are JSON"))
        })
    }

    /// The JSON of it, with slots; those of UIDs are filled unless they are wanted.
    fn text(&self, with_uids: bool) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.to_string(),
            Part::Name => NAME.to_string(),
            Part::Namespace => NAMESPACE.to_string(),
            Part::Node => NODE.to_string(),
            Part::Uid if with_uids => UID.to_string(),
            Part::OwnerUid if with_uids => OWNER_UID.to_string(),
            Part::Uid => self.uid.clone(),
            Part::OwnerUid => self.owner.as_ref().map(|own| own.uid.clone()).unwrap_or_default(),
        };
        self.parts.iter().map(part).collect()
    }
}

/// As an item of a list.
fn laid_out(object: &Value, layout: Layout) -> String {
    if layout == Layout::Compact {
        return object.to_string();
    }
    let text = serde_json::to_string_pretty(object).expect("a Value is JSON");
    // no text of JSON holds a line break of its own
    format!("    {}", text.replace('\n', "\n    "))
}

fn split(text: &str) -> Vec<Part> {
    let slot = |c: char| match c {
        NAME => Some(Part::Name),
        NAMESPACE => Some(Part::Namespace),
        NODE => Some(Part::Node),
        UID => Some(Part::Uid),
        OWNER_UID => Some(Part::OwnerUid),
        _ => None,
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, character) in text.char_indices() {
        if let Some(part) = slot(character) {
            parts.extend([Part::Text(text[start..at].into()), part]);
            start = at + character.len_utf8();
        }
    }
    parts.push(Part::Text(text[start..].into()));
    parts
}

/// One object of a list.
pub(super) struct Object {
    template: Arc<Template>,
    /// `namespace/name`, or the name of what has no namespace: the order of a list, as in etcd.
    pub(super) key: Box<str>,
    namespace: usize,
    node: Box<str>,
    /// Which copy of the template, and which copy of the owner's: they make the UIDs.
    turn: usize,
    owner_turn: usize,
}

impl Object {
    /// The object as it was recorded or given.
    pub(super) fn of(template: &Arc<Template>) -> Self {
        Self::copy(template, &template.namespace, &template.name, 0, 0)
    }

    pub(super) fn copy(
        template: &Arc<Template>,
        namespace: &str,
        name: &str,
        turn: usize,
        owner_turn: usize,
    ) -> Self {
        let key =
            if namespace.is_empty() { name.into() } else { format!("{namespace}/{name}").into() };
        let (template, node) = (Arc::clone(template), template.node.as_str().into());
        Self { template, key, namespace: namespace.len(), node, turn, owner_turn }
    }

    pub(super) fn on_node(mut self, node: &str) -> Self {
        self.node = node.into();
        self
    }

    pub(super) fn namespace(&self) -> &str {
        &self.key[..self.namespace]
    }

    pub(super) fn name(&self) -> &str {
        self.key[self.namespace..].trim_start_matches('/')
    }

    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.template.labels.get(key).map(String::as_str)
    }

    pub(super) fn phase(&self) -> &str {
        &self.template.phase
    }

    pub(super) fn node(&self) -> &str {
        &self.node
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for part in &self.template.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Name => self.fill(NAME, out),
                Part::Namespace => self.fill(NAMESPACE, out),
                Part::Node => self.fill(NODE, out),
                Part::Uid => self.fill(UID, out),
                Part::OwnerUid => self.fill(OWNER_UID, out),
            }
        }
    }

    /// The same in protobuf: a message of those fields.
    pub(super) fn write_message(&self, fields: &[MessageField], out: &mut Vec<u8>) {
        let fill = |slot: char| {
            let mut filled = Vec::new();
            self.fill(slot, &mut filled);
            filled
        };
        self.template.message(fields).iter().for_each(|piece| piece.write(&fill, out));
    }

    /// What this copy has of its own.
    fn fill(&self, slot: char, out: &mut Vec<u8>) {
        match slot {
            NAME => out.extend_from_slice(self.name().as_bytes()),
            NAMESPACE => out.extend_from_slice(self.namespace().as_bytes()),
            NODE => out.extend_from_slice(self.node.as_bytes()),
            UID => write_uid(out, &self.template.uid, self.turn),
            _ => {
                let owner = self.template.owner.as_ref().expect("its UID was found in the text");
                write_uid(out, &owner.uid, self.owner_turn);
            }
        }
    }
}

/// The UID of a copy: the recorded one, its last group counted on.
fn write_uid(out: &mut Vec<u8>, recorded: &str, turn: usize) {
    let group = recorded.len().saturating_sub(12);
    match recorded.get(group..).and_then(|last| u64::from_str_radix(last, 16).ok()) {
        Some(last) if turn > 0 => {
            let counted = last.wrapping_add(turn as u64) & 0xffff_ffff_ffff;
            out.extend_from_slice(&recorded.as_bytes()[..group]);
            out.extend_from_slice(format!("{counted:012x}").as_bytes());
        }
        _ => out.extend_from_slice(recorded.as_bytes()),
    }
}

/// A UID that is the same for the same text.
fn uid_of(text: &str) -> String {
    let hex = sha256(text);
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
