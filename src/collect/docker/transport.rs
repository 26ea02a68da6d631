//! What bollard speaks to: not an engine, but the floor below that stays ours.
//!
//! bollard asks for one of four paths by GET; anything else is refused before anything is connected
//! to. The engine is asked on a connection of ours, whose answer is capped, and what is used of it
//! is answered to bollard over a connection in memory. A list is one request to the engine, and
//! several to bollard: each call has the next batch of it, and an empty one is its end.

use std::io;
use std::sync::Arc;

use bollard::BollardRequest;
use bollard::errors::Error;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Mutex;

use super::endpoint::{EngineEndpoint, Opened};
use super::fields;
use super::list::{ItemList, ItemTally, ListKind};
use crate::model::{Failure, FailureKind};

/// Bytes of `/version` and of `/info`: some 10 KiB, and what a daemon with hundreds of labels and
/// mirrors says. A list of numbers takes forty times its text once it is read.
const MAX_DOCUMENT: usize = 512 * 1024;

/// Bytes of a list as it arrives; what is held of it is less by far.
const MAX_STREAM: usize = 128 * 1024 * 1024;

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EngineQuestion {
    Version,
    Info,
    List(ListKind),
}

impl EngineQuestion {
    fn of(request: &BollardRequest) -> Result<Self, Failure> {
        let asked = request.uri().path();
        let known = [
            Self::Version,
            Self::Info,
            Self::List(ListKind::Containers),
            Self::List(ListKind::Images),
        ];
        let found = known.into_iter().find(|question| question.path() == asked);
        found.filter(|_| request.method() == Method::GET).ok_or_else(|| {
            let message = format!("envparity never asks an engine to {} {asked}", request.method());
            Failure::new(FailureKind::Unsupported, message)
        })
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Version => "/version",
            Self::Info => "/info",
            Self::List(kind) => kind.path(),
        }
    }

    /// As the engine is asked: a proxy in front of it may allow these and nothing else.
    const fn target(self) -> &'static str {
        match self {
            Self::List(ListKind::Containers) => "/containers/json?all=true",
            other => other.path(),
        }
    }
}

/// bollard's way to an engine; clones share it.
#[derive(Clone)]
pub(super) struct Transport {
    way: Arc<EngineEndpoint>,
    /// The list that is being read, if one is.
    list: Arc<Mutex<Option<OpenList>>>,
}

/// A list whose answer has begun.
struct OpenList {
    list: ItemList,
    /// `None` once the answer has ended.
    answer: Option<Opened>,
}

impl Transport {
    pub(super) fn new(way: EngineEndpoint) -> Self {
        Self { way: Arc::new(way), list: Arc::new(Mutex::new(None)) }
    }

    pub(super) fn way(&self) -> &EngineEndpoint {
        &self.way
    }

    /// What has been read of the list last asked for; the next call begins a list anew.
    pub(super) async fn take_tally(&self) -> ItemTally {
        let list = self.list.lock().await.take();
        list.map(|open| open.list.tally()).unwrap_or_default()
    }

    /// The answer to one request of bollard's.
    pub(super) fn respond(
        self,
        request: &BollardRequest,
    ) -> impl Future<Output = Result<Response<Incoming>, Error>> + Send + use<> {
        let question = EngineQuestion::of(request);
        async move {
            let answer = async { self.answer(question?).await };
            in_memory(answer.await.map_err(carry)?).await
        }
    }

    /// JSON that bollard's models can read.
    async fn answer(&self, question: EngineQuestion) -> Result<Vec<u8>, Failure> {
        let made = match question {
            EngineQuestion::Version => {
                serde_json::to_vec(&fields::version(&self.fetch(question).await?)?)
            }
            EngineQuestion::Info => {
                serde_json::to_vec(&fields::info(&self.fetch(question).await?)?)
            }
            EngineQuestion::List(kind) => return self.next_batch(question, kind).await,
        };
        Ok(made.expect("texts and numbers are always JSON"))
    }

    async fn fetch(&self, question: EngineQuestion) -> Result<Vec<u8>, Failure> {
        let mut answer = self.way.get(question.target(), MAX_DOCUMENT).await?;
        let mut body = Vec::new();
        while let Some(piece) = answer.piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    async fn next_batch(
        &self,
        question: EngineQuestion,
        kind: ListKind,
    ) -> Result<Vec<u8>, Failure> {
        let mut open = self.list.lock().await;
        // One that somebody has given up is not this one.
        if open.as_ref().is_none_or(|open| open.list.kind() != kind) {
            let answer = self.way.get(question.target(), MAX_STREAM).await?;
            *open = Some(OpenList { list: ItemList::new(kind), answer: Some(answer) });
        }
        let read = match &mut *open {
            Some(OpenList { list, answer }) => next_batch(list, answer).await,
            None => Ok(Vec::new()),
        };
        // What has failed is not read further, and what was read of it is not held.
        if read.is_err() {
            *open = None;
        }
        read
    }
}

async fn next_batch(list: &mut ItemList, answer: &mut Option<Opened>) -> Result<Vec<u8>, Failure> {
    loop {
        if let Some(batch) = list.batch()? {
            return Ok(batch);
        }
        let Some(open) = answer else { return list.finish() };
        match open.piece().await? {
            Some(piece) => list.arrive(piece),
            None => *answer = None,
        }
    }
}

/// A failure of ours on its way through bollard.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CarriedByBollard(Failure);

fn carry(failure: Failure) -> Error {
    io::Error::other(CarriedByBollard(failure)).into()
}

/// The failure that an error of bollard's stands for.
pub(super) fn failure(error: Error, path: &str) -> Failure {
    let message = format!("bollard cannot read the answer to GET {path}: {error}");
    let carried = match error {
        Error::IOError { err } => err.into_inner().and_then(|inner| inner.downcast().ok()),
        _ => None,
    };
    carried.map_or_else(
        || Failure::new(FailureKind::Protocol, message),
        |carried: Box<CarriedByBollard>| carried.0,
    )
}

/// bollard wants an answer that hyper has received: this one comes from the same process.
async fn in_memory(body: Vec<u8>) -> Result<Response<Incoming>, Error> {
    const BUFFER: usize = 16 * 1024;
    let (near, far) = duplex(BUFFER);
    let (mut sender, connection) = http1::handshake(TokioIo::new(near)).await?;
    // They end when bollard has read the answer, or drops it.
    tokio::spawn(async move {
        let (_, _) = tokio::join!(connection, serve(far, body));
    });
    let request = Request::get("/").body(Empty::<Bytes>::new())?;
    Ok(sender.send_request(request).await?)
}

/// Answers the one request that comes.
async fn serve(mut stream: DuplexStream, body: Vec<u8>) -> io::Result<()> {
    const END: &[u8] = b"\r\n\r\n";
    let mut asked = Vec::new();
    while !asked.ends_with(END) {
        if stream.read_buf(&mut asked).await? == 0 {
            return Ok(());
        }
    }
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::docker::client::EngineClient;

    #[tokio::test]
    async fn bollard_can_only_ask_what_is_allowed() {
        // Nothing listens there: what is refused by us never finds out.
        let client = EngineClient::new(EngineEndpoint::unix("/no/such/socket"));
        let docker = client.bollard();
        let failed = |error: Error| failure(error, "/x").message;
        let refused = [
            docker.start_container("x", None).await.map_err(failed).unwrap_err(),
            docker.remove_container("x", None).await.map_err(failed).unwrap_err(),
            docker.ping().await.map_err(failed).unwrap_err(),
            docker.inspect_container("x", None).await.map(drop).map_err(failed).unwrap_err(),
        ];
        for message in refused {
            assert!(message.contains("never asks an engine to"), "{message}");
        }
        assert!(client.version().await.unwrap_err().message.contains("no such socket"));
    }

    #[tokio::test]
    async fn an_answer_is_received_whole_whatever_its_size() {
        use http_body_util::BodyExt;
        for size in [0, 1, 70_000, 2_000_000] {
            let answer = in_memory(vec![b'x'; size]).await.unwrap();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body.len(), size);
        }
    }
}
