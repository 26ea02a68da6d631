//! The body of an answer as it arrives, unpacked and capped. Pure.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

/// A body that is being received; one that is packed is held unpacked.
pub(super) enum Body {
    Plain(Held),
    /// `true` once something of it has come.
    Gzip(Box<MultiGzDecoder<Held>>, bool),
}

/// What was received, so far.
pub(super) struct Held {
    bytes: Vec<u8>,
    cap: usize,
}

/// Why nothing more of a body is taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is longer than the cap.
    TooLong,
    /// It is not what its encoding says.
    NotPacked,
    /// It ends in the middle.
    Short,
}

/// In an error of input, that the cap was met.
#[derive(Debug, thiserror::Error)]
#[error("the body is too long")]
struct OverCap;

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.cap {
            return Err(io::Error::other(OverCap));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn refused(error: &io::Error) -> Refused {
    match error.kind() {
        _ if error.get_ref().is_some_and(|inner| inner.is::<OverCap>()) => Refused::TooLong,
        io::ErrorKind::UnexpectedEof => Refused::Short,
        _ => Refused::NotPacked,
    }
}

impl Body {
    /// Of at most `cap` bytes, unpacked, in memory that was used before.
    pub(super) fn new(mut memory: Vec<u8>, cap: usize, gzip: bool) -> Self {
        memory.clear();
        let held = Held { bytes: memory, cap };
        if gzip {
            Self::Gzip(Box::new(MultiGzDecoder::new(held)), false)
        } else {
            Self::Plain(held)
        }
    }

    /// Takes the next piece.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), Refused> {
        let taken = match self {
            Self::Plain(held) => held.write_all(piece),
            Self::Gzip(packed, begun) => {
                *begun |= !piece.is_empty();
                packed.write_all(piece)
            }
        };
        taken.map_err(|e| refused(&e))
    }

    /// The whole body, at its end.
    pub(super) fn finish(self) -> Result<Vec<u8>, Refused> {
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
        let mut body = Body::new(b"before".to_vec(), 100_000, gzip);
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
