//! Answers in protobuf that are wrong in one way each.

use bytes::Bytes;
use serde_json::{Value, json};

use super::encode::{self, field, varint};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoiled {
    /// The message ends in its middle, and the answer with it.
    Cut,
    /// The beginning of an answer in protobuf, and then any bytes.
    Garbage,
    /// An item says that it is 4 GiB long.
    LyingLength,
    /// A reference of 600 KB in each of ten items.
    LongTexts,
    /// A text of 10 MB where no text belongs.
    LongStranger,
    /// Half a million containers without a name in one pod.
    ManyContainers,
    /// JSON that is called protobuf.
    JsonCalledProtobuf,
    /// Messages within messages, 2,000 deep.
    Deep,
    /// A list of something that nobody asked for.
    OtherKind,
    /// An object that is packed in a way of its own.
    Packed,
    /// `200 OK` with a `Status` that says `Failure`.
    Status,
    /// The middle one of the items is not a message.
    MalformedItem,
}

impl Spoiled {
    /// A `PodList` that is wrong; `right` is what a server would say in JSON.
    pub(super) fn answer(self, right: &Bytes) -> Bytes {
        let mut list: Value = serde_json::from_slice(right).expect("answers are JSON");
        let pods = |body: Vec<u8>| encode::answer("v1", "PodList", &body);
        let whole = || encode::whole(&list).expect("a list of pods");
        match self {
            Self::Cut => {
                let whole = whole();
                whole[..whole.len() / 2].to_vec()
            }
            Self::Garbage => [b"k8s\0".to_vec(), vec![0xe7; 4096]].concat(),
            Self::LyingLength => pods([vec![0x12], varint(u64::from(u32::MAX))].concat()),
            Self::LongTexts => {
                for item in list["items"].as_array_mut().into_iter().flatten().take(10) {
                    item["spec"]["containers"][0]["image"] = json!("x".repeat(600_000));
                }
                encode::whole(&list).expect("a list of pods")
            }
            Self::LongStranger => pods(field(99, &vec![b'x'; 10_000_000])),
            Self::ManyContainers => {
                let spec = field(2, &field(2, b"").repeat(500_000));
                let named = field(1, &[field(1, b"a"), field(3, b"b")].concat());
                pods(field(2, &[named, spec].concat()))
            }
            Self::JsonCalledProtobuf => right.to_vec(),
            Self::Deep => {
                let mut deep = Vec::new();
                for _ in 0..2_000 {
                    deep = field(2, &deep);
                }
                pods(deep)
            }
            Self::OtherKind => encode::answer("v1", "SecretList", &field(2, b"")),
            Self::Packed => {
                let packed = [field(2, b"?"), field(3, b"gzip")].concat();
                [b"k8s\0".to_vec(), packed].concat()
            }
            Self::Status => {
                let status = super::access::plain_status(500);
                encode::whole(&status).expect("a Status")
            }
            Self::MalformedItem => {
                let items = list["items"].as_array_mut().expect("a list");
                let middle = items.len() / 2;
                items[middle]["spec"] = json!(17);
                encode::whole(&list).expect("a list of pods")
            }
        }
        .into()
    }
}
