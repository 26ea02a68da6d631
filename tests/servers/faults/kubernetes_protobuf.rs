//! Kubernetes targets whose protobuf is wrong.

use super::Fault as Case;
use super::kubernetes::{PODS, case};
use crate::support::kubernetes::{ApiServer, Cluster, Fault, Spoiled, When};

/// Answers in protobuf that are none.
pub(super) fn answers() -> Vec<Case> {
    let not_protobuf = "the answer is not protobuf";
    let unread = "could not be read";
    [
        ("protobuf that is cut", Spoiled::Cut, "protocol", not_protobuf),
        ("garbage behind the first bytes of protobuf", Spoiled::Garbage, "protocol", not_protobuf),
        ("a length in protobuf that lies", Spoiled::LyingLength, "protocol", "not a list"),
        ("references of 600 KB in protobuf", Spoiled::LongTexts, "protocol", unread),
        ("a text of 10 MB in protobuf", Spoiled::LongStranger, "too-large", "MiB"),
        ("a pod of 500,000 containers in protobuf", Spoiled::ManyContainers, "protocol", unread),
        ("JSON called protobuf", Spoiled::JsonCalledProtobuf, "protocol", not_protobuf),
        ("protobuf 2,000 deep", Spoiled::Deep, "protocol", unread),
        ("protobuf of another kind", Spoiled::OtherKind, "protocol", "expected PodList"),
        ("packed protobuf", Spoiled::Packed, "protocol", not_protobuf),
        ("a Status in protobuf", Spoiled::Status, "protocol", "a Status in place of a list"),
        ("an item in protobuf that is not a pod", Spoiled::MalformedItem, "protocol", unread),
    ]
    .map(|(name, spoiled, kind, mentions)| (name, Fault::Protobuf(spoiled), kind, mentions))
    .into_iter()
    .chain([(
        "protobuf called JSON",
        Fault::ProtobufCalledJson,
        "protocol",
        "the answer is not JSON",
    )])
    .map(|(name, fault, kind, mentions)| {
        let server = ApiServer::start(Cluster::recorded());
        server.fault(PODS, When::Always, fault);
        case(name, server, &[kind], mentions)
    })
    .collect()
}
