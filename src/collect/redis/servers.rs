//! Servers of one target, read at once, bounded, within its deadline.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use jiff::Timestamp;
use tokio::time::Instant;

use super::config::RedisAddress;
use super::parse::parse_info;
use super::session::{InfoReply, RedisAccess, WHOLE};
use crate::collect::collector::CollectContext;
use crate::collect::io::aside::run_blocking;
use crate::collect::io::net;
use crate::model::{Failure, FailureKind, Field, Outcome, Sample, TargetEvidence};

/// Servers of one target that are asked at the same time: many targets are, too.
const AT_ONCE: usize = 8;

/// What one server said.
pub(super) struct ServerRead {
    /// As if it were a target.
    pub(super) said: TargetEvidence,
    /// INFO itself.
    pub(super) text: String,
    /// Whether all of INFO was there.
    pub(super) outcome: Result<(), Failure>,
}

/// One server, until the target's deadline.
pub(super) async fn one(
    access: &RedisAccess,
    address: &RedisAddress,
    context: &CollectContext,
) -> ServerRead {
    ask(access, address, context, context.deadline, context.allowed).await
}

/// All of them, in their order. Where they wait for each other none may use up the others' time.
pub(super) async fn several(
    access: &RedisAccess,
    addresses: &[RedisAddress],
    context: &CollectContext,
) -> Vec<ServerRead> {
    let rounds = u32::try_from(addresses.len().div_ceil(AT_ONCE).max(1)).unwrap_or(u32::MAX);
    let share = context.deadline.saturating_duration_since(Instant::now()) / rounds;
    let allowed = if rounds == 1 { context.allowed } else { context.allowed / rounds };
    let asking = (0..addresses.len()).map(|index| async move {
        let deadline = context.deadline.min(Instant::now() + share);
        (index, ask(access, &addresses[index], context, deadline, allowed).await)
    });
    let mut told: Vec<_> = stream::iter(asking).buffer_unordered(AT_ONCE).collect().await;
    told.sort_by_key(|(index, _)| *index);
    told.into_iter().map(|(_, told)| told).collect()
}

async fn ask(
    access: &RedisAccess,
    address: &RedisAddress,
    context: &CollectContext,
    deadline: Instant,
    allowed: Duration,
) -> ServerRead {
    let asked = async {
        let answer = access.ask(address, WHOLE).await?;
        let (place, said) = (address.place(), empty(context));
        run_blocking(move || parsed(answer, said, &place)).await
    };
    let told = net::within(deadline, allowed, asked).await;
    told.unwrap_or_else(|failure| {
        let failure = net::with_tls_in_mind(failure, address.tls);
        ServerRead { said: empty(context), text: String::new(), outcome: Err(failure) }
    })
}

/// Evidence of a server that has said nothing yet.
fn empty(context: &CollectContext) -> TargetEvidence {
    TargetEvidence::new("redis/server".into(), "", (context.clock)())
}

fn parsed(answer: InfoReply, mut said: TargetEvidence, place: &str) -> ServerRead {
    let text = into_text(answer.text);
    let outcome = parse_info(&text, &mut said);
    for sample in &mut said.samples {
        place.clone_into(&mut sample.place);
        answer.own.iter().for_each(|own| own.note_in(sample));
    }
    let end = answer.not_after.map(|end| Field::of_target("tls_not_after", end.to_string()));
    said.fields.extend(end);
    ServerRead { said, text, outcome }
}

/// What a server says may not be UTF-8; where it is, nothing is copied.
fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Adds what a server said as a place of the target.
pub(super) fn keep(
    evidence: &mut TargetEvidence,
    part: &str,
    address: &RedisAddress,
    told: ServerRead,
) {
    let place = address.place();
    keep_samples(evidence, told.said.samples);
    evidence
        .fields
        .extend(told.said.fields.into_iter().map(|field| Field { place: place.clone(), ..field }));
    evidence.set_part(part, told.outcome.map_or_else(Outcome::Failed, |()| Outcome::Complete));
}

/// What a server counts that is asked for something else, if it counts anything.
pub(super) fn sample(text: &str, place: String, taken: Timestamp) -> Option<Sample> {
    let mut said = TargetEvidence::new("redis/server".into(), "", taken);
    // A Sentinel is not a server of data, and says only some of what one says.
    let _ = parse_info(text, &mut said);
    said.samples.pop().map(|sample| Sample { place, ..sample })
}

/// Adds the samples of a server of the target. Of a place that stands twice the first counts: a
/// Sentinel may name itself as the master.
pub(super) fn keep_samples(evidence: &mut TargetEvidence, samples: Vec<Sample>) {
    for sample in samples {
        if evidence.samples.iter().all(|known| known.place != sample.place) {
            let target = evidence.id.clone();
            evidence.samples.push(Sample { target, ..sample });
        }
    }
}

/// Tells whether two addresses lead to one server, by its `run_id`.
#[derive(Default)]
pub(super) struct Different {
    places: BTreeMap<String, String>,
}

impl Different {
    /// Knows the server at `address` already.
    pub(super) fn of(run_id: Option<&str>, address: &RedisAddress) -> Self {
        let known = run_id.filter(|id| is_identity(id)).map(|id| (id.to_owned(), address.place()));
        Self { places: known.into_iter().collect() }
    }

    /// A server that was read already under another address did not speak for this one.
    pub(super) fn another(
        &mut self,
        address: &RedisAddress,
        told: ServerRead,
        advice: &str,
    ) -> ServerRead {
        let Some(run_id) =
            told.said.field("run_id").filter(|id| is_identity(id)).map(str::to_owned)
        else {
            return told;
        };
        let place = address.place();
        match self.places.get(&run_id) {
            Some(other) => {
                let message = format!("it leads to the same server as {other} (one run_id)");
                told.disowned(Failure::new(FailureKind::Protocol, message).with_advice(advice))
            }
            None => {
                self.places.insert(run_id, place);
                told
            }
        }
    }
}

/// Anyone who hides a `run_id` writes zeros in its place.
pub(in crate::collect) fn is_identity(run_id: &str) -> bool {
    run_id.bytes().any(|byte| byte != b'0')
}

impl ServerRead {
    /// Without what was said: it is not of the server that was meant.
    pub(super) fn disowned(self, failure: Failure) -> Self {
        let said = TargetEvidence::new(self.said.id, "", self.said.taken);
        Self { said, text: String::new(), outcome: Err(failure) }
    }
}
