//! What integration tests stand on: real servers, certificates, a proxy that writes down what was
//! asked, and servers that misbehave on purpose. `mod support;` brings it into a test;
//! `tests/run.sh` starts what outlives one test.
//!
//! It knows nothing of envparity, so that a bug there cannot hide itself here; only `cli` runs the
//! binary and reads what it writes. Every server listens on a loopback port the kernel picks and
//! ends when it is dropped. A failure to start is a panic: a missing server never skips a test.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary compiles all of this and uses a part"
)]

pub(crate) mod cli;
pub(crate) mod docker;
pub(crate) mod fault_table;
pub(crate) mod guard;
pub(crate) mod hostile;
pub(crate) mod kubernetes;
pub(crate) mod postgres;
pub(crate) mod prometheus;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod serving;
pub(crate) mod sink;
pub(crate) mod ssh;
pub(crate) mod tls;
pub(crate) mod tls_front;
pub(crate) mod tunnel;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// The value of a variable that `tests/run.sh` sets.
///
/// # Panics
/// If it is not set: a test that cannot reach its server has failed, not passed.
pub(crate) fn from_run_sh(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run tests/run.sh"))
}

/// A listener on a loopback port that was free.
pub(crate) fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    (listener, address)
}
