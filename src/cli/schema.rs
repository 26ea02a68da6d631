//! `envparity schema`

use anyhow::anyhow;

use super::args::SchemaArguments;
use super::exit::Exit;
use super::{CommandError, output};
use crate::profile::schema;

pub(super) fn run(arguments: &SchemaArguments) -> Result<Exit, CommandError> {
    let (_, schema) = schema::PUBLISHED
        .iter()
        .find(|(name, _)| *name == arguments.format)
        .ok_or_else(|| anyhow!("unknown format {:?}", arguments.format))?;
    output::print(schema)?;
    Ok(Exit::Done)
}
