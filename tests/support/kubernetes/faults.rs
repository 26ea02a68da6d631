//! What can be wrong with an answer, each in one way, and when.

use std::io::{Error, Write};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};

use super::spoiled::Spoiled;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This HTTP status with the `Status` that belongs to it; 429 and 503 say when to come again.
    Status(u16),
    /// This HTTP status, and half of the `Status` that belongs to it.
    TruncatedStatus(u16),
    /// This HTTP status, and a body without end, at full speed.
    EndlessStatus(u16),
    /// This HTTP status, and a body of which nothing comes.
    SilentStatus(u16),
    /// `410 Gone` for the first request that continues a list.
    ExpiredOnce,
    /// `410 Gone` for every request that continues a list.
    ExpiredAlways,
    /// `403 Forbidden` with a `Status` that repeats the token.
    RepeatsToken,
    /// `500 Internal Server Error` with a `Status` that says this.
    Says(String),
    /// Every item's image, kubelet and system are this.
    SaysAsData(String),
    /// `200 OK` with a login page.
    NotJson,
    /// `200 OK` with a `Status` that says `Failure`.
    StatusInsteadOfList,
    /// `200 OK` with a list of something else.
    WrongKind,
    /// The first half of the answer, then the connection (of HTTP/2, the stream) is closed.
    Truncated,
    /// `Content-Encoding: gzip`, the second half of it no gzip, whether the client offers gzip or
    /// not.
    BadGzip,
    /// A list whose items do not end, at full speed.
    Endless,
    /// Some kilobytes of gzip for each megabyte of list, without end.
    GzipBomb,
    /// The request is read and never answered.
    Silent,
    /// The answer, a byte a second.
    SlowBody,
    /// `302 Found` to this location.
    Redirect(String),
    /// The middle one of the items has `"spec": 17`.
    MalformedItem,
    /// `"items": null`.
    NullItems,
    /// Every item's labels, owners, images and statuses are null.
    NullFields,
    /// `200 OK` and protobuf that is wrong.
    Protobuf(Spoiled),
    /// The right answer in protobuf, called JSON.
    ProtobufCalledJson,
    /// The first page and its token, whatever is asked: a list without end, each page of it right.
    SamePageForEver,
}

/// Which requests a fault is for, counted since it was set and by path without query.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Always,
    /// This one only, the first being 1.
    Nth(usize),
    /// So many, and then no more.
    First(usize),
}

impl When {
    pub(super) fn is_now(self, nth: usize) -> bool {
        match self {
            Self::Always => true,
            Self::Nth(wanted) => nth == wanted,
            Self::First(last) => nth <= last,
        }
    }
}

/// A piece of a body, or the reason for which there is no more.
pub(super) type Piece = Result<Bytes, Error>;

/// The first half, and then the connection breaks.
pub(super) fn truncated(body: &Bytes) -> Vec<Piece> {
    vec![Ok(body.slice(..body.len() / 2)), Err(Error::other("broken on purpose"))]
}

/// The same, with time for the head and the first half to leave.
pub(super) fn truncated_later(body: &Bytes) -> impl Stream<Item = Piece> + use<> {
    stream::iter(truncated(body)).then(|piece| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        piece
    })
}

/// A byte a second.
pub(super) fn slow(body: Bytes) -> impl Stream<Item = Piece> {
    stream::unfold(body, |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        let byte = rest.split_to(1);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok(byte), rest))
    })
}

/// Items without end.
pub(super) fn endless() -> impl Stream<Item = Piece> {
    let item = json!({
        "metadata": {"name": "endless", "namespace": "default"},
        "spec": {"containers": [{"name": "redis", "image": "docker.io/library/redis:7.2"}]},
        "status": {"phase": "Running"},
    });
    repeated(LIST.to_vec(), format!("{item},").repeat(200).into_bytes())
}

const LIST: &[u8] =
    br#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":["#;

/// A list in which the first item is a long time coming.
pub(super) fn gzip_bomb() -> impl Stream<Item = Piece> {
    let megabyte = vec![b' '; 1 << 20];
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let mut block = |bytes: &[u8]| {
        gzip.write_all(bytes).and_then(|()| gzip.flush()).expect("writing to memory");
        std::mem::take(gzip.get_mut())
    };
    let start = [block(LIST), block(&megabyte)].concat();
    // It refers to what is before it, which is blanks: any number of it may follow.
    let more = block(&megabyte);
    repeated(start, more.repeat(32))
}

fn repeated(start: Vec<u8>, more: Vec<u8>) -> impl Stream<Item = Piece> {
    let (start, more) = (Bytes::from(start), Bytes::from(more));
    stream::unfold(Some(start), move |first| {
        let piece = first.unwrap_or_else(|| more.clone());
        // without this the stream would be ready for ever, and never let go of its thread
        async move {
            tokio::task::coop::consume_budget().await;
            Some((Ok(piece), None))
        }
    })
}

/// Gzip of the first half, and then what no reader of gzip accepts.
pub(super) fn bad_gzip(body: &[u8]) -> Bytes {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&body[..body.len() / 2]).and_then(|()| gzip.flush()).expect("writing to memory");
    // a block begins here, of a type that does not exist
    let bad = vec![0xff; gzip.get_ref().len()];
    [std::mem::take(gzip.get_mut()), bad].concat().into()
}

/// As fast as a real server does it.
pub(super) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body).expect("writing to memory");
    gzip.finish().expect("writing to memory")
}

/// Changes what is in a list, as the fault says.
pub(super) fn spoiled(fault: &Fault, body: &[u8]) -> Bytes {
    let mut list: Value = serde_json::from_slice(body).expect("answers are JSON");
    match fault {
        Fault::WrongKind => {
            list["kind"] = json!("ConfigMapList");
            list["apiVersion"] = json!("v1");
        }
        Fault::SaysAsData(said) => {
            for item in list["items"].as_array_mut().into_iter().flatten() {
                for pointer in DATA {
                    if let Some(field) = item.pointer_mut(pointer) {
                        *field = json!(said);
                    }
                }
            }
        }
        Fault::NullItems => list["items"] = Value::Null,
        Fault::MalformedItem => {
            if let Some(items) = list["items"].as_array_mut().filter(|items| !items.is_empty()) {
                let middle = items.len() / 2;
                items[middle]["spec"] = json!(17);
            }
        }
        Fault::NullFields => {
            for item in list["items"].as_array_mut().into_iter().flatten() {
                for pointer in NULLABLE {
                    if let Some(field) = item.pointer_mut(pointer) {
                        *field = Value::Null;
                    }
                }
            }
        }
        _ => {}
    }
    list.to_string().into()
}

const NULLABLE: [&str; 9] = [
    "/metadata/labels",
    "/metadata/annotations",
    "/metadata/ownerReferences",
    "/metadata/managedFields",
    "/spec/initContainers",
    "/spec/nodeName",
    "/spec/selector",
    "/status/containerStatuses",
    "/status/initContainerStatuses",
];

/// What is told of a node, and of a pod.
const DATA: [&str; 5] = [
    "/status/nodeInfo/kubeletVersion",
    "/status/nodeInfo/osImage",
    "/spec/containers/0/image",
    "/spec/template/spec/containers/0/image",
    "/status/containerStatuses/0/imageID",
];
