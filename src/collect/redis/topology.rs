//! Who else there is: the masters that a Sentinel knows, and the replicas that a server names.
//! Pure; opens no socket.
//!
//! Both stand in INFO: `master0:name=mymaster,status=ok,address=10.0.0.5:6379,slaves=2,sentinels=3`
//! and `slave0:ip=10.0.0.7,port=6379,state=online,offset=14,lag=1`. Servers that say `replica0:`
//! are understood, too.

use std::collections::BTreeSet;

use super::lines::lines;
use super::parse::item;
use crate::collect::texts::MAX_FACT;

/// `host:6379`, an IPv6 address in brackets.
pub(super) fn place(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// A master that a Sentinel watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Master {
    pub(super) name: String,
    /// `ok`, `sdown`, `odown`.
    pub(super) status: String,
    /// Replicas that the Sentinel knows, those among them that are down.
    pub(super) replicas: usize,
    /// `None` if what stands there is none.
    pub(super) address: Option<(String, u16)>,
}

/// The masters of a Sentinel, in its order; `None` if the text is not of one.
pub(super) fn masters(text: &str) -> Option<Vec<Master>> {
    let mut is_sentinel = false;
    let mut found = Vec::new();
    for (name, value) in lines(text) {
        is_sentinel |= name == "sentinel_masters";
        if is_numbered(name, "master") && value.contains("status=") {
            let of_a_length = |text: &&str| text.len() <= MAX_FACT;
            let said = |key| item(value, key).filter(of_a_length).unwrap_or_default().to_owned();
            let replicas = item(value, "slaves")
                .or(item(value, "replicas"))
                .and_then(|n| n.parse().ok())
                .unwrap_or(0);
            let address = split(&said("address"));
            found.push(Master { name: said("name"), status: said("status"), replicas, address });
        }
    }
    is_sentinel.then_some(found)
}

/// `10.0.0.5:6379`, `::1:6379`: the port stands behind the last colon.
fn split(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    is_host(host).then(|| (host.to_owned(), port))
}

/// A name or an address; what a server says may be anything.
pub(super) fn is_host(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:%".contains(c))
}

/// The replicas that a server names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Replicas {
    /// Host and port of each, in the server's order, without repetition.
    pub(super) addresses: Vec<(String, u16)>,
    /// Those that cannot be asked: backups and migrations read the stream, too, and tell no port.
    pub(super) unusable: Vec<String>,
    /// How many more the server says that it has. It does not name one that it has not begun to
    /// feed.
    pub(super) unnamed: u64,
}

/// What INFO says of replicas.
pub(super) fn replicas(text: &str) -> Replicas {
    let mut found = Replicas::default();
    let (mut seen, mut counted, mut named) = (BTreeSet::new(), None, 0);
    for (name, value) in lines(text) {
        if matches!(name, "connected_slaves" | "connected_replicas") {
            counted = counted.or_else(|| value.parse::<u64>().ok());
        }
        let (Some(host), true) =
            (item(value, "ip"), is_numbered(name, "slave") || is_numbered(name, "replica"))
        else {
            continue;
        };
        named += 1;
        // While Valkey copies to a replica over two connections, the replica stands there twice.
        match item(value, "port")
            .and_then(|port| port.parse().ok())
            .filter(|port| *port > 0 && is_host(host))
        {
            Some(port) if seen.insert((host, port)) => {
                found.addresses.push((host.to_owned(), port))
            }
            Some(_) => {}
            None => found.unusable.push(host.to_owned()),
        }
    }
    found.unnamed = counted.unwrap_or(0).saturating_sub(named);
    found
}

/// Whether a replica that is connected follows another history than the server that `main` is of.
/// Only Redis and Valkey are known to give the two one and the same `master_replid`.
pub(super) fn is_of_another(main: &str, replica: &str) -> bool {
    let said = |text: &str, wanted: &str| {
        lines(text)
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.to_owned())
            .filter(|value| !value.is_empty())
    };
    let is_kin = ["dragonfly_version", "mvcc_depth"]
        .iter()
        .any(|name| said(main, name).or(said(replica, name)).is_some());
    let is_connected = said(replica, "master_link_status").as_deref() == Some("up");
    match (said(main, "master_replid"), said(replica, "master_replid")) {
        (Some(main), Some(replica)) => is_connected && !is_kin && main != replica,
        _ => false,
    }
}

/// `slave0`, but neither `slave_priority` nor `slave`.
fn is_numbered(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentinel_names_its_masters() {
        let text = "# Sentinel\r\nsentinel_masters:2\r\nsentinel_tilt:0\r\n\
            master0:name=mymaster,status=ok,address=10.0.0.5:6379,slaves=2,sentinels=3\r\n\
            master1:name=other,status=odown,address=fd00::5:6380,slaves=0,sentinels=1\r\nmaster2:junk\r\n";
        let masters = masters(text).unwrap();
        assert_eq!(masters.len(), 2);
        assert_eq!((masters[0].name.as_str(), masters[0].status.as_str()), ("mymaster", "ok"));
        assert_eq!(masters[0].replicas, 2);
        assert_eq!(masters[0].address, Some(("10.0.0.5".into(), 6379)));
        assert_eq!(masters[1].address, Some(("fd00::5".into(), 6380)));
        assert_eq!(place("fd00::5", 6380), "[fd00::5]:6380");
    }

    #[test]
    fn what_is_no_sentinel_has_no_masters_and_one_that_watches_nothing_has_none() {
        assert_eq!(masters("# Server\nredis_mode:standalone\nmaster_host:a\n"), None);
        assert_eq!(masters("sentinel_masters:0\n"), Some(Vec::new()));
        let broken = "sentinel_masters:3\nmaster0:name=a,status=ok,address=:6379\nmaster1:name=b,status=ok\n\
            master2:name=c,status=ok,address=h:99999\n";
        assert!(masters(broken).unwrap().iter().all(|master| master.address.is_none()));
    }

    #[test]
    fn a_replica_of_another_master_is_told_once_it_is_connected() {
        let main = "role:master\nmaster_replid:a\n";
        let up = "role:slave\nmaster_link_status:up\nmaster_replid:";
        assert!(is_of_another(main, &format!("{up}b")));
        for same in [
            format!("{up}a"),
            up.to_owned(),
            format!("{up}b").replace("up", "down"),
            format!("mvcc_depth:0\n{up}b"),
        ] {
            assert!(!is_of_another(main, &same), "{same}");
        }
    }

    #[test]
    fn replicas_are_named_once_whatever_they_are_called() {
        let found = replicas(
            "role:master\nconnected_slaves:5\nslave0:ip=10.0.0.7,port=6379,state=online,offset=14,lag=1\n\
             slave1:ip=10.0.0.7,port=6379,state=online,offset=0,lag=0,type=rdb-channel\n\
             slave2:ip=::1,port=6380,state=wait_bgsave\nslave_priority:100\nslave3:ip=10.0.0.9,port=0,state=online\n",
        );
        assert_eq!(found.addresses, [("10.0.0.7".to_owned(), 6379), ("::1".to_owned(), 6380)]);
        assert_eq!((found.unusable, found.unnamed), (vec!["10.0.0.9".to_owned()], 1));
        let newer = replicas("connected_replicas:1\nreplica0:ip=h,port=1,state=online\n");
        assert_eq!(newer.addresses, [("h".to_owned(), 1)]);
        assert_eq!(replicas("role:master\nconnected_slaves:0\n"), Replicas::default());
        assert_eq!(replicas("\u{fffd}\u{0}garbage").addresses, []);
    }

    #[test]
    fn mutated_texts_of_sentinels_and_masters() {
        use crate::mutation::{MUTATIONS, attacks, enter, files};
        let mut seeds = files("tests/fixtures/redis", ".txt");
        seeds.extend(
            [
                "# Sentinel\r\nsentinel_masters:2\r\nmaster0:name=a,status=ok,address=10.0.0.5:6379,slaves=2,sentinels=3\r\n\
                 master1:name=b,status=odown,address=::1:0,slaves=-1\r\n",
                "# Replication\r\nrole:master\r\nconnected_slaves:2\r\nslave0:ip=10.0.0.6,port=6379,state=online,offset=1,lag=0\r\n\
                 slave1:ip=10.0.0.6,port=99999,state=wait_bgsave\r\nmaster_replid:8a\r\n",
            ]
            .map(|text| text.as_bytes().to_vec()),
        );
        let entry = |data: &[u8]| {
            let text = String::from_utf8_lossy(data);
            let is_asked = |(host, port): &(String, u16)| is_host(host) && *port > 0;
            for master in masters(&text).into_iter().flatten() {
                assert!(master.address.iter().all(is_asked), "{text:?}");
            }
            assert!(replicas(&text).addresses.iter().all(is_asked), "{text:?}");
            let _ = is_of_another(&text, &text);
        };
        enter(entry, &[seeds, attacks()].concat(), MUTATIONS);
    }
}
