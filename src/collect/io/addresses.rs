//! The addresses of a name, tried one after another without waiting for a silent one.
//!
//! As RFC 8305 has it: families take turns, and the next address is tried as soon as one has failed
//! or has not answered for a moment. The first that answers counts.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::Semaphore;

use super::aside::run_blocking;
use super::tried;
use crate::model::Failure;

/// Addresses of one name that are tried.
const MAX_TRIED: usize = 8;

/// How long the addresses before it may take until the next one is tried as well.
const HEAD_START: Duration = Duration::from_millis(300);

/// Names looked up at the same time: a resolver that hangs must leave threads for everything else.
const MAX_LOOKUPS: usize = 128;

/// What waits for a thread to look up a name. Of the process, as the threads are.
static LOOKUPS: Semaphore = Semaphore::const_new(MAX_LOOKUPS);

/// The addresses to try, in their order.
pub(super) async fn of_name(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let bare = bare.to_owned();
    let turn = LOOKUPS.acquire().await.map_err(io::Error::other)?;
    // The thread gives its turn back, even if somebody still waits for the answer.
    let looked_up = run_blocking(move || {
        let found = (bare.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        drop(turn);
        found
    });
    let found = looked_up.await.map_err(|failure| io::Error::other(failure.message))??;
    if found.is_empty() {
        return Err(io::Error::other("the name has no address"));
    }
    Ok(by_turns(found))
}

/// Families take turns, beginning with the one that the system prefers.
fn by_turns(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let preferred = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (VecDeque<_>, VecDeque<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == preferred);
    let mut queues = [first, second];
    let mut ordered: Vec<SocketAddr> = Vec::new();
    for turn in 0.. {
        if queues.iter().all(VecDeque::is_empty) || ordered.len() == MAX_TRIED {
            break;
        }
        ordered.extend(queues[turn % 2].pop_front().filter(|next| !ordered.contains(next)));
    }
    ordered
}

/// What the first address that answers says. `attempt` fails where its address is of no use, so
/// that another may be; if all are, the first one's failure is told.
pub(super) async fn first_of<T, F>(
    addresses: Vec<SocketAddr>,
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<T, Option<Failure>>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut waiting: VecDeque<SocketAddr> = addresses.into();
    let mut running = FuturesUnordered::new();
    let mut failure = None;
    loop {
        if let Some(address) = waiting.pop_front() {
            let trying = attempt(address);
            running.push(async move { (address, trying.await) });
        }
        tokio::select! {
            biased;
            ended = running.next() => match ended {
                Some((_, Ok(answer))) => {
                    tried::note_answered();
                    return Ok(answer);
                }
                Some((address, Err(failed))) => {
                    tried::note_failed(address, &failed);
                    _ = failure.get_or_insert(failed);
                }
                None => return Err(failure),
            },
            () = tokio::time::sleep(HEAD_START), if !waiting.is_empty() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;
    use crate::model::FailureKind;

    fn address(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().unwrap(), 6379)
    }

    #[test]
    fn families_take_turns_and_eight_are_tried() {
        let found: Vec<SocketAddr> = (1..=20).map(|n| address(&format!("10.0.0.{n}"))).collect();
        assert_eq!(by_turns(found).len(), MAX_TRIED);
        let (six, four) = (address("fd00::1"), address("10.0.0.1"));
        let found = vec![six, address("fd00::2"), six, four];
        assert_eq!(by_turns(found), [six, four, address("fd00::2")]);
    }

    #[tokio::test]
    async fn a_silent_address_costs_a_moment_and_a_failing_one_nothing() {
        let addresses = || (1..=3).map(|n| address(&format!("10.0.0.{n}"))).collect::<Vec<_>>();
        let refused = || Failure::new(FailureKind::Refused, "refused");
        let start = Instant::now();
        let only_last = |silent: bool| {
            move |at: SocketAddr| async move {
                match at {
                    at if at == address("10.0.0.3") => Ok(at),
                    _ if silent => pending().await,
                    _ => Err(refused()),
                }
            }
        };
        assert_eq!(first_of(addresses(), only_last(true)).await, Ok(address("10.0.0.3")));
        let waited = start.elapsed();
        assert!(waited >= 2 * HEAD_START, "{waited:?}");
        let start = Instant::now();
        assert_eq!(first_of(addresses(), only_last(false)).await, Ok(address("10.0.0.3")));
        assert!(start.elapsed() < HEAD_START, "{:?}", start.elapsed());
        let none = first_of(addresses(), |_| async { Err::<(), _>(refused()) }).await;
        assert_eq!(none, Err(Some(refused())));
        assert_eq!(first_of(Vec::new(), |_| async { Ok(()) }).await, Err(None));
    }
}
