//! The items of a list, one at a time.

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::objects::Text;
use crate::model::{Failure, FailureKind};

/// Hands each item of a list to `take`, one at a time: a page of tiny items is a hundred times
/// its size once all are read. Tells how many could not be read.
///
/// # Errors
/// If it is not JSON, or has no items. What was handed over before stays.
pub(super) fn items<'a, T: serde::Deserialize<'a>>(
    body: &'a [u8],
    mut take: impl FnMut(T),
) -> Result<usize, Failure> {
    let no_list = || {
        Failure::new(FailureKind::Protocol, "the answer is not a list that Kubernetes would write")
    };
    let mut taken = 0;
    let mut each = |item: T| {
        taken += 1;
        take(item);
    };
    match read_items(body, &mut each) {
        Ok(()) => Ok(0),
        // One of them is none: those behind the ones that were taken are read by themselves.
        Err(error) if error.is_data() => {
            let (mut seen, mut unread) = (0, 0);
            let mut each = |item: &'a RawValue| {
                seen += 1;
                if seen > taken {
                    match serde_json::from_str(item.get()) {
                        Ok(item) => take(item),
                        Err(_) => unread += 1,
                    }
                }
            };
            read_items(body, &mut each).map_err(|_| no_list())?;
            Ok(unread)
        }
        Err(_) => Err(no_list()),
    }
}

/// Hands over each of the `items` of an object. Go writes an empty list as `null`.
fn read_items<'a, T: serde::Deserialize<'a>>(
    body: &'a [u8],
    take: &mut dyn FnMut(T),
) -> serde_json::Result<()> {
    struct Object<'t, T>(&'t mut dyn FnMut(T));
    impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Object<'_, T> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of Kubernetes")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            let mut found = false;
            while let Some(key) = map.next_key::<Text<'de>>()? {
                if &*key != "items" {
                    map.next_value::<IgnoredAny>()?;
                } else if std::mem::replace(&mut found, true) {
                    return Err(A::Error::custom("items stands there twice"));
                } else {
                    map.next_value_seed(ItemsOfPage(&mut *self.0))?;
                }
            }
            if found { Ok(()) } else { Err(A::Error::custom("items is missing")) }
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    reader.deserialize_map(Object(take))?;
    reader.end()
}

/// The array that is read item by item.
struct ItemsOfPage<'t, T>(&'t mut dyn FnMut(T));

impl<'de, T: serde::Deserialize<'de>> DeserializeSeed<'de> for ItemsOfPage<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for ItemsOfPage<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array or null")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            self.0(item);
        }
        Ok(())
    }
}
