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

use crate::profiles::{Profiles, program, text};
use crate::support::cli::{ENVPARITY, Report};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{ApiServer, Cluster, Transport};
use crate::support::redis::{Binary, RedisServer};
use crate::support::tls::Certs;
use crate::support::tls_front::TlsFront;
use crate::support::tunnel::Tunnel;

const NAME: &str = "two-addresses.test";
const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 3), Ipv4Addr::new(127, 0, 0, 4)];

/// Two listeners on one port: behind one is a server, behind the other one that does not answer.
struct Pair {
    port: u16,
    _silent: TcpListener,
}

impl Pair {
    /// The address of the index `silent` accepts connections and says nothing, or whatever the
    /// server `unanswering` says.
    fn of(server: SocketAddr, silent: usize, unanswering: Option<SocketAddr>) -> Self {
        // A port that is free at one address may not be at the other.
        let (one, other) = (0..100)
            .find_map(|_| {
                let one = TcpListener::bind((ADDRESSES[silent], 0)).ok()?;
                let port = one.local_addr().ok()?.port();
                Some((one, TcpListener::bind((ADDRESSES[1 - silent], port)).ok()?))
            })
            .expect("loopback has a free port");
        let port = one.local_addr().expect("a bound listener has an address").port();
        forward_all(other, server);
        if let Some(unanswering) = unanswering {
            forward_all(one.try_clone().expect("duplicate a listener"), unanswering);
        }
        Self { port, _silent: one }
    }
}

fn forward_all(listener: TcpListener, server: SocketAddr) {
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || forward(&client, server));
        }
    });
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
    audit_of(&Profiles::new(&[("production", body)]))
}

fn audit_of(profiles: &Profiles) -> Report {
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
    is_read_beside(None, collector, server, target);
}

/// The same, where the silent address leads to a server.
fn is_read_beside(
    unanswering: Option<SocketAddr>,
    collector: &str,
    server: SocketAddr,
    target: impl Fn(u16) -> Value,
) {
    for silent in [0, 1] {
        let pair = Pair::of(server, silent, unanswering);
        let target = target(pair.port);
        let report = audit(collector, &target);
        let is_read = report.is_read("production", &format!("{collector}/x"));
        assert!(is_read, "{silent} {target}: {report}");
    }
}

/// The server's kubeconfig, with the name in place of its address.
fn by_name(server: &ApiServer, port: u16, folder: &Path) -> Value {
    named(&server.kubeconfig().write(folder), &server.address().to_string(), port)
}

/// A kubeconfig of which one address is replaced by the name.
fn named(path: &Path, address: &str, port: u16) -> Value {
    let text = std::fs::read_to_string(path).expect("a file of ours");
    let text = text
        .replace(address, &format!("{NAME}:{port}"))
        .replace("  cluster:\n", "  cluster:\n    tls-server-name: localhost\n");
    std::fs::write(path, text).expect("our folder");
    json!({"kubeconfig": path})
}

fn engine() -> Hostile {
    let body = |path: &str| if path == "/info" { "{\"ID\": \"AAAA\"}" } else { "[]" }.to_owned();
    let version = r#"{"Version": "28.1.1"}"#.to_owned();
    let mut answers = vec![("/version", 200, version)];
    answers
        .extend(["/info", "/containers/json", "/images/json"].map(|path| (path, 200, body(path))));
    Hostile::start(Behaviour::HttpByPath(answers))
}

fn redis_address(redis: &RedisServer) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, redis.port()))
}

#[test]
fn a_silent_address_of_a_name_costs_a_moment() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let cluster = ApiServer::start(Cluster::recorded());
    is_read("kubernetes", cluster.address(), |port| by_name(&cluster, port, folder.path()));
    let plain = ApiServer::start_over(Transport::Plain, Cluster::recorded());
    is_read("kubernetes", plain.address(), |port| by_name(&plain, port, folder.path()));

    let engine = engine();
    is_read("docker", engine.address(), |port| json!({"host": format!("tcp://{NAME}:{port}")}));
    is_read(
        "http",
        engine.address(),
        |port| json!({"url": format!("http://{NAME}:{port}/version"), "pointer": "/Version"}),
    );

    let redis = RedisServer::start(Binary::Redis70, &[]);
    let address = redis_address(&redis);
    is_read("redis", address, |port| json!({"url": format!("redis://{NAME}:{port}")}));

    let certs = Certs::new();
    let front = TlsFront::start(address, &certs.server, None);
    is_read("redis", front.address(), |port| over_tls("redis", port, &certs));
}

/// A target by the name whose server shows a certificate of these.
fn over_tls(collector: &str, port: u16, certs: &Certs) -> Value {
    let mut target = match collector {
        "redis" => json!({"url": format!("rediss://{NAME}:{port}")}),
        "docker" => json!({"host": format!("tcp://{NAME}:{port}")}),
        _ => json!({"url": format!("https://{NAME}:{port}/version"), "pointer": "/Version"}),
    };
    target["tls"] = json!({"ca": certs.ca, "server-name": "localhost"});
    target
}

/// A server that shakes hands has not answered yet.
#[test]
fn an_address_that_speaks_tls_and_nothing_else_costs_a_moment() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let nobody = Hostile::start(Behaviour::Silent);
    let cluster = ApiServer::start(Cluster::recorded());
    let silent = TlsFront::start(nobody.address(), &cluster.certs().server, None);
    let silent = Some(silent.address());
    is_read_beside(silent, "kubernetes", cluster.address(), |port| {
        by_name(&cluster, port, folder.path())
    });

    let certs = Certs::new();
    let silent = TlsFront::start(nobody.address(), &certs.server, None);
    let (redis, engine) = (RedisServer::start(Binary::Redis70, &[]), engine());
    for (collector, server) in
        [("redis", redis_address(&redis)), ("docker", engine.address()), ("http", engine.address())]
    {
        let front = TlsFront::start(server, &certs.server, None);
        is_read_beside(Some(silent.address()), collector, front.address(), |port| {
            over_tls(collector, port, &certs)
        });
    }
}

/// To the cluster behind it there is one way by each address of the proxy.
#[test]
fn a_silent_address_of_a_proxy_costs_a_moment() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for transport in [Transport::Https, Transport::Plain] {
        let cluster = ApiServer::start_over(transport, Cluster::recorded());
        let proxy = Tunnel::start();
        let at = proxy.url().trim_start_matches("http://").to_owned();
        let by_proxy = |scheme: &str, port: u16| {
            let file = cluster.kubeconfig().proxy(&format!("{scheme}://{at}"));
            named(&file.write(folder.path()), &at, port)
        };
        let address = at.parse().expect("an address");
        is_read("kubernetes", address, |port| by_proxy("http", port));
        assert!(proxy.opened() > 0, "the proxy was not used");
        if transport == Transport::Plain {
            // Its kubeconfig trusts nobody.
            continue;
        }
        // A proxy that accepts the connection, and one that speaks TLS besides.
        let nobody = Hostile::start(Behaviour::Silent);
        let before = proxy.opened();
        let front = TlsFront::start(address, &cluster.certs().server, None);
        let silent = TlsFront::start(nobody.address(), &cluster.certs().server, None);
        is_read("kubernetes", front.address(), |port| by_proxy("https", port));
        is_read_beside(Some(silent.address()), "kubernetes", front.address(), |port| {
            by_proxy("https", port)
        });
        assert!(proxy.opened() > before, "the proxy was not used");
    }
}

/// A Prometheus that is asked for the load of a Redis.
#[test]
fn a_silent_address_of_a_prometheus_costs_a_moment() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let nothing = r#"{"status": "success", "data": {"resultType": "matrix", "result": []}}"#;
    let kept = Hostile::start(Behaviour::HttpStatus(200, nothing.to_owned()));
    for silent in [0, 1] {
        let pair = Pair::of(kept.address(), silent, None);
        let load = json!({"prometheus": {
            "url": format!("http://{NAME}:{}", pair.port), "match": {"job": "redis"},
            "deadline": "30s"}});
        let target = json!({"name": "x", "url": redis.url(), "load": load});
        let body = json!({"deadline": "30s", "targets": {"redis": [target]}});
        let other = json!({"targets": {"redis": [{"name": "x", "url": redis.url()}]}});
        let profiles = Profiles::new(&[("qualif", body), ("production", other)]);
        let report = audit_of(&profiles);
        let failed = &report["run"]["load"][0]["failed"][0]["failure"];
        assert_eq!(text(&failed["kind"]), "nothing-selected", "{silent}: {report}");
    }
}
