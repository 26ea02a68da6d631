//! The support itself, as far as it needs no server of `tests/run.sh`: a witness that does not see,
//! or a hostile server that is kind, would let other tests pass for nothing.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::{Duration, Instant};

use support::cli::slowness::{scaled, wait_until};
use support::hostile::{Behaviour, Hostile};
use support::proxy::{NOT_UNDERSTOOD, RecordingProxy, http_requests, redis_commands};

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("connect");
    stream.set_read_timeout(Some(scaled(Duration::from_secs(10)))).expect("set a timeout");
    stream
}

/// What the server says to `request` until it closes.
fn ask(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    stream.write_all(request).expect("send");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("read to the end");
    answer
}

/// Sends `request` and reads one answer of a known length.
fn exchange(stream: &mut TcpStream, request: &[u8], answer: &[u8]) {
    stream.write_all(request).expect("send");
    let mut buffer = vec![0; answer.len()];
    stream.read_exact(&mut buffer).expect("read the answer");
    assert_eq!(String::from_utf8_lossy(&buffer), String::from_utf8_lossy(answer));
}

const PING: &[u8] = b"*1\r\n$4\r\nping\r\n";
const INFO: &[u8] = b"*2\r\n$4\r\nINFO\r\n$10\r\neverything\r\n";

#[test]
fn the_proxy_forwards_both_ways_and_records_every_connection() {
    let redis =
        Hostile::start(Behaviour::Script(vec![b"+PONG\r\n".to_vec(), b"$2\r\nok\r\n".to_vec()]));
    let proxy = RecordingProxy::tcp_to(redis.address());
    let mut first = connect(proxy.address());
    exchange(&mut first, PING, b"+PONG\r\n");
    exchange(&mut first, INFO, b"$2\r\nok\r\n");
    exchange(&mut connect(proxy.address()), PING, b"+PONG\r\n");
    assert_eq!(proxy.redis_commands(), ["PING", "INFO", "PING"]);
    assert_eq!(redis.received(), 2 * PING.len() + INFO.len());
}

#[test]
fn the_proxy_reaches_a_unix_socket_and_passes_on_the_end_of_a_stream() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("docker.sock");
    let listener = UnixListener::bind(&path).expect("bind");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("accept");
        let mut asked = String::new();
        // returns only if the client's end of stream arrives
        stream.read_to_string(&mut asked).expect("read");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("write");
        asked
    });
    let proxy = RecordingProxy::tcp_to_unix(&path);
    let mut client = connect(proxy.address());
    client.write_all(b"GET /version HTTP/1.1\r\nHost: docker\r\n\r\n").expect("send");
    client.shutdown(Shutdown::Write).expect("end the stream");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("read to the end");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(server.join().expect("the server ends").starts_with("GET /version"));
    assert_eq!(proxy.http_requests(), ["GET /version"]);
}

#[test]
fn the_proxy_closes_when_nothing_is_behind_it_or_it_is_dropped() {
    let refusing = Hostile::start(Behaviour::Refuses);
    let proxy = RecordingProxy::tcp_to(refusing.address());
    assert!(matches!(connect(proxy.address()).read(&mut [0]), Ok(0) | Err(_)));

    let silent = Hostile::start(Behaviour::Silent);
    let proxy = RecordingProxy::tcp_to(silent.address());
    let mut client = connect(proxy.address());
    client.write_all(PING).expect("send");
    wait_until("all has arrived", || silent.received() > 0);
    drop(proxy);
    assert!(matches!(client.read(&mut [0]), Ok(0)));
}

#[test]
fn redis_commands_are_named_and_nothing_is_overlooked() {
    let hello =
        b"*7\r\n$5\r\nHello\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n$7\r\nSETNAME\r\n$5\r\n*1\r\n$\r\n";
    assert_eq!(
        redis_commands(&[hello, PING, b"info server\r\n"].concat()),
        ["HELLO", "PING", "INFO"]
    );
    assert_eq!(redis_commands(&[PING, &INFO[..20]].concat()), ["PING", NOT_UNDERSTOOD]);
    assert_eq!(redis_commands(b"\x16\x03\x01\x00\xff\r\n"), [NOT_UNDERSTOOD]);
    assert!(redis_commands(b"").is_empty());
}

#[test]
fn http_requests_are_found_behind_bodies_and_nothing_is_overlooked() {
    let get = b"GET /v1.41/containers/json?all=true HTTP/1.1\r\nHost: docker\r\n\r\n";
    let post = b"POST /build HTTP/1.1\r\nContent-Length: 14\r\n\r\nGET / HTTP/1.1";
    let chunked =
        b"PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nab\r\nc\r\n0\r\n\r\n";
    assert_eq!(
        http_requests(&[&get[..], post, chunked, get].concat()),
        [
            "GET /v1.41/containers/json?all=true",
            "POST /build",
            "PUT /x",
            "GET /v1.41/containers/json?all=true"
        ]
    );
    assert_eq!(http_requests(&get[..30]), [NOT_UNDERSTOOD]);
    assert_eq!(http_requests(PING), [NOT_UNDERSTOOD]);
}

#[test]
fn silence_and_refusal() {
    let silent = Hostile::start(Behaviour::Silent);
    let mut client = connect(silent.address());
    client.write_all(PING).expect("send");
    wait_until("all has arrived", || silent.received() == PING.len());
    client.set_read_timeout(Some(Duration::from_millis(50))).expect("set a timeout");
    let error = client.read(&mut [0]).expect_err("no answer");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert_eq!(silent.accepted(), 1);

    let refusing = Hostile::start(Behaviour::Refuses);
    let error = TcpStream::connect(refusing.address()).expect_err("nothing listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(refusing.accepted(), 0);
}

#[test]
fn answers_that_end_early() {
    assert!(matches!(
        connect(Hostile::start(Behaviour::ClosesAtOnce).address()).read(&mut [0]),
        Ok(0) | Err(_)
    ));

    let garbage = ask(Hostile::start(Behaviour::Garbage).address(), PING);
    assert_eq!(garbage.len(), 4096);
    assert!(str::from_utf8(&garbage).is_err());

    let cut = Hostile::start(Behaviour::CutAfter(b"$1000\r\nredis_ver".to_vec()));
    assert_eq!(ask(cut.address(), INFO), b"$1000\r\nredis_ver");

    let scripted = Hostile::start(Behaviour::ScriptThenClose(vec![
        b"+PONG\r\n".to_vec(),
        b"$9\r\nok".to_vec(),
    ]));
    let mut client = connect(scripted.address());
    exchange(&mut client, PING, b"+PONG\r\n");
    exchange(&mut client, INFO, b"$9\r\nok");
    assert!(matches!(client.read(&mut [0]), Ok(0)));

    let every = Duration::from_millis(10);
    let trickle = Hostile::start(Behaviour::Trickle { bytes: b"+PONG\r\n".to_vec(), every });
    let start = Instant::now();
    assert_eq!(ask(trickle.address(), PING), b"+PONG\r\n");
    assert!(start.elapsed() >= every * 7);
}

#[test]
fn answers_without_end() {
    const ENOUGH: usize = 3 * 1024 * 1024;
    for (behaviour, beginning) in [
        (Behaviour::EndlessBulk, "$536870912\r\nxxx"),
        (Behaviour::EndlessHttpBody, "HTTP/1.1 200 OK\r\n"),
    ] {
        let server = Hostile::start(behaviour);
        let mut client = connect(server.address());
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("send");
        let mut answer = vec![0; ENOUGH];
        client.read_exact(&mut answer).expect("as much as one likes");
        assert!(answer.starts_with(beginning.as_bytes()));
        // must not wait for a client that no longer reads
        drop(server);
    }
}

#[test]
fn answers_over_http() {
    let get: &[u8] = b"GET /v1.41/info HTTP/1.1\r\nHost: docker\r\n\r\n";
    let server = Hostile::start(Behaviour::HttpStatus(500, r#"{"message":"no"}"#.to_owned()));
    let expected = "HTTP/1.1 500 Hostile\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"message\":\"no\"}";
    let mut client = connect(server.address());
    for _ in 0..2 {
        exchange(&mut client, get, expected.as_bytes());
    }

    let by_path = vec![("/v1.41/info", 200, "{}".to_owned())];
    let server = Hostile::start(Behaviour::HttpByPath(by_path));
    exchange(
        &mut connect(server.address()),
        b"GET /v1.41/info?all=1 HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 ",
    );

    let server = Hostile::start(Behaviour::Redirect("http://127.0.0.1:1/".to_owned()));
    let expected =
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    exchange(&mut connect(server.address()), get, expected);
}
