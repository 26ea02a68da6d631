//! An answer of an API server, in the form in which it came. Pure.
//!
//! Whatever the form, the same types are read from it: nothing behind this file knows which it was.

use hyper::header::HeaderValue;
use serde::Deserialize;

use super::json;
use super::objects::{ListMeta, PageHead};
use super::protobuf::{DecodeError, Envelope};
use crate::model::{Failure, FailureKind};

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    #[default]
    Json,
    Protobuf,
}

/// The media type of answers in protobuf.
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// What is asked for: protobuf, and JSON of what has none (`/version`, old servers, proxies).
pub(super) const ACCEPT_BOTH: HeaderValue =
    HeaderValue::from_static("application/vnd.kubernetes.protobuf, application/json");

/// What is asked for where the other is refused.
pub(super) const ACCEPT_JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Encoding {
    /// As the server says. What is not protobuf has always been read as JSON, whatever a proxy
    /// calls it.
    pub(super) fn of(content_type: Option<&HeaderValue>) -> Self {
        let text = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = text.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case(PROTOBUF) { Self::Protobuf } else { Self::Json }
    }

    /// In messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Protobuf => "protobuf",
        }
    }
}

/// The body of an answer.
#[derive(Debug, Default)]
pub(super) struct AnswerBody {
    pub(super) bytes: Vec<u8>,
    pub(super) encoding: Encoding,
}

impl AnswerBody {
    pub(super) fn payload(&self) -> Payload<'_> {
        Payload { bytes: &self.bytes, encoding: self.encoding }
    }
}

/// What stands in the body of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payload<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
}

/// Why an object cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not in the form that it says.
    Malformed(Encoding),
    /// It is something else.
    OtherShape,
}

impl<'a> Payload<'a> {
    pub(super) fn json(bytes: &'a [u8]) -> Self {
        Self { bytes, encoding: Encoding::Json }
    }

    #[cfg(test)]
    pub(super) fn protobuf(bytes: &'a [u8]) -> Self {
        Self { bytes, encoding: Encoding::Protobuf }
    }

    pub(super) fn encoding(self) -> Encoding {
        self.encoding
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// How a list begins. Reads no further than it must, so that the next page can be asked for
    /// while this one is parsed.
    pub(super) fn head(self) -> Option<PageHead> {
        match self.encoding {
            Encoding::Json => json::head(self.bytes),
            Encoding::Protobuf => {
                let envelope = Envelope::open(self.bytes)?;
                PageHead::new(envelope.kind.to_owned(), Some(envelope.list_meta::<ListMeta<'_>>()?))
            }
        }
    }

    /// Whether it is in the form that it says, whatever it is.
    pub(super) fn is_well_formed(self) -> bool {
        match self.encoding {
            Encoding::Json => serde_json::from_slice::<serde::de::IgnoredAny>(self.bytes).is_ok(),
            Encoding::Protobuf => Envelope::open(self.bytes).is_some(),
        }
    }

    /// Hands each item of a list to `take`, one at a time: a page of tiny items is a hundred times
    /// its size once all are read. Tells how many could not be read.
    ///
    /// # Errors
    /// If it is no list in that form. What was handed over before stays.
    pub(super) fn items<T: Deserialize<'a>>(self, take: impl FnMut(T)) -> Result<usize, Failure> {
        let read = match self.encoding {
            Encoding::Json => json::items(self.bytes, take).ok(),
            Encoding::Protobuf => {
                Envelope::open(self.bytes).and_then(|envelope| envelope.items(take).ok())
            }
        };
        read.ok_or_else(|| {
            let message = "the answer is not a list that Kubernetes would write";
            Failure::new(FailureKind::Protocol, message)
        })
    }

    /// One object.
    pub(super) fn object<T: Deserialize<'a>>(self) -> Result<T, Unreadable> {
        let malformed = Unreadable::Malformed(self.encoding);
        match self.encoding {
            Encoding::Json => serde_json::from_slice(self.bytes)
                .map_err(|error| if error.is_data() { Unreadable::OtherShape } else { malformed }),
            Encoding::Protobuf => {
                let envelope = Envelope::open(self.bytes).ok_or(malformed)?;
                envelope.object().map_err(|error| match error {
                    DecodeError::Wire(_) => malformed,
                    DecodeError::Data(_) => Unreadable::OtherShape,
                })
            }
        }
    }

    /// What the server says of an error, in its own words (untrusted); empty if it says nothing.
    pub(super) fn status_message(self) -> String {
        #[derive(Deserialize)]
        struct ApiStatus {
            #[serde(default)]
            message: String,
        }
        self.object::<ApiStatus>().map(|status| status.message).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/kubernetes");
        std::fs::read(format!("{folder}/{name}")).unwrap()
    }

    fn head(json: &[u8]) -> Option<PageHead> {
        Payload::json(json).head()
    }

    #[test]
    fn the_head_of_a_page_is_told_before_its_items_are_read() {
        let is = |kind: &str, next: Option<&str>| {
            let next = next.map(str::to_owned);
            Some(PageHead { kind: kind.into(), is_page: next.is_some(), next })
        };
        let page = fixture("pods-page1.json");
        let first = head(&page).unwrap();
        assert_eq!(first.kind, "PodList");
        assert!(first.next.is_some_and(|next| next.starts_with("eyJ2Ijoi")));
        assert_eq!(head(&fixture("nodes.json")), is("NodeList", None));
        assert_eq!(
            head(br#"{"items": [1, {"kind": "no"}], "metadata": {"continue": "x"}, "kind": "PodList"}"#),
            is("PodList", Some("x"))
        );
        assert_eq!(head(br#"{"kind": "PodList", "items": []}"#), is("PodList", None));
        let strange = r#"{"kind": "PodList", "metadata": {"continue": 5}, "items": []}"#;
        for none in ["", "[]", "<html>", "{}", r#"{"metadata": null}"#, strange] {
            assert_eq!(head(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn the_words_of_an_error_are_the_servers() {
        let denied = fixture("error-403-pods.json");
        assert!(Payload::json(&denied).status_message().starts_with("pods is forbidden: User"));
        assert_eq!(Payload::json(b"<html>").status_message(), "");
    }
}
