//! Turns a reference to a secret into the secret, when the target is read.

use crate::model::{Failure, FailureKind, Secret};
use crate::wire::secret::SecretReference;

/// Larger files are no passwords.
const MAX_BYTES: usize = 64 * 1024;

/// Looks the secret up.
pub(super) async fn resolve(reference: &SecretReference) -> Result<Secret, Failure> {
    match reference {
        SecretReference::Variable(name) => match std::env::var(name) {
            Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
            Ok(_) => Err(Failure::new(FailureKind::Secret, format!("environment variable {name} is empty"))),
            Err(_) => Err(Failure::new(FailureKind::Secret, format!("environment variable {name} is not set"))),
        },
        SecretReference::File(path) => {
            let shown = path.display();
            let text = tokio::fs::read_to_string(path).await.map_err(|e| {
                let why = super::net::without_errno(&e);
                Failure::new(FailureKind::Secret, format!("secret file {shown} cannot be read: {why}"))
            })?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() || text.len() > MAX_BYTES {
                return Err(Failure::new(FailureKind::Secret, format!("secret file {shown} is empty or no secret")));
            }
            Ok(Secret::new(text.to_owned()))
        }
    }
}
