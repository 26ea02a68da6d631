//! A name with two addresses, one of which is connected to and then says nothing: the other is
//! read.
//!
//! The name stands in a hosts file of the run's own. Which of the two addresses is tried first is
//! the system's choice, so that each of them is the silent one in turn.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use crate::profiles::{Profiles, program};
use crate::support::cli::{ENVPARITY, Report};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{ApiServer, Cluster};
use crate::support::redis::{Binary, RedisServer};
use crate::support::tls::Certs;
use crate::support::tls_front::TlsFront;

const NAME: &str = "two-addresses.test";
const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 3), Ipv4Addr::new(127, 0, 0, 4)];

/// Two listeners on one port: behind one is a server, behind the other nothing.
struct Pair {
    port: u16,
    _silent: TcpListener,
}

impl Pair {
    fn of(server: SocketAddr, silent: usize) -> Self {
        // A port that is free at one address may not be at the other.
        let (one, other) = (0..100)
            .find_map(|_| {
                let one = TcpListener::bind((ADDRESSES[silent], 0)).ok()?;
                let port = one.local_addr().ok()?.port();
                Some((one, TcpListener::bind((ADDRESSES[1 - silent], port)).ok()?))
            })
            .expect("loopback has a free port");
        let port = one.local_addr().expect("a bound listener has an address").port();
        thread::spawn(move || {
            for client in other.incoming().flatten() {
                thread::spawn(move || forward(&client, server));
            }
        });
        Self { port, _silent: one }
    }
}

fn forward(client: &TcpStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    let (mut back, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || io::copy(&mut back, &mut to_client));
    io::copy(&mut client.try_clone()?, &mut server.try_clone()?).map(drop)
}

/// An audit of one target, in a mount namespace in which the name has both addresses.
fn audit(collector: &str, target: &Value) -> Report {
    let mut target = target.clone();
    target["name"] = json!("x");
    let body = json!({"deadline": "30s", "targets": {collector: [target]}});
    let profiles = Profiles::new(&[("production", body)]);
    let [first, second] = ADDRESSES;
    profiles.write("hosts", &format!("{first} {NAME}\n{second} {NAME}\n127.0.0.1 localhost\n"));
    let line = format!(
        "mount --bind {} /etc/hosts && exec {ENVPARITY} audit -o json",
        profiles.path("hosts").display()
    );
    let run = program("unshare").args(["--map-root-user", "--mount", "sh", "-c"]);
    run.args([format!("{line} --profiles {}", profiles.folder().display())]).run().any_report()
}

/// Whichever of the addresses is silent; `target` makes one for a port.
fn is_read(collector: &str, server: SocketAddr, target: impl Fn(u16) -> Value) {
    for silent in [0, 1] {
        let pair = Pair::of(server, silent);
        let report = audit(collector, &target(pair.port));
        assert!(report.is_read("production", &format!("{collector}/x")), "{silent}: {report}");
    }
}

/// The server's kubeconfig, with the name in place of its address.
fn by_name(server: &ApiServer, port: u16, folder: &Path) -> Value {
    let path = server.kubeconfig().write(folder);
    let text = std::fs::read_to_string(&path).expect("a file of ours");
    let text = text
        .replace(&server.address().to_string(), &format!("{NAME}:{port}"))
        .replace("  cluster:\n", "  cluster:\n    tls-server-name: localhost\n");
    std::fs::write(&path, text).expect("our folder");
    json!({"kubeconfig": path})
}

#[test]
fn a_silent_address_of_a_name_costs_a_moment() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let cluster = ApiServer::start(Cluster::recorded());
    is_read("kubernetes", cluster.address(), |port| by_name(&cluster, port, folder.path()));

    let body = |path: &str| if path == "/info" { "{\"ID\": \"AAAA\"}" } else { "[]" }.to_owned();
    let version = r#"{"Version": "28.1.1"}"#.to_owned();
    let mut answers = vec![("/version", 200, version)];
    answers
        .extend(["/info", "/containers/json", "/images/json"].map(|path| (path, 200, body(path))));
    let engine = Hostile::start(Behaviour::HttpByPath(answers));
    is_read("docker", engine.address(), |port| json!({"host": format!("tcp://{NAME}:{port}")}));
    is_read(
        "http",
        engine.address(),
        |port| json!({"url": format!("http://{NAME}:{port}/version"), "pointer": "/Version"}),
    );

    let redis = RedisServer::start(Binary::Redis70, &[]);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, redis.port()));
    is_read("redis", address, |port| json!({"url": format!("redis://{NAME}:{port}")}));

    let certs = Certs::new();
    let front = TlsFront::start(address, &certs.server, None);
    is_read("redis", front.address(), |port| {
        json!({"url": format!("rediss://{NAME}:{port}"),
            "tls": {"ca": certs.ca, "server-name": "localhost"}})
    });
}
