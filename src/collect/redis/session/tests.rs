//! Tests of a session: answers that are errors, and mutated ones.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::mutation::{MUTATIONS, attacks, enter};

/// Says one part behind what it hears first, and all that is left behind the next, or where
/// nothing more is asked for so long.
async fn server(mut stream: DuplexStream, first: &[u8], rest: &[u8], patience: Duration) {
    let mut heard = [0; 512];
    for part in [first, rest] {
        let asked = stream.read(&mut heard);
        let _ = tokio::time::timeout(patience, asked).await;
        let _ = stream.write_all(part).await;
    }
}

/// What a server that answers so, whatever it is asked, is taken to say.
fn asked(answer: &[u8], patience: Duration) -> Result<Vec<u8>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    // The answer to HELLO, up to that of INFO.
    let begins = |pair: &[u8]| pair[0] == b'\n' && b"$=|-!_(,#>*".contains(&pair[1]);
    let end = answer.windows(2).rposition(begins).map_or(0, |place| place + 1);
    let (first, rest) = answer.split_at(end);
    let access = RedisAccess::new(None, None, None, Path::new("."));
    let session = async {
        let opened = access.open_over(Box::new(ours), None, ProtocolVersion::RESP3, None);
        let mut session = match opened.await {
            Ok(session) => session,
            Err(SessionError::NoHello) => return Err("no HELLO".to_owned()),
            Err(SessionError::Failed(failure)) => return Err(failure.message),
        };
        session.info(None).await.map_err(|unanswered| unanswered.failure.message)
    };
    runtime.block_on(async {
        let session = tokio::time::timeout(Duration::from_secs(20), session);
        let (answer, ()) = tokio::join!(session, server(theirs, first, rest, patience));
        answer.expect("no answer that ends is waited for")
    })
}

#[test]
fn mutated_answers_to_hello_and_info() {
    let hello = "%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n+modules\r\n*0\r\n";
    let whole = format!("{hello}$9\r\nversion:7\r\n");
    // On a busy machine the client asks late, and here it does ask.
    let told = asked(whole.as_bytes(), Duration::from_secs(10));
    assert_eq!(told.as_deref(), Ok(&b"version:7"[..]));
    let seeds = [
        "$9\r\nversion:7\r\n",
        "=13\r\ntxt:version:7\r\n\r\n",
        "|1\r\n+a\r\n:1\r\n$9\r\nversion:7\r\n",
        "-NOPERM no\r\n",
        "-LOADING\r\n",
        "!7\r\nERR no.\r\n",
        "_\r\n",
        "(3492890328409238509324850943850943825024385\r\n",
        ",1e999\r\n",
        "#t\r\n",
        ">2\r\n+invalidate\r\n_\r\n$1\r\na\r\n",
        "*-1\r\n",
        "$?\r\n;2\r\nab\r\n;0\r\n",
    ];
    let seeds: Vec<Vec<u8>> =
        seeds.iter().map(|answer| format!("{hello}{answer}").into_bytes()).collect();
    let entry = |data: &[u8]| {
        if let Err(message) = asked(data, Duration::from_millis(5)) {
            assert!(!message.is_empty());
        }
    };
    enter(entry, &[seeds, attacks()].concat(), MUTATIONS);
}
