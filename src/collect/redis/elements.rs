//! An end to the elements of an answer. Each takes a twentieth of a kilobyte once it is read, and
//! three bytes on the way: the cap on bytes alone does not bound the memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// HELLO is answered by some twenty, and ten for each module; INFO is one.
const MAX_ELEMENTS: u64 = 10_000;

/// A connection on which no more elements are read than anybody sends: one more is an error.
pub(super) struct CountedElements<S> {
    inner: S,
    counter: ElementCounter,
}

impl<S> CountedElements<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, counter: ElementCounter::default() }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the answer has more than {MAX_ELEMENTS} elements")]
struct TooMany;

/// Follows the protocol as far as it takes to tell where an element begins.
#[derive(Debug, Default)]
struct ElementCounter {
    elements: u64,
    /// What the line is that is being read; nothing between two elements.
    line: Option<u8>,
    /// The number on it.
    number: Option<u64>,
    /// Bytes of a text that are still to come.
    rest: u64,
}

impl ElementCounter {
    fn read(&mut self, mut bytes: &[u8]) -> Result<(), TooMany> {
        while let Some((&byte, behind)) = bytes.split_first() {
            if self.rest > 0 {
                let skipped = usize::try_from(self.rest).unwrap_or(usize::MAX).min(bytes.len());
                self.rest -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            bytes = behind;
            match self.line {
                None => {
                    self.elements += 1;
                    (self.line, self.number) = (Some(byte), None);
                }
                Some(kind) if byte == b'\n' => self.end_line(kind),
                Some(_) if byte.is_ascii_digit() => {
                    let digit = u64::from(byte - b'0');
                    let before = self.number.unwrap_or(0);
                    self.number = Some(before.saturating_mul(10).saturating_add(digit));
                }
                // A negative length is that of nothing.
                Some(_) if byte == b'-' => self.line = Some(b'-'),
                Some(_) => {}
            }
            if self.elements > MAX_ELEMENTS {
                return Err(TooMany);
            }
        }
        Ok(())
    }

    fn end_line(&mut self, kind: u8) {
        let number = self.number.unwrap_or(0);
        match kind {
            // The text, and the end of its line.
            b'$' | b'=' | b'!' if self.number.is_some() => self.rest = number.saturating_add(2),
            // Room for all that are announced may be made at once.
            b'*' | b'%' | b'~' | b'>' | b'|' if number > MAX_ELEMENTS => self.elements = u64::MAX,
            _ => {}
        }
        self.line = None;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CountedElements<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = &polled
            && let Err(error) = self.counter.read(&buf.filled()[before..])
        {
            return Poll::Ready(Err(io::Error::other(error)));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountedElements<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(bytes: &[u8], piece: usize) -> Option<u64> {
        let mut counter = ElementCounter::default();
        let read = bytes.chunks(piece).try_for_each(|piece| counter.read(piece));
        read.is_ok().then_some(counter.elements)
    }

    #[test]
    fn elements_are_counted_and_the_lines_of_a_text_are_none() {
        let info = "# Server\r\nredis_version:7.2.4\r\n$5\r\n*9\r\n".repeat(1_000);
        let answer = format!(
            "%2\r\n+server\r\n+redis\r\n$5\r\nproto\r\n:3\r\n$-1\r\n_\r\n${}\r\n{info}\r\n=6\r\n\
             txt:a\n\r\n-ERR no 5\r\n",
            info.len()
        );
        for piece in [1, 2, 7, 4096] {
            assert_eq!(count(answer.as_bytes(), piece), Some(10), "{piece}");
        }
    }

    #[test]
    fn nulls_and_announced_elements_have_an_end() {
        let nulls = format!("*9000\r\n{}", "_\r\n".repeat(20_000));
        assert_eq!(count(nulls.as_bytes(), 100), None);
        assert_eq!(count(b"*2147483647\r\n", 3), None);
        assert_eq!(count(b"%99999999999999999999999\r\n", 3), None);
        assert_eq!(count(b"$99999999999999999999999\r\nx", 3), Some(1));
    }
}
