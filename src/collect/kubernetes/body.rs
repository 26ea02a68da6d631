//! Bodies of an API server's answers, unpacked and capped: an answer whole, of a refusal as much as
//! comes.

use std::error::Error;
use std::io::{self, Write};
use std::mem;
use std::time::Duration;

use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::model::{Failure, FailureKind};

/// A page of 500 pods is some 5 MiB; where it is more, pages become smaller. Twice that much is
/// held: one page comes while another is parsed.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What an API server says of an error is some hundred bytes.
pub(super) const MAX_STATUS: usize = 64 * 1024;

/// How long the words of a refusal are waited for: its status is said already, and means the most.
const SAID_WITHIN: Duration = Duration::from_secs(1);

/// All of an answer, into `memory` that was used before; `path` is for messages.
pub(super) async fn read(
    mut rest: Incoming,
    is_gzip: bool,
    path: &str,
    memory: &mut Vec<u8>,
) -> Result<(), Failure> {
    let mut body = ReceivedBody::new(mem::take(memory), MAX_BODY, is_gzip);
    while let Some(frame) = rest.frame().await {
        let frame = frame.map_err(|e| Refused::by_http(&e).told(path))?;
        if let Some(data) = frame.data_ref() {
            body.take(data).map_err(|refused| refused.told(path))?;
        }
    }
    *memory = body.finish().map_err(|refused| refused.told(path))?;
    Ok(())
}

/// The words of a refusal, into `memory`, as far as they come: it is judged by its status, however
/// its body ends. Of what is too long there is more than [`MAX_STATUS`].
pub(super) async fn read_refusal(
    mut rest: Incoming,
    is_gzip: bool,
    deadline: Instant,
    memory: &mut Vec<u8>,
) {
    let now = Instant::now();
    // Time must be left to report it.
    let until = now + SAID_WITHIN.min(deadline.saturating_duration_since(now) / 2);
    let mut body = ReceivedBody::new(mem::take(memory), MAX_STATUS + 1, is_gzip);
    let reading = async {
        while let Some(Ok(frame)) = rest.frame().await {
            let data = frame.data_ref().map_or(&[][..], |data| data);
            if body.take(data).is_err() {
                break;
            }
        }
    };
    // What came in time is kept.
    let _ = timeout_at(until, reading).await;
    *memory = body.so_far();
}

/// An error and what is behind it, the outermost first.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&outer: &&'a (dyn Error + 'static)| outer.source())
}

/// An error of input may be wrapped in others of its kind.
pub(super) fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        error = inner;
    }
    error
}

/// A body that is being received; one that is packed is held unpacked.
enum ReceivedBody {
    Plain(HeldBytes),
    /// `true` once something of it has come.
    Gzip(Box<MultiGzDecoder<HeldBytes>>, bool),
}

/// What was received, so far.
struct HeldBytes {
    bytes: Vec<u8>,
    cap: usize,
}

/// Why nothing more of a body is taken.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// It is longer than the cap.
    TooLong,
    /// It is not what its encoding says.
    NotPacked,
    /// It is not what HTTP allows.
    Malformed,
    /// It ends in the middle.
    Short,
}

impl Refused {
    /// Of a body that HTTP did not bring whole.
    fn by_http(error: &(dyn Error + 'static)) -> Self {
        let mut all = causes(error).filter_map(|error| error.downcast_ref::<io::Error>());
        let is_malformed = all.any(|io| {
            matches!(innermost(io).kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
        });
        if is_malformed { Self::Malformed } else { Self::Short }
    }

    /// A body that ends early is the connection's; what cannot be unpacked is the server's.
    fn told(&self, path: &str) -> Failure {
        let (kind, what) = match self {
            Self::TooLong => (FailureKind::TooLarge, format!("exceeds {} MiB", MAX_BODY >> 20)),
            Self::NotPacked => (FailureKind::Protocol, "is not what its encoding says".to_owned()),
            Self::Malformed => (FailureKind::Protocol, "is malformed".to_owned()),
            Self::Short => (FailureKind::Cut, "broke off".to_owned()),
        };
        Failure::new(kind, format!("the answer to GET {path} {what}"))
    }
}

/// In an error of input, that the cap was met.
#[derive(Debug, thiserror::Error)]
#[error("the body is too long")]
struct BodyOverCap;

impl Write for HeldBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.cap - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            return Err(io::Error::other(BodyOverCap));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn refused(error: &io::Error) -> Refused {
    match error.kind() {
        _ if error.get_ref().is_some_and(|inner| inner.is::<BodyOverCap>()) => Refused::TooLong,
        io::ErrorKind::UnexpectedEof => Refused::Short,
        _ => Refused::NotPacked,
    }
}

impl ReceivedBody {
    /// Of at most `cap` bytes, unpacked, in memory that was used before.
    fn new(mut memory: Vec<u8>, cap: usize, gzip: bool) -> Self {
        memory.clear();
        let held = HeldBytes { bytes: memory, cap };
        if gzip {
            Self::Gzip(Box::new(MultiGzDecoder::new(held)), false)
        } else {
            Self::Plain(held)
        }
    }

    /// Takes the next piece.
    fn take(&mut self, piece: &[u8]) -> Result<(), Refused> {
        let taken = match self {
            Self::Plain(held) => held.write_all(piece),
            Self::Gzip(packed, begun) => {
                *begun |= !piece.is_empty();
                packed.write_all(piece)
            }
        };
        taken.map_err(|e| refused(&e))
    }

    /// As much of it as came.
    fn so_far(self) -> Vec<u8> {
        match self {
            Self::Plain(held) => held.bytes,
            Self::Gzip(mut packed, _) => {
                // Whether it ends as it should does not matter here.
                drop(packed.try_finish());
                mem::take(&mut packed.get_mut().bytes)
            }
        }
    }

    /// The whole body, at its end.
    fn finish(self) -> Result<Vec<u8>, Refused> {
        match self {
            Self::Plain(held) => Ok(held.bytes),
            Self::Gzip(_, false) => Ok(Vec::new()),
            Self::Gzip(packed, true) => {
                packed.finish().map(|held| held.bytes).map_err(|_| Refused::Short)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn received(bytes: &[u8], piece: usize, gzip: bool) -> Result<Vec<u8>, Refused> {
        let mut body = ReceivedBody::new(b"before".to_vec(), 100_000, gzip);
        bytes.chunks(piece).try_for_each(|piece| body.take(piece))?;
        body.finish()
    }

    #[test]
    fn what_is_packed_is_unpacked_whatever_its_pieces() {
        let text = b"pods ".repeat(10_000);
        let once = packed(&text);
        let twice = [packed(&text[..70]), packed(&text[70..])].concat();
        for piece in [1, 7, 1 << 20] {
            assert_eq!(received(&text, piece, false).as_ref(), Ok(&text));
            assert_eq!(received(&once, piece, true).as_ref(), Ok(&text));
            assert_eq!(received(&twice, piece, true).as_ref(), Ok(&text));
        }
        assert_eq!(received(b"", 1, true), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let long = packed(&vec![0; 50_000_000]);
        assert!(long.len() < 1_000_000);
        assert_eq!(received(&long, 8_192, true), Err(Refused::TooLong));
        assert_eq!(received(&vec![0; 100_001], 8_192, false), Err(Refused::TooLong));
        let whole = packed(&b"pods ".repeat(10_000));
        for cut in [5, whole.len() / 2, whole.len() - 1] {
            assert_eq!(received(&whole[..cut], 64, true), Err(Refused::Short), "{cut}");
        }
        assert_eq!(received(b"{\"kind\": \"PodList\"}", 64, true), Err(Refused::NotPacked));
        let mut broken = whole;
        broken[30..60].fill(0xff);
        assert_eq!(received(&broken, 64, true), Err(Refused::NotPacked));
    }
}
