//! Turns a reference to a secret into the secret, when the target is read.

use std::env::VarError;

use super::file;
use super::sent;
use super::system::without_errno;
use crate::model::{Failure, FailureKind, Secret};
use crate::wire::secret::SecretReference;

/// Larger files are not passwords.
const MAX_BYTES: u64 = 64 * 1024;

/// Looks the secret up that goes to the target which this task reads, for a user or for nobody.
pub(in crate::collect) async fn resolve(
    reference: &SecretReference,
    user: Option<&str>,
) -> Result<Secret, Failure> {
    let secret = look_up(reference).await?;
    sent::note(user, secret.expose());
    Ok(secret)
}

async fn look_up(reference: &SecretReference) -> Result<Secret, Failure> {
    match reference {
        SecretReference::Variable(name) => match std::env::var(name) {
            Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
            Ok(_) => Err(Failure::new(
                FailureKind::Secret,
                format!("environment variable {name} is empty"),
            )),
            Err(VarError::NotPresent) => Err(Failure::new(
                FailureKind::Secret,
                format!("environment variable {name} is not set"),
            )),
            Err(VarError::NotUnicode(_)) => Err(Failure::new(
                FailureKind::Secret,
                format!("environment variable {name} is set, and is not UTF-8"),
            )
            .with_advice("set it to text, in UTF-8")),
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
            let text = String::from_utf8(bytes).map_err(|_| unusable("not text".to_owned()))?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() {
                return Err(unusable("it is empty".to_owned()));
            }
            Ok(Secret::new(text.to_owned()))
        }
    }
}
