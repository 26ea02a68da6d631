//! Takes out of a text what looks like a secret: a dossier leaves the house.
//!
//! What targets answered holds no credential already; but people and CI variables write whatever
//! they like.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

/// What stands in its place.
const MASK: &str = "***";

/// Shapes of secrets; the group `keep`, if there is one, stays.
static SHAPES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let names = "passwor[dt]|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|\
                 credential";
    let begins = "gh[pousr]_|github_pat_|glpat-|glptt-|xox[abeprs]-|sk-|sk_live_|rk_live_|npm_|\
                  pypi-|dop_v1_|hvs\\.|AKIA|ASIA|AIza";
    let key = "-----BEGIN [A-Z ]*PRIVATE KEY-----";
    let shapes = [
        // Credentials of a URL.
        r"(?P<keep>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s@]+@".to_owned(),
        // A name that says so, and a value.
        format!(r#"(?i)(?P<keep>\b[\w.-]*(?:{names})[\w.-]*["']?\s*[=:]\s*["']?)[^\s"',;&}}]+"#),
        r"(?i)(?P<keep>\b(?:authorization:\s*)?(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
            .to_owned(),
        // Tokens that are known by how they begin.
        format!(r"\b(?:{begins})[A-Za-z0-9_.-]{{12,}}"),
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*".to_owned(),
        format!(r"{key}[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)"),
    ];
    let regexes = shapes.iter().map(|shape| Regex::new(shape));
    regexes.collect::<Result<_, _>>().expect("they are ours, and a test reads them")
});

/// The text without secrets.
pub fn mask_secrets(text: &str) -> String {
    let mut text = text.to_owned();
    for shape in SHAPES.iter() {
        let new = shape.replace_all(&text, |found: &regex::Captures<'_>| {
            let keep = found.name("keep").map(|keep| keep.as_str()).unwrap_or_default();
            let at = if keep.ends_with("://") { "@" } else { "" };
            format!("{keep}{MASK}{at}")
        });
        text = new.into_owned();
    }
    text
}

/// The same for every text of a value, and for what stands under a key that says that it is one.
pub fn masked_json(value: &Json) -> Json {
    match value {
        Json::String(text) => Json::String(mask_secrets(text)),
        Json::Array(items) => Json::Array(items.iter().map(masked_json).collect()),
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| {
                let is_secret =
                    value.is_string() && mask_secrets(&format!("{name}=x")) != format!("{name}=x");
                let value =
                    if is_secret { Json::String(MASK.to_owned()) } else { masked_json(value) };
                (mask_secrets(name), value)
            };
            Json::Object(fields.iter().map(field).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_taken_out() {
        for (text, wanted) in [
            ("https://u:hunter2@ci.example/1", "https://***@ci.example/1"),
            ("redis://:pw@cache:6379", "redis://***@cache:6379"),
            ("see PASSWORD=hunter2, then", "see PASSWORD=***, then"),
            ("deploy-token: abc123def", "deploy-token: ***"),
            (r#"{"api_key": "k-1"}"#, r#"{"api_key": "***"}"#),
            ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***"),
            ("glpat-aaaaaaaaaaaaaaaaaaaa is mine", "*** is mine"),
            ("AKIAIOSFODNN7EXAMPLE1", "***"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def", "***"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "***"),
        ] {
            assert_eq!(mask_secrets(text), wanted);
        }
    }

    #[test]
    fn what_is_none_stays() {
        for text in [
            "customers wait for the fix, MR !4412",
            "sha256:a21000000000",
            "https://ci.example/job/1?x=2",
            "redis/cache KEYS 4 calls",
            "10.0.0.1:6379",
            "by alice@shop.example",
        ] {
            assert_eq!(mask_secrets(text), text);
        }
        let value = serde_json::json!({"token": "x", "by": "alice", "n": [1, "a=b", null]});
        let wanted = serde_json::json!({"token": "***", "by": "alice", "n": [1, "a=b", null]});
        assert_eq!(masked_json(&value), wanted);
    }
}
