//! Turns a reference to a secret into the secret, when the target is read.

use super::file;
use super::system::without_errno;
use crate::model::{Failure, FailureKind, Secret};
use crate::wire::secret::SecretReference;

/// Larger files are no passwords.
const MAX_BYTES: u64 = 64 * 1024;

/// Looks the secret up.
pub(in crate::collect) async fn resolve(reference: &SecretReference) -> Result<Secret, Failure> {
    match reference {
        SecretReference::Variable(name) => match std::env::var(name) {
            Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
            Ok(_) => Err(Failure::new(
                FailureKind::Secret,
                format!("environment variable {name} is empty"),
            )),
            Err(_) => Err(Failure::new(
                FailureKind::Secret,
                format!("environment variable {name} is not set"),
            )),
        },
        SecretReference::File(path) => {
            let shown = path.display();
            let unusable = |why: String| {
                Failure::new(
                    FailureKind::Secret,
                    format!("secret file {shown} cannot be used: {why}"),
                )
            };
            let bytes = file::read_aside(path.clone(), MAX_BYTES).await;
            let bytes = bytes.map_err(|e| unusable(without_errno(&e)))?;
            let text =
                String::from_utf8(bytes).map_err(|_| unusable("it is no text".to_owned()))?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() {
                return Err(unusable("it is empty".to_owned()));
            }
            Ok(Secret::new(text.to_owned()))
        }
    }
}
