//! The objects of a recorded file, counted: a file of tiny ones must not take many times its size.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::objects::Text;
use crate::model::{Failure, FailureKind};

/// Objects of one file. One that kubectl prints has some hundred bytes at least, so that a file of
/// the largest size has fewer.
const MAX_OBJECTS: usize = 400_000;

/// The items of a list, but for those beyond [`MAX_OBJECTS`] and one.
#[derive(Default)]
pub(super) struct ListedItems<'a>(pub(super) Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for ListedItems<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListMarker;
        impl<'de> Visitor<'de> for ListMarker {
            type Value = ListedItems<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<ListedItems<'de>, A::Error> {
                let mut items = Vec::new();
                while items.len() <= MAX_OBJECTS
                    && let Some(item) = list.next_element()?
                {
                    items.push(item);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(ListedItems(items))
            }
        }
        deserializer.deserialize_seq(ListMarker)
    }
}

/// The `apiVersion` of the first object of a text; reads no further.
pub(super) fn api_version(text: &str) -> Option<String> {
    struct FirstVersion<'f>(&'f mut Option<String>);
    impl<'de> Visitor<'de> for FirstVersion<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<Text<'de>>()? {
                if &*key == "apiVersion" {
                    *self.0 = Some(map.next_value::<Text<'de>>()?.to_string());
                    return Err(A::Error::custom("it is known"));
                }
                map.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }
    let mut found = None;
    // Whatever ends the reading, what was found is found.
    let _ = serde_json::Deserializer::from_str(text).deserialize_map(FirstVersion(&mut found));
    found
}

/// What was seen of a file so far.
#[derive(Default)]
pub(super) struct SeenObjects {
    objects: usize,
    /// Kind, namespace and name of each; no text of them is kept.
    met: HashSet<u64>,
    hasher: RandomState,
    /// The first that stands twice, and how often something does.
    twice: Option<(String, usize)>,
}

impl SeenObjects {
    /// The objects of a document: its items, or itself.
    pub(super) fn count(&mut self, items: Option<&ListedItems<'_>>) -> Result<(), Failure> {
        self.objects += items.map_or(1, |ListedItems(items)| items.len());
        if self.objects <= MAX_OBJECTS {
            return Ok(());
        }
        let message = format!("the file holds more than {MAX_OBJECTS} objects");
        Err(Failure::new(FailureKind::TooLarge, message).with_advice(
            "record the namespaces that matter, each in a file of its own: kubectl get … -n \
             NAMESPACE -o json",
        ))
    }

    /// An object of that kind, namespace and name.
    pub(super) fn meet(&mut self, object: [&str; 3]) {
        if self.met.insert(self.hasher.hash_one(object)) {
            return;
        }
        let [kind, namespace, name] = object;
        let shown = || match namespace {
            "" => format!("{kind} {name}"),
            _ => format!("{kind} {namespace}/{name}"),
        };
        self.twice.get_or_insert_with(|| (shown(), 0)).1 += 1;
    }

    /// The first object that was met again, and how many were.
    pub(super) fn twice(&self) -> Option<(&str, usize)> {
        self.twice.as_ref().map(|(first, again)| (first.as_str(), *again))
    }
}
