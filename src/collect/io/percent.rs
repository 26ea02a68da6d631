//! Percent-encoding, as the parts of a URL have it. Pure.

/// The bytes that a part of a URL means; `None` if something else than two hexadecimal digits
/// follows a `%`.
pub(in crate::collect) fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        decoded.push(match byte {
            b'%' => u8::try_from(digit(bytes.next())? * 16 + digit(bytes.next())?).ok()?,
            _ => byte,
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_what_a_url_cannot() {
        assert_eq!(percent_decoded("me:a%40b%3a").as_deref(), Some(&b"me:a@b:"[..]));
        assert_eq!(percent_decoded("me:%+A"), None);
        assert_eq!(percent_decoded("me:%4"), None);
    }
}
