//! The wire format of Protocol Buffers: the fields of one message, in their order. Pure.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>. Nothing is copied; a length that
//! lies is an error before anything is made of it.

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum WireError {
    #[error("the message is cut")]
    Cut,
    #[error("a number is longer than 64 bits")]
    LongVarint,
    #[error("a field has the number 0, or one beyond 2^29")]
    FieldNumber,
    #[error("a field has the wire type {0}")]
    WireType(u64),
}

/// A field as it stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireValue<'a> {
    Varint(u64),
    /// A text, bytes, or a message.
    Bytes(&'a [u8]),
    /// Eight or four bytes, which no field that we read has.
    Fixed,
}

/// What is left of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldReader<'a> {
    rest: &'a [u8],
}

impl<'a> FieldReader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field and its number; `None` at the end.
    pub(super) fn next_field(&mut self) -> Result<Option<(u32, WireValue<'a>)>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|n| (1..1 << 29).contains(n));
        let number = number.ok_or(WireError::FieldNumber)?;
        let value = match key & 7 {
            0 => WireValue::Varint(self.varint()?),
            1 => self.bytes(8).map(|_| WireValue::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| WireError::Cut)?;
                WireValue::Bytes(self.bytes(length)?)
            }
            5 => self.bytes(4).map(|_| WireValue::Fixed)?,
            // Groups, which Kubernetes has never written.
            other => return Err(WireError::WireType(other)),
        };
        Ok(Some((number, value)))
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(WireError::Cut)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn varint(&mut self) -> Result<u64, WireError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(WireError::Cut)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(WireError::LongVarint)
    }
}

/// The last field of that number which holds bytes, as the format wants it of a field that stands
/// there twice.
pub(super) fn find_bytes(message: &[u8], number: u32) -> Result<Option<&[u8]>, WireError> {
    let (mut reader, mut found) = (FieldReader::new(message), None);
    while let Some((own, value)) = reader.next_field()? {
        if let WireValue::Bytes(bytes) = value
            && own == number
        {
            found = Some(bytes);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(message: &[u8]) -> Result<Vec<(u32, WireValue<'_>)>, WireError> {
        let (mut reader, mut fields) = (FieldReader::new(message), Vec::new());
        while let Some(field) = reader.next_field()? {
            fields.push(field);
        }
        Ok(fields)
    }

    #[test]
    fn fields_come_in_their_order() {
        // 150 of the documentation; a text; fixed ones are passed over; -1 takes ten bytes.
        let message = [
            &[0x08, 0x96, 0x01][..],
            &[0x12, 2, b'a', b'b'],
            &[0x19, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x25, 0, 0, 0, 0],
            &[0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ]
        .concat();
        let told = [
            (1, WireValue::Varint(150)),
            (2, WireValue::Bytes(b"ab")),
            (3, WireValue::Fixed),
            (4, WireValue::Fixed),
            (5, WireValue::Varint(u64::MAX)),
        ];
        assert_eq!(fields(&message).as_deref(), Ok(&told[..]));
        assert_eq!(find_bytes(&message, 2), Ok(Some(&b"ab"[..])));
        assert_eq!(find_bytes(&message, 9), Ok(None));
        for cut in [1, 2, 5, 6, 9, 18, 22, 27] {
            assert_eq!(fields(&message[..cut]), Err(WireError::Cut), "{cut}");
        }
    }

    #[test]
    fn what_is_not_the_format_is_told_apart() {
        let long = [&[0x08][..], &[0xff; 10], &[1]].concat();
        let over = [&[0x08][..], &[0xff; 9], &[2]].concat();
        let lies = [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, b'a'];
        for (message, error) in [
            (&long[..], WireError::LongVarint),
            (&over, WireError::LongVarint),
            (&lies, WireError::Cut),
            (&[0x00, 0], WireError::FieldNumber),
            (&[0x0b], WireError::WireType(3)),
            (&[0x0f], WireError::WireType(7)),
            (b"{\"kind\": \"PodList\"}", WireError::WireType(3)),
        ] {
            assert_eq!(fields(message), Err(error), "{message:?}");
        }
    }
}
