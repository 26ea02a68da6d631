//! What holds of a history in PostgreSQL beside what holds of any: several machines write it, and a
//! server and the way to it fail in ways of their own.

mod chain;
mod commands;
mod faults;

use std::time::Duration;

use envparity::history::{HistoryError, PostgresAddress, PostgresOptions, Store};

use crate::cli::slowness::scaled;

pub(crate) fn open(url: &str) -> Store {
    try_open(url, true).unwrap()
}

fn try_open(url: &str, create: bool) -> Result<Store, HistoryError> {
    let wait = scaled(Duration::from_secs(5));
    let options = PostgresOptions { connect: wait, wait, statement: 6 * wait };
    Store::open_postgres(&PostgresAddress::parse(url)?, options, create)
}

#[track_caller]
fn error_of(url: &str) -> HistoryError {
    match try_open(url, true) {
        Err(error) => error,
        Ok(_) => panic!("it was opened"),
    }
}

/// What is told of an error, with what to do.
#[track_caller]
fn told(error: &HistoryError) -> String {
    let text = format!("{error}; {}; {error:?}", error.advice());
    assert!(!text.contains(crate::postgres_server::PASSWORD), "{text}");
    text
}
