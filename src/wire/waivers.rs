//! Adding a waiver to the file that people keep: everything that stands there stays, comments and
//! order too.
//!
//! The text is edited, not written anew. Whether that went well is checked by reading both texts:
//! the new one must say what the old one said, and one waiver more. Where it does not, nothing is
//! changed, and the entry is there to paste.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::yaml::{self, Located, Origin};

/// One thing that is accepted. `envparity waiver add` writes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WaiverConfig {
    /// Its name, once in the file: `redis-dev-7.2`.
    pub id: Located<String>,
    /// Id of the rule: `version-skew`.
    pub rule: Located<String>,
    /// The component, whole: `redis/cache`.
    pub component: Located<String>,
    /// The environments of the finding, all of them and no other: `[dev, ovh-production]`.
    pub environments: Vec<Located<String>>,
    /// The subject of the finding, where its rule has several on one component (default: any).
    #[serde(default)]
    pub subject: Option<Located<String>>,
    /// What runs in each of the environments: `{dev: "7.2.x", ovh-production: ">=7.0, <7.1"}`. A
    /// bare version means exactly that one. Required for rules on versions, and forbidden for
    /// others.
    #[serde(default)]
    pub versions: BTreeMap<String, Located<String>>,
    /// Why it is accepted.
    pub reason: Located<String>,
    /// Who answers for it.
    pub owner: Located<String>,
    /// The last day on which it counts, in UTC: `2026-12-31`.
    pub expires: Located<String>,
}

/// As people write it: what says nothing is left out. By hand, since a `Located` that could be
/// written would put a default into every schema.
impl Serialize for WaiverConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let environments: Vec<&str> = self.environments.iter().map(|name| name.as_str()).collect();
        let versions: BTreeMap<&str, &str> =
            self.versions.iter().map(|(name, range)| (name.as_str(), range.as_str())).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id.as_str())?;
        map.serialize_entry("rule", self.rule.as_str())?;
        map.serialize_entry("component", self.component.as_str())?;
        map.serialize_entry("environments", &environments)?;
        if let Some(subject) = &self.subject {
            map.serialize_entry("subject", subject.as_str())?;
        }
        if !versions.is_empty() {
            map.serialize_entry("versions", &versions)?;
        }
        map.serialize_entry("reason", self.reason.as_str())?;
        map.serialize_entry("owner", self.owner.as_str())?;
        map.serialize_entry("expires", self.expires.as_str())?;
        map.end()
    }
}

/// The entry could not be added to the text.
#[derive(Debug, thiserror::Error)]
#[error("a waiver cannot be added to a file of this layout; add this one by hand:\n\n{entry}")]
pub struct AppendError {
    /// The entry, as YAML.
    pub entry: String,
}

/// A new file's beginning.
const HEAD: &str = "apiVersion: envparity/v1\nkind: Waivers\nwaivers:\n";

/// The text with one waiver more, behind those that stand there; a whole file where there was none.
///
/// # Errors
/// If the result would not say exactly that: the layout is one that is not known here.
pub fn append_waiver(text: Option<&str>, entry: &WaiverConfig) -> Result<String, AppendError> {
    let item = yaml::write(&[entry]).unwrap_or_default();
    let error = || AppendError { entry: item.clone() };
    let Some(text) = text else { return Ok(format!("{HEAD}{item}")) };
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let edited = [in_block, as_first, in_flow, below_a_comment].iter().find_map(|edit| {
        let edited = edit(text, &item, entry, newline)?;
        says_one_more(text, &edited, entry).then_some(edited)
    });
    edited.ok_or_else(error)
}

/// Whether `edited` says what `text` says, and `entry` behind its waivers.
fn says_one_more(text: &str, edited: &str, entry: &WaiverConfig) -> bool {
    let read = |text: &str| yaml::read::<Value>(text, Origin::Person).ok();
    let (Some(mut wanted), Some(edited), Ok(entry)) =
        (read(text), read(edited), serde_json::to_value(entry))
    else {
        return false;
    };
    let Some(object) = wanted.as_object_mut() else { return false };
    let waivers = object.entry("waivers").or_insert(Value::Null);
    if waivers.is_null() {
        *waivers = Value::Array(Vec::new());
    }
    let Some(list) = waivers.as_array_mut() else { return false };
    list.push(entry);
    wanted == edited
}

/// Where the value of the top-level key `waivers` stands: what is on the key's own line, and the
/// lines behind it.
struct WaiversKey<'a> {
    /// Bytes before the value.
    before: usize,
    /// Behind the colon.
    rest: &'a str,
    /// Where the next top-level key begins, or the text ends.
    end: usize,
}

fn waivers_place(text: &str) -> Option<WaiversKey<'_>> {
    let mut place: Option<WaiversKey<'_>> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_key = !line.starts_with([' ', '\t', '-', '#', '\r', '\n', '}', ']']);
        match &mut place {
            None if line.starts_with("waivers:") => {
                let rest = line["waivers:".len()..].trim_end();
                place = Some(WaiversKey { before: at + "waivers:".len(), rest, end: text.len() });
            }
            Some(place) if is_key => {
                place.end = at;
                break;
            }
            _ => {}
        }
        at += line.len();
    }
    place
}

/// Whether nothing, or a comment, stands there.
fn is_blank(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('#')
}

/// Behind the last item of a list in block style, indented as the first.
fn in_block(text: &str, item: &str, _: &WaiverConfig, newline: &str) -> Option<String> {
    let place = waivers_place(text).filter(|place| is_blank(place.rest))?;
    let lines = &text[place.before + place.rest.len()..place.end];
    let first = lines.lines().find(|line| line.trim_start().starts_with('-'))?;
    let indent = &first[..first.len() - first.trim_start().len()];
    // Comments in the first column, and what is blank, belong to what follows.
    let tail: usize = lines
        .split_inclusive('\n')
        .rev()
        .take_while(|line| {
            line.trim().is_empty() || (line.starts_with('#') && place.end < text.len())
        })
        .map(str::len)
        .sum();
    Some(insert_lines(text, place.end - tail, &indent_item(item, indent, newline), newline))
}

/// As the first item, where the list is empty or not there.
fn as_first(text: &str, item: &str, _: &WaiverConfig, newline: &str) -> Option<String> {
    let Some(place) = waivers_place(text) else {
        let item = format!("waivers:{newline}{}", indent_item(item, "", newline));
        return Some(insert_lines(text, text.len(), &item, newline));
    };
    let empty = place.rest.trim_start().strip_prefix("[]").unwrap_or(place.rest);
    if !is_blank(empty) {
        return None;
    }
    let line_end = place.before + place.rest.len();
    let head = format!("{}{empty}{newline}", &text[..place.before]);
    let rest = text[line_end..].trim_start_matches('\r').strip_prefix('\n').unwrap_or_default();
    Some(format!("{head}{}{rest}", indent_item(item, "", newline)))
}

/// Before the bracket that closes a list in flow style.
fn in_flow(text: &str, _: &str, entry: &WaiverConfig, _: &str) -> Option<String> {
    let place = waivers_place(text)?;
    let close = place.before + text[place.before..place.end].rfind(']')?;
    let before = text[..close].trim_end();
    let comma = if before.ends_with([',', '[']) { "" } else { "," };
    // JSON is YAML in flow style.
    let entry = serde_json::to_string(entry).ok()?;
    Some(format!("{before}{comma} {entry}{}", &text[before.len()..]))
}

/// The same, where a comment stands behind the last item and its comma.
fn below_a_comment(text: &str, _: &str, entry: &WaiverConfig, newline: &str) -> Option<String> {
    let place = waivers_place(text)?;
    let close = place.before + text[place.before..place.end].rfind(']')?;
    let entry = serde_json::to_string(entry).ok()?;
    Some(format!("{}{newline}  {entry}{newline}{}", text[..close].trim_end(), &text[close..]))
}

fn indent_item(item: &str, indent: &str, newline: &str) -> String {
    item.lines().map(|line| format!("{indent}{line}{newline}")).collect()
}

/// Inserts whole lines.
fn insert_lines(text: &str, at: usize, lines: &str, newline: &str) -> String {
    let (before, behind) = text.split_at(at);
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { newline };
    format!("{before}{gap}{lines}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> WaiverConfig {
        WaiverConfig {
            id: "new".into(),
            rule: "version-skew".into(),
            component: "redis/cache".into(),
            environments: vec!["dev".into(), "prod".into()],
            subject: None,
            versions: BTreeMap::from([
                ("dev".to_owned(), "7.2.x".into()),
                ("prod".to_owned(), ">=7.0, <7.1".into()),
            ]),
            reason: "dev: moves \"first\" # really".into(),
            owner: "platform".into(),
            expires: "2026-12-31".into(),
        }
    }

    const OLD: &str = "{id: old, rule: version-skew, component: a, environments: [x]}";

    /// Every line of the old text stands in the new one, in its order.
    fn appended(text: &str) -> String {
        let edited =
            append_waiver(Some(text), &entry()).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let mut lines = edited.lines();
        for line in text.lines().filter(|line| !line.contains('[')) {
            assert!(lines.any(|other| other == line), "{line:?} is gone:\n{edited}");
        }
        edited
    }

    #[test]
    fn every_layout_keeps_what_stands_there() {
        let head = "# ours\napiVersion: envparity/v1 # v1\nkind: Waivers\n";
        for list in [
            format!("waivers:\n- {OLD}\n"),
            format!(
                "waivers: # all of them\n  # the first\n  - {OLD}\n  - id: b # two\n    reason: \
                 |\n      # no comment\n      text\n"
            ),
            format!("waivers:\n- {OLD}"),
            format!("waivers:\n\n- {OLD}\n\n# the end\n"),
            format!("waivers:\n- {OLD}\n# of what follows\nother: 1\n"),
            "waivers: []\n".to_owned(),
            "waivers: []   # none yet\nother: 1\n".to_owned(),
            "waivers:\n".to_owned(),
            "waivers:\n# none yet\n".to_owned(),
            "waivers: # none yet\nother: [1]\n".to_owned(),
            String::new(),
            format!("waivers: [{OLD}]\n"),
            format!("waivers: [\n  {OLD}, # one\n]\n"),
            format!("waivers: [\n  {OLD}\n]\nother: [2]\n"),
        ] {
            let text = format!("{head}{list}");
            appended(&text);
            appended(&text.replace('\n', "\r\n"));
        }
    }

    #[test]
    fn the_new_one_stands_last_as_the_others_do() {
        let edited = appended("kind: Waivers\nwaivers:\n  - id: old # first\n\n# end\nother: 1\n");
        assert!(
            edited.contains("  - id: old # first\n  - id: new\n    rule: version-skew\n"),
            "{edited}"
        );
        assert!(edited.ends_with("\n\n# end\nother: 1\n"), "{edited}");
    }

    #[test]
    fn a_new_file_is_whole() {
        let text = append_waiver(None, &entry()).unwrap();
        assert!(text.starts_with(HEAD) && text.contains("\n- id: new\n"), "{text}");
    }

    #[test]
    fn an_unknown_layout_is_left_alone() {
        for text in [
            "{kind: Waivers, waivers: []}\n",
            "waivers: &a []\nother: *a\n",
            "waivers: text\n",
            "- a\n",
        ] {
            let error = append_waiver(Some(text), &entry()).unwrap_err();
            assert!(error.entry.starts_with("- id: new\n"), "{error}");
        }
    }
}
