//! Who may read: with a token those who show it; without one those on this machine, and no page of
//! another site that a browser here was made to ask for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{self, HeaderMap};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::model::Secret;

/// What a request must show.
pub(in crate::daemon) struct ServeGuard {
    /// Digest of the token: what is compared has one length.
    token: Option<[u8; 32]>,
    /// The name in the URL where people find the pages.
    public_host: Option<String>,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It shows no token, or another one.
    Token,
    /// It names a host that this is not.
    Host,
}

impl ServeGuard {
    pub(in crate::daemon) fn new(token: Option<&Secret>, public_url: Option<&str>) -> Self {
        let token = token.map(|token| Sha256::digest(token.expose().as_bytes()).into());
        let public = public_url.and_then(|url| Url::parse(url).ok());
        let public_host = public.and_then(|url| Some(url.host_str()?.to_ascii_lowercase()));
        Self { token, public_host }
    }

    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match &self.token {
            Some(token) => match shown_token(headers) {
                Some(shown) if is_same(&shown, token) => Ok(()),
                _ => Err(Refusal::Token),
            },
            None if self.names_this(headers) => Ok(()),
            None => Err(Refusal::Host),
        }
    }

    /// A name that its owner points at this machine (DNS rebinding) would let a page of theirs read
    /// ours.
    fn names_this(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(header::HOST) else { return true };
        let Some(url) = host.to_str().ok().and_then(|h| Url::parse(&format!("http://{h}/")).ok())
        else {
            return false;
        };
        match url.host() {
            Some(url::Host::Domain(name)) => {
                name == "localhost"
                    || name.ends_with(".localhost")
                    || self.public_host.as_deref() == Some(name)
            }
            Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
            None => false,
        }
    }
}

/// Of `Bearer TOKEN`, or the password of `Basic`, which browsers can show; the user name is any.
fn shown_token(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, rest) = value.split_at(value.iter().position(|byte| *byte == b' ')?);
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(rest.to_vec());
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let decoded = STANDARD.decode(rest).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some(decoded[colon + 1..].to_vec())
}

fn is_same(shown: &[u8], token: &[u8; 32]) -> bool {
    let shown: [u8; 32] = Sha256::digest(shown).into();
    shown.ct_eq(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_is_shown_as_bearer_or_as_a_password() {
        let guard = ServeGuard::new(Some(&Secret::new("s3cret".to_owned())), None);
        let basic = format!("Basic {}", STANDARD.encode("anybody:s3cret"));
        for good in ["Bearer s3cret", "bearer  s3cret", &basic] {
            assert_eq!(guard.check(&headers(&[(header::AUTHORIZATION, good)])), Ok(()), "{good}");
        }
        let other = format!("Basic {}", STANDARD.encode("s3cret:"));
        for bad in ["Bearer s3cre", "Bearer s3crett", "Bearer", "s3cret", "Basic s3cret", &other] {
            let told = guard.check(&headers(&[(header::AUTHORIZATION, bad)]));
            assert_eq!(told, Err(Refusal::Token), "{bad}");
        }
        assert_eq!(guard.check(&HeaderMap::new()), Err(Refusal::Token));
    }

    #[test]
    fn without_a_token_another_name_is_refused() {
        let guard = ServeGuard::new(None, Some("https://parity.internal/"));
        for good in ["127.0.0.1:9464", "localhost:9464", "[::1]:9464", "parity.internal"] {
            assert_eq!(guard.check(&headers(&[(header::HOST, good)])), Ok(()), "{good}");
        }
        for bad in ["evil.example", "evil.example:9464", "localhost.evil.example", "/"] {
            assert_eq!(guard.check(&headers(&[(header::HOST, bad)])), Err(Refusal::Host), "{bad}");
        }
    }
}
