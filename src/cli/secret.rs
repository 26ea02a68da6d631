//! A secret that a command itself needs: the URL of a history, the token of `serve`. Those of targets
//! and sinks are looked up where they are used.

use crate::model::Secret;
use crate::wire::file;
use crate::wire::secret::SecretReference;

/// Larger files are not secrets.
const MAX_BYTES: u64 = 64 * 1024;

/// What the reference stands for, without the end of its line; else why not, in words.
pub(super) fn look_up_secret(reference: &SecretReference) -> Result<Secret, String> {
    let text = match reference {
        SecretReference::Variable(name) => std::env::var(name).map_err(|error| match error {
            std::env::VarError::NotPresent => format!("the variable {name} is not set"),
            std::env::VarError::NotUnicode(_) => format!("the variable {name} is no text"),
        })?,
        SecretReference::File(path) => file::read_text(path, MAX_BYTES)
            .map_err(|error| format!("the file {} cannot be used: {error}", path.display()))?,
    };
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
