//! The version in an answer. Pure; no message quotes what was answered, which may be anything.

use regex::Regex;

use super::pointer::{self, Pointed};
use super::presets::{HttpPreset, VersionPlace};
use crate::collect::expression::checked_version;
use crate::model::{Failure, FailureKind, Secret};

/// Where in the answer the version is.
#[derive(Debug, Default)]
pub(super) struct Finder {
    pub(super) pointer: Option<String>,
    pub(super) regex: Option<Regex>,
    /// The service that must have answered, and what only it says: a pointer, and the text there.
    pub(super) proof: Option<(&'static str, &'static str, &'static str)>,
}

impl Finder {
    /// Where a well-known service has it.
    pub(super) fn of_preset(preset: &HttpPreset) -> Self {
        let (pointer, regex) = match preset.place {
            VersionPlace::Pointer(pointer) => (Some(pointer), None),
            VersionPlace::Regex(regex) => (None, Some(regex)),
            VersionPlace::Header(_, regex) => (None, regex),
        };
        Self {
            pointer: pointer.map(str::to_owned),
            regex: regex.map(|regex| Regex::new(regex).expect("an expression of ours")),
            proof: preset.proof.map(|(pointer, text)| (preset.name, pointer, text)),
        }
    }

    /// Why the answer is not that of the service that the profile names.
    fn wrong_service(&self, text: &str, from: &str) -> Option<Failure> {
        let (service, at, wanted) = self.proof?;
        let found = pointer::find(text, at).ok()?;
        let is_it = matches!(found, Some(Pointed::Text(told)) if told == wanted);
        (!is_it).then(|| {
            let advice = "name the preset of what answers there, or another URL";
            strange(format!("{from} is not that of {service}"), advice)
        })
    }

    /// The version in a body or a header; `from` is what it is called, `token` what must not be
    /// told.
    pub(super) fn version(
        &self,
        bytes: &[u8],
        from: &str,
        token: Option<&Secret>,
    ) -> Result<String, Failure> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| strange(format!("{from} is not text"), "check the URL"))?;
        if let Some(failure) = self.wrong_service(text, from) {
            return Err(failure);
        }
        let mut found = match &self.pointer {
            Some(pointer) => pointed(text, pointer, from)?,
            None => text.to_owned(),
        };
        if let Some(regex) = &self.regex {
            let group = regex.captures(&found).and_then(|captures| captures.get(1));
            let group = group.map(|group| group.as_str().to_owned());
            found = group.ok_or_else(|| {
                let message = format!("the regular expression finds nothing in {from}");
                strange(message, "look at what the server answers, and correct regex:")
            })?;
        }
        let version = found.trim();
        if token.is_some_and(|token| version.contains(token.expose())) {
            let message = format!("{from} contains the token where its version should be");
            return Err(strange(message, "correct pointer:, regex: or header:"));
        }
        let advice = "change pointer:, regex: or header: so that it finds only the version";
        checked_version(version, from, advice)
    }
}

fn pointed(text: &str, at: &str, from: &str) -> Result<String, Failure> {
    let found = pointer::find(text, at).map_err(|_| {
        let advice = if text.trim_start().starts_with('<') {
            "it is an HTML page: use the URL that answers in JSON (there may be a login page in \
             front of it)"
        } else {
            "use the URL that answers in JSON, or find the version with regex:"
        };
        strange(format!("{from} is not JSON"), advice)
    })?;
    match found {
        Some(Pointed::Text(text)) => Ok(text),
        // 1.10 and 1.1 are one number.
        Some(Pointed::Decimal) => Err(strange(
            format!("{at:?} of {from} is a number, in which 1.10 and 1.1 are the same"),
            "find the version with regex: in the whole answer, or let the server send a string",
        )),
        Some(Pointed::NoText) => Err(strange(
            format!("{at:?} of {from} is not text"),
            "change pointer: so that it leads to the version itself",
        )),
        None => Err(strange(
            format!("{from} has no {at:?}"),
            "look at what the server answers, and correct pointer:",
        )),
    }
}

fn strange(message: String, advice: &str) -> Failure {
    Failure::new(FailureKind::Protocol, message).advise(advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::expression::MAX_VERSION;

    fn version(pointer: Option<&str>, regex: Option<&str>, text: &str) -> Result<String, String> {
        let finder = Finder {
            pointer: pointer.map(str::to_owned),
            regex: regex.map(|regex| Regex::new(regex).unwrap()),
            proof: None,
        };
        let token = Secret::new("s3cret-1".to_owned());
        finder.version(text.as_bytes(), "the answer", Some(&token)).map_err(|f| f.message)
    }

    #[test]
    fn pointer_and_regex_find_the_version() {
        let json = r#"{"build": {"version": "orders-1.4.2+abc"}, "n": 16, "a/b": ["x", "2.0"]}"#;
        let of = |pointer, regex| version(pointer, regex, json).unwrap();
        assert_eq!(of(Some("/build/version"), None), "orders-1.4.2+abc");
        assert_eq!(of(Some("/build/version"), Some(r"-(\d[^+]*)")), "1.4.2");
        assert_eq!(of(Some("/n"), None), "16");
        assert_eq!(of(Some("/a~1b/1"), None), "2.0");
        assert_eq!(of(None, Some(r#""version": "(?:orders-)?([\d.]+)"#)), "1.4.2");
        assert_eq!(version(None, None, " 7.2.4\n").unwrap(), "7.2.4");
    }

    #[test]
    fn what_is_no_version_is_told_and_never_quoted() {
        for (pointer, regex, text, said) in [
            (Some("/v"), None, "<html>1.2</html>", "is not JSON"),
            (Some("/v"), None, "{}", "has no \"/v\""),
            (Some("/v"), None, r#"{"v": {"x": 1}}"#, "is not text"),
            (Some("/v"), None, r#"{"v": 1.10}"#, "1.10 and 1.1 are the same"),
            (Some("/v"), None, r#"{"v": "latest"}"#, "is not a version"),
            (Some("/v"), None, r#"{"v": "1\n2"}"#, "is not a version"),
            (Some("/v"), None, r#"{"v": ""}"#, "is not a version"),
            (Some("/v"), None, r#"{"v": "Bearer s3cret-1"}"#, "contains the token"),
            (None, Some("v(x+)"), "1.2", "finds nothing"),
            (None, Some("v(x)?"), "v", "finds nothing"),
        ] {
            let message = version(pointer, regex, text).unwrap_err();
            assert!(message.contains(said) && !message.contains("s3cret"), "{text}: {message}");
        }
        let finder = Finder::default();
        assert!(finder.version(b"\xff1", "the answer", None).is_err());
        assert!(finder.version("1".repeat(129).as_bytes(), "the answer", None).is_err());
    }

    #[test]
    fn mutated_bodies() {
        use crate::mutation::{MUTATIONS, attacks, enter};
        let seeds = [
            r#"{"a":{"b~/c":["x",{"version":"1.2.3"}]},"n":1.5}"#,
            r#"{"version":"v22"}"#,
            "version 7.0.15 (build 4)",
            "[[[1]]]",
        ];
        let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
        let token = Secret::new("hunter2-hunter2".to_owned());
        let regex = Some(Regex::new(r"(\d+(\.\d+)*)").unwrap());
        let pointers = ["/version", "/a/b~0~1c/1/version", "/n", "", "//", "/a/-", "x"];
        let mut finders: Vec<Finder> = pointers
            .map(|pointer| Finder { pointer: Some(pointer.to_owned()), ..Finder::default() })
            .into();
        finders.extend([Finder::default(), Finder { regex, ..Finder::default() }]);
        finders.extend(super::super::presets::PRESETS.iter().map(Finder::of_preset));
        let entry = |data: &[u8]| {
            for finder in &finders {
                if let Ok(version) = finder.version(data, "the answer", Some(&token)) {
                    assert!((1..=MAX_VERSION).contains(&version.len()), "{version:?}");
                    assert!(!version.chars().any(char::is_control), "{version:?}");
                }
            }
        };
        enter(entry, &seeds, 2 * MUTATIONS);
    }
}
