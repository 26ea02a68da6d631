//! The kinds of hostile targets: each answers with what costs most where nobody counts.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine;
use crate::server::{Served, bulk, hello, info};
use crate::support::hostile::{Behaviour, Hostile};

/// A target that means harm, and its server.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) collector: &'static str,
    /// Without its name.
    pub(crate) target: Value,
    _server: Box<dyn Send>,
}

const PAGE: usize = 7 << 20;

/// All kinds; kubeconfigs go into `folder`.
pub(crate) fn kinds(folder: &Path) -> Vec<Kind> {
    [redis(), http(), docker(), kubernetes(folder)].into_iter().flatten().collect()
}

fn of_redis(name: &'static str, replies: Vec<Vec<u8>>) -> Kind {
    let server = Served::redis(replies);
    let target = json!({"url": server.redis_url()});
    Kind { name, collector: "redis", target, _server: Box::new(server) }
}

fn of_info(name: &'static str, text: &str) -> Kind {
    of_redis(name, vec![hello(), bulk(text)])
}

fn misbehaving(name: &'static str, collector: &'static str, behaviour: Behaviour) -> Kind {
    let server = Hostile::start(behaviour);
    let address = server.address();
    let target = match collector {
        "redis" => json!({"url": format!("redis://{address}")}),
        "docker" => json!({"host": format!("tcp://{address}")}),
        _ => json!({"url": format!("http://{address}/version"), "pointer": "/version"}),
    };
    Kind { name, collector, target, _server: Box::new(server) }
}

fn redis() -> Vec<Kind> {
    let lines = |count: usize, line: fn(usize) -> String| (0..count).map(line).collect::<String>();
    let trickle = Behaviour::Trickle { bytes: hello(), every: Duration::from_millis(200) };
    let tls = Hostile::start(Behaviour::Silent);
    let over_tls = json!({"url": format!("rediss://{}", tls.address())});
    let deep = "*1\r\n".repeat(1 << 20);
    vec![
        misbehaving("silent", "redis", Behaviour::Silent),
        misbehaving("closes at once", "redis", Behaviour::ClosesAtOnce),
        misbehaving("garbage", "redis", Behaviour::Garbage),
        misbehaving("a text of 512 MiB", "redis", Behaviour::EndlessBulk),
        misbehaving("a byte from time to time", "redis", trickle),
        Kind {
            name: "silent, over TLS",
            collector: "redis",
            target: over_tls,
            _server: Box::new(tls),
        },
        of_redis(
            "nulls of 4 MiB",
            vec![format!("*1300000\r\n{}", "_\r\n".repeat(1_300_000)).into()],
        ),
        of_redis("an array of 2^31 announced", vec![b"*2147483647\r\n".to_vec()]),
        of_redis("arrays in arrays", vec![deep.into()]),
        of_redis("pushes without end", vec![">1\r\n+x\r\n".repeat(500_000).into()]),
        of_redis("an error of 3 MiB", vec![format!("-ERR {}\r\n", "x".repeat(3 << 20)).into()]),
        of_info(
            "150,000 modules",
            &info(&lines(150_000, |n| format!("module:name=m{n},ver=1\r\n"))),
        ),
        of_info("150,000 versions", &info(&lines(150_000, |n| format!("x{n}_version:{n}\r\n")))),
        of_info(
            "150,000 numbers",
            &info(&lines(150_000, |n| format!("cmdstat_{n}:calls={n}\r\n"))),
        ),
        of_info(
            "a version of 3 MB",
            &info(&format!("valkey_version:{}\r\n", "1.".repeat(1_500_000))),
        ),
        of_info(
            "one line of 300,000 items",
            &info(&format!("db0:{}\r\n", lines(300_000, |n| format!("k{n}=1,")))),
        ),
    ]
}

fn http() -> Vec<Kind> {
    let of = |name, body: String| {
        let server = Served::http(move |_, _| body.clone().into_bytes());
        let url = format!("http://{}/version", server.address());
        let target = json!({"url": url, "pointer": "/version"});
        Kind { name, collector: "http", target, _server: Box::new(server) }
    };
    vec![
        misbehaving("a service that is silent", "http", Behaviour::Silent),
        misbehaving("a service that never ends", "http", Behaviour::EndlessHttpBody),
        of("a service that says a million nulls", format!("[0{}]", ",0".repeat(500_000))),
        of("a service that says empty lists", format!("[[]{}]", ",[]".repeat(340_000))),
        of("a service that nests without end", "[".repeat(1_000_000)),
        of(
            "a service with a version of 1 MB",
            json!({"version": "1".repeat(1_000_000)}).to_string(),
        ),
    ]
}

fn docker() -> Vec<Kind> {
    let headers = Served::each(|mut stream: TcpStream| {
        _ = stream.read(&mut [0; 4096]);
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(format!("x: {}\r\n", "y".repeat(8_000)).as_bytes()).is_ok() {}
    });
    let host = format!("tcp://{}", headers.address());
    let lists = engine::hostile().into_iter().map(|(name, server)| {
        let target = json!({"host": format!("tcp://{}", server.address())});
        Kind { name, collector: "docker", target, _server: Box::new(server) }
    });
    let mut kinds = vec![
        misbehaving("an engine that is silent", "docker", Behaviour::Silent),
        misbehaving("an engine that never ends", "docker", Behaviour::EndlessHttpBody),
        Kind {
            name: "an engine whose headers never end",
            collector: "docker",
            target: json!({"host": host}),
            _server: Box::new(headers),
        },
    ];
    kinds.extend(lists);
    kinds
}

/// A page of a list, with the token of the next.
pub(crate) fn page(kind: &str, next: &str, items: &str) -> Vec<u8> {
    format!(
        r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"continue":"{next}"}},"items":[{items}]}}"#
    )
    .into()
}

/// As many of an item as fit into a page.
fn full(item: &str) -> String {
    let mut items = item.to_owned();
    while items.len() < PAGE {
        items.push(',');
        items.push_str(item);
    }
    items
}

/// Pods that differ, each with texts as long as they may be.
fn long_pods(nth: usize) -> String {
    let mut items = String::new();
    for pod in 0.. {
        if items.len() > PAGE {
            break;
        }
        let comma = if items.is_empty() { "" } else { "," };
        let (name, text) = (format!("{nth}-{pod}-{}", "n".repeat(200)), "x".repeat(1_000));
        write!(
            items,
            r#"{comma}{{"metadata":{{"name":"{name}","namespace":"default"}},"spec":{{"containers":[{{"name":"a","image":"{text}"}}]}},"status":{{"phase":"Running","containerStatuses":[{{"name":"a","imageID":"{text}","containerID":"{text}://1","state":{{"running":{{}}}}}}]}}}}"#
        )
        .expect("to memory");
    }
    items
}

fn kubernetes(folder: &Path) -> Vec<Kind> {
    const POD: &str = r#"{"metadata":{"name":"a","namespace":"b"},"spec":{"containers":[]}}"#;
    let of = |name: &'static str, pods: fn(usize) -> Vec<u8>| {
        cluster(name, folder, move |_, nth| pods(nth))
    };
    let version =
        Served::http(|_, _| json!({"gitVersion": "1".repeat(3_000_000)}).to_string().into());
    let nodes = Served::http(|path, nth| match path {
        _ if path.contains("/nodes") => page("Node", &nth.to_string(), &long_nodes(nth)),
        _ => br#"{"gitVersion":"v1.30.1","metadata":{"uid":"1"}}"#.to_vec(),
    });
    vec![
        of("a cluster of pages of 0", |nth| page("Pod", &nth.to_string(), &full("0"))),
        of("a cluster of pages of {}", |nth| page("Pod", &nth.to_string(), &full("{}"))),
        of("a cluster of tiny pods", |nth| page("Pod", &nth.to_string(), &full(POD))),
        of("a cluster of empty pages", |nth| page("Pod", &nth.to_string(), "")),
        of("a cluster of long tokens", |nth| {
            page("Pod", &format!("{nth}{}", "t".repeat(4_000)), "")
        }),
        of("a cluster with a token of 1 MB", |_| page("Pod", &"t".repeat(1_000_000), "")),
        of("a cluster of long texts", |nth| page("Pod", &nth.to_string(), &long_pods(nth))),
        of("a cluster with a pod of 400,000 containers", |nth| {
            let pod = r#"{"metadata":{"name":"a","namespace":"b"},"spec":{"containers":["#;
            page("Pod", &nth.to_string(), &format!("{pod}{}]}}}}", full(r#"{"name":"c"}"#)))
        }),
        of("a cluster with a pod of 400,000 states", |nth| {
            let pod = r#"{"metadata":{"name":"a","namespace":"b"},"spec":{"containers":[]},"status":{"containerStatuses":["#;
            page("Pod", &nth.to_string(), &format!("{pod}{}]}}}}", full(r#"{"name":"c"}"#)))
        }),
        kubernetes_at("a cluster with a version of 3 MB", version, folder),
        kubernetes_at("a cluster of long nodes", nodes, folder),
    ]
}

const NODE: &str = r#"{"metadata":{"name":"n"},"status":{"nodeInfo":{"kubeletVersion":"v1.30.1","containerRuntimeVersion":"containerd://1.7.1","kernelVersion":"6.1.0","osImage":"Debian","architecture":"amd64"},"conditions":[{"type":"Ready","status":"True"}]}}"#;

/// A cluster that is well but for its pods: the page for each path.
pub(crate) fn cluster(
    name: &'static str,
    folder: &Path,
    pods: impl Fn(&str, usize) -> Vec<u8> + Send + Sync + 'static,
) -> Kind {
    let server = Served::http(move |path, nth| match path {
        _ if path.contains("/pods") => pods(path, nth),
        _ if path.contains("/nodes") => page("Node", "", NODE),
        _ if path.starts_with("/version") => br#"{"gitVersion":"v1.30.1"}"#.to_vec(),
        _ if path.contains("/kube-system") => {
            br#"{"metadata":{"name":"kube-system","uid":"1-2-3"}}"#.to_vec()
        }
        _ if path.contains("/daemonsets") => page("DaemonSet", "", ""),
        _ if path.contains("/statefulsets") => page("StatefulSet", "", ""),
        _ if path.contains("/cronjobs") => page("CronJob", "", ""),
        _ => page("Deployment", "", ""),
    });
    kubernetes_at(name, server, folder)
}

fn long_nodes(nth: usize) -> String {
    let mut items = String::new();
    for node in 0.. {
        if items.len() > PAGE {
            break;
        }
        let comma = if items.is_empty() { "" } else { "," };
        let (name, text) = (format!("{nth}-{node}-{}", "n".repeat(200)), "x".repeat(250));
        write!(
            items,
            r#"{comma}{{"metadata":{{"name":"{name}"}},"status":{{"nodeInfo":{{"kubeletVersion":"{text}","kernelVersion":"{text}","osImage":"{text}"}}}}}}"#
        )
        .expect("to memory");
    }
    items
}

fn kubernetes_at(name: &'static str, server: Served, folder: &Path) -> Kind {
    let path = folder.join(format!("{}.yaml", server.address().port()));
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{}", server.address())}}],
        "users": [{"name": "u", "user": {}}],
    });
    std::fs::write(&path, config.to_string()).expect("write into a directory of ours");
    let target = json!({"kubeconfig": path});
    Kind { name, collector: "kubernetes", target, _server: Box::new(server) }
}
