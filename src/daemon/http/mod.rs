//! The endpoints: GET and HEAD of a few paths over HTTP/1.1, one request a connection.
//!
//! A client has five seconds for its request's head and thirty for all; what it sends as a body is
//! not read. 32 connections are served at once, others wait. TLS is the matter of what stands in
//! front.

mod guard;
mod router;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub(super) use guard::ServeGuard;
pub(super) use router::Site;

/// A request's head must be there by then.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// And the answer taken by then.
const CONNECTION_TIME: Duration = Duration::from_secs(30);

/// Connections at once.
const CONNECTIONS: usize = 32;

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;

/// When the system gives no connection (too many open files), it is asked again after this.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until it is dropped.
pub(super) async fn serve_pages(listener: TcpListener, site: Arc<Site>) {
    let turns = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // It is never closed.
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let site = Arc::clone(&site);
        connections.spawn(async move {
            let _turn = turn;
            // What becomes of one connection is its client's matter.
            let _ = timeout(CONNECTION_TIME, answer_one(stream, site)).await;
        });
    }
}

async fn answer_one(stream: TcpStream, site: Arc<Site>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let site = Arc::clone(&site);
        async move { Ok::<Response<Full<Bytes>>, Infallible>(site.answer(&request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}
