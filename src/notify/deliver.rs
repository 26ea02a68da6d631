//! Sends notices to sinks: how often it is tried, how long is waited, and what is final.

use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use jiff::Timestamp;
use tokio::time::timeout;

use super::board::PendingSend;
use super::notice::Notice;
use super::post::{self, PostAnswer};
use super::sinks::{Sink, SinkAddress};
use crate::collect::io::outward::{self, OutwardAddress};
use crate::model::{Failure, FailureKind};
use crate::wire::duration::DurationText;

/// Waits; a test's may return at once.
pub type Sleep<'a> = &'a (dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync);

/// How long things take at most, and how often they are tried.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryTimes {
    /// One try, from looking up the name to the status.
    pub per_try: Duration,
    /// Before the second try, the third one …: there is one try more than waits.
    pub waits: &'static [Duration],
    /// What a server may ask us to wait for.
    pub longest_wait: Duration,
}

impl DeliveryTimes {
    /// Three tries.
    pub const DEFAULT: Self = Self {
        per_try: Duration::from_secs(5),
        waits: &[Duration::from_secs(1), Duration::from_secs(5)],
        longest_wait: Duration::from_secs(60),
    };

    /// The same with a single try.
    #[must_use]
    pub fn once(self) -> Self {
        Self { waits: &[], ..self }
    }
}

/// What became of a notice at one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// It took it.
    Sent(u16),
    /// It will never take it: a 4xx, or a redirect, which is not followed.
    Refused(String),
    /// Not now.
    Failed(String),
    /// Not tried: what was to be sent before it failed.
    Untried,
}

/// Sends each to its sink: sinks at the same time, the notices of one in their order. Once one has
/// failed, the sink is left alone. What was tried by an earlier run is tried once.
pub async fn deliver(
    sends: &[PendingSend],
    sinks: &[Sink],
    link: Option<&str>,
    times: DeliveryTimes,
    (sleep, clock): (Sleep<'_>, &(dyn Fn() -> Timestamp + Sync)),
) -> Vec<(u64, Delivered)> {
    let of_sink = sinks.iter().map(|sink| async move {
        let own = sends.iter().filter(|send| send.sink == sink.name);
        let (mut done, mut is_down) = (Vec::new(), false);
        for send in own {
            if is_down {
                done.push((send.id, Delivered::Untried));
                continue;
            }
            let times = if send.runs > 0 { times.once() } else { times };
            let became = send_one(sink, &send.notice, link, times, (sleep, clock)).await;
            is_down = matches!(became, Delivered::Failed(_));
            done.push((send.id, became));
        }
        done
    });
    join_all(of_sink).await.into_iter().flatten().collect()
}

/// Sends one notice to one sink.
pub(super) async fn send_one(
    sink: &Sink,
    notice: &Notice,
    link: Option<&str>,
    times: DeliveryTimes,
    (sleep, clock): (Sleep<'_>, &(dyn Fn() -> Timestamp + Sync)),
) -> Delivered {
    let body = sink.body(notice, link);
    let mut waits = times.waits.iter();
    loop {
        let tried = timeout(times.per_try, one_try(sink, body.clone(), clock())).await;
        let (why, asked) = match tried {
            Ok(Ok(PostAnswer { status: status @ 200..=299, .. })) => {
                return Delivered::Sent(status);
            }
            Ok(Ok(PostAnswer { status: 429, retry_after })) => (answered(429), retry_after),
            Ok(Ok(PostAnswer { status: status @ 300..=499, .. })) => {
                return Delivered::Refused(answered(status));
            }
            Ok(Ok(PostAnswer { status, .. })) => (answered(status), None),
            // What is not set will not be set in a second.
            Ok(Err(failure)) if failure.kind == FailureKind::Secret => {
                return Delivered::Failed(failure.message);
            }
            Ok(Err(failure)) => (failure.message, None),
            Err(_) => (format!("no answer within {}", DurationText(times.per_try)), None),
        };
        let Some(wait) = waits.next() else { return Delivered::Failed(why) };
        tracing::debug!(sink = sink.name, why, "a notice is tried again");
        sleep(asked.unwrap_or(*wait).min(times.longest_wait)).await;
    }
}

async fn one_try(sink: &Sink, body: String, now: Timestamp) -> Result<PostAnswer, Failure> {
    let address = match &sink.address {
        SinkAddress::Plain(url) => OutwardAddress::parse(url)?,
        SinkAddress::Secret(reference) => {
            OutwardAddress::parse(outward::resolve(reference).await?.expose())?
        }
    };
    let key = match &sink.key {
        Some((name, reference)) => {
            let secret = outward::resolve(reference).await?;
            Some((name.clone(), outward::header_of("key", &secret)?))
        }
        None => None,
    };
    let stream = outward::connect(&address, &sink.tls, sink.proxy.as_deref()).await?;
    post::post(stream, &address, key, body, now).await
}

/// A status in words.
fn answered(status: u16) -> String {
    let help = match status {
        300..=399 => ": redirects are not followed, name the server itself",
        401 | 403 => ": the URL or the key is not accepted",
        404 | 410 => ": there is no such webhook any more",
        413 | 400 | 422 => ": it does not take such a body, look at format:",
        _ => "",
    };
    format!("it answered {status}{help}")
}
