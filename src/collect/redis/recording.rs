//! A file in which the INFO of several servers stands, one behind the other. Pure.
//!
//! A loop over hosts and `redis-cli --cluster call HOST INFO` write such files. Each text belongs
//! to the server that is named in front of it; where none is, nobody can say whose it is, and the
//! file is refused: the first alone is never taken for all.

use std::collections::BTreeSet;

use super::lines::{FIELDS, is_version_line, lines};
use super::topology::{is_host, place};
use crate::model::{Failure, FailureKind};

/// The INFO of one server.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::collect) struct Recording {
    /// `host:6379`, or `host` alone, as it is named in front.
    pub(in crate::collect) place: String,
    /// The text, or why there is none.
    pub(in crate::collect) text: Result<String, Failure>,
}

/// The servers of a file that holds several; empty if it holds the INFO of one.
///
/// # Errors
/// If it holds several, and does not say whose each of them is.
pub(in crate::collect) fn several(text: &str) -> Result<Vec<Recording>, Failure> {
    let found = chunks(text);
    let texts = found.iter().filter(|chunk| chunk.has_info).count();
    if texts < 2 && found.len() < 2 {
        return if is_twice(text) { Err(unnamed(2)) } else { Ok(Vec::new()) };
    }
    if found.iter().any(|chunk| is_twice(&chunk.text)) {
        return Err(unnamed(texts + 1));
    }
    let mut seen = BTreeSet::new();
    let mut recordings = Vec::new();
    for chunk in found {
        let Some(place) = chunk.place else { return Err(unnamed(texts)) };
        if !seen.insert(place.clone()) {
            let message = format!("the INFO of {place} stands twice in the file");
            return Err(Failure::new(FailureKind::File, message)
                .with_advice("keep the newer one, or record the file again by > and not by >>"));
        }
        let nothing = || {
            let message = format!("the file names {place}, but holds no INFO from it");
            let said = chunk.text.lines().map(str::trim).find(|line| !line.is_empty());
            let said = said.map(|line| line.chars().take(120).collect::<String>());
            let message = said.map_or(message.clone(), |said| format!("{message}, but {said:?}"));
            Failure::new(FailureKind::File, message).with_advice("record it again")
        };
        let text = if chunk.has_info { Ok(chunk.text) } else { Err(nothing()) };
        recordings.push(Recording { place, text });
    }
    Ok(recordings)
}

fn unnamed(texts: usize) -> Failure {
    let message = format!(
        "the file holds {texts} INFO texts, and not all of them have a host:port line in front"
    );
    Failure::new(FailureKind::File, message).with_advice(
        "record each server into a file of its own, a target for each; or write its address in \
         front, as in: for h in a b; do echo $h:6379; redis-cli -h $h INFO everything; done",
    )
}

/// Whether one text says twice, and differently, who it is of or what it runs: two INFO texts
/// without headings.
fn is_twice(text: &str) -> bool {
    ["run_id", "redis_version", "valkey_version", "tcp_port", "process_id"].iter().any(|wanted| {
        let values: BTreeSet<&str> =
            lines(text).filter(|(name, _)| name == wanted).map(|(_, value)| value).collect();
        values.len() > 1
    })
}

/// What stands between two marks of a beginning.
#[derive(Default)]
struct Chunk {
    place: Option<String>,
    text: String,
    has_info: bool,
}

/// A text begins at the heading `# Server`; a line in front of it that names a host, or the same
/// line, is its server's.
fn chunks(text: &str) -> Vec<Chunk> {
    let mut found: Vec<Chunk> = Vec::new();
    let mut current = Chunk::default();
    let mut rest = text.lines();
    while let Some(line) = rest.next() {
        let next = || rest.clone().find(|line| !line.trim().is_empty()).is_some_and(begins_info);
        let (place, line) = match named(line) {
            Introduced::Reply(place, reply) => (Some(place), reply),
            Introduced::Address(place) if is_ip(&place) || next() => (Some(place), ""),
            Introduced::Word(place) if next() => (Some(place), ""),
            _ => (None, line),
        };
        if place.is_some() || is_server_heading(line) && current.has_info {
            let ended = std::mem::replace(&mut current, Chunk { place, ..Chunk::default() });
            if ended.has_info || ended.place.is_some() {
                found.push(ended);
            }
        }
        current.has_info |= begins_info(line);
        current.text.push_str(line);
        current.text.push('\n');
    }
    if current.has_info || current.place.is_some() {
        found.push(current);
    }
    found
}

fn begins_info(line: &str) -> bool {
    is_server_heading(line) || is_version_line(line)
}

fn is_server_heading(line: &str) -> bool {
    line.trim().eq_ignore_ascii_case("# Server")
}

/// What a line says of whose the next one is.
enum Introduced<'a> {
    /// `10.0.0.1:6379: # Server`, `10.0.0.1:6379: (error) NOAUTH …` of redis-cli, taken apart.
    Reply(String, &'a str),
    /// `10.0.0.1:6379`, `10.0.0.1:6379> INFO` of a session.
    Address(String),
    /// `== cache-0 ==` of a loop; may be any word.
    Word(String),
    Nothing,
}

fn named(line: &str) -> Introduced<'_> {
    let whole = line.trim();
    if let Some((front, reply)) = whole.split_once(": ")
        && is_reply(reply)
        && let Some(place) = address(front)
    {
        return Introduced::Reply(place, reply);
    }
    let front = match whole.split_once('>') {
        Some((prompt, typed)) if typed.trim().to_ascii_lowercase().starts_with("info") => prompt,
        // The prompt behind an answer, or another command.
        Some((prompt, _)) if address(prompt).is_some() => return Introduced::Nothing,
        _ => whole,
    };
    let bare = front.trim_matches(|c: char| c.is_whitespace() || "=-*#<>".contains(c));
    let bare = bare.strip_suffix(':').unwrap_or(bare);
    match address(bare) {
        Some(place) if !is_line_of_info(front) => Introduced::Address(place),
        // Else it is the heading of a section that is empty: `# Keyspace`.
        None if !front.starts_with("# ") && is_name(bare) => Introduced::Word(bare.to_owned()),
        _ => Introduced::Nothing,
    }
}

fn is_ip(place: &str) -> bool {
    place.parse::<std::net::SocketAddr>().is_ok()
}

/// What redis-cli writes behind the address of a node.
fn is_reply(text: &str) -> bool {
    is_server_heading(text) || text.starts_with("(error)") || text.starts_with("ERR")
}

/// `host:port`, an IPv6 address in brackets or not.
fn address(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse::<u16>().ok().filter(|port| *port > 0)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    is_host(bare).then(|| place(bare, port))
}

/// Whether `name:number` is what INFO says of a server. Its names have underscores, as hosts have
/// not; those that have none are known.
fn is_line_of_info(line: &str) -> bool {
    let Some((name, _)) = line.split_once(':') else { return false };
    let is_host = name.contains(['.', '-', '[']) || line.matches(':').count() > 1;
    let is_number = || matches!(name, "hz" | "loading" | "maxclients" | "maxmemory");
    let is_known = || FIELDS.contains(&name) || is_number();
    !is_host && (name.contains('_') || is_known())
}

/// A host without port: of letters, digits and what joins them, with at least one letter or dot.
fn is_name(text: &str) -> bool {
    is_host(text)
        && !text.contains([':', '%', '_'])
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.contains(|c: char| c.is_ascii_alphabetic() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str, run_id: &str) -> String {
        format!(
            "# Server\r\nredis_version:{version}\r\nrun_id:{run_id}\r\ntcp_port:6379\r\n\r\n# \
             Clients\r\nmaxclients:10000\r\n\
             # Memory\r\nmaxmemory_policy:noeviction\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\ndb0:keys=4,expires=0\r\n"
        )
    }

    fn places(text: &str) -> Vec<String> {
        several(text).unwrap().into_iter().map(|recording| recording.place).collect()
    }

    #[test]
    fn one_info_is_one_server_whatever_stands_in_front() {
        let one = info("7.2.4", "a");
        for front in [
            "",
            "\n",
            "10.0.0.1:6379\n",
            "10.0.0.1:6379> INFO\n",
            ">>> Calling info\n10.0.0.1:6379: ",
            "10.0.0.1:6379> AUTH secret\nOK\n10.0.0.1:6379> INFO\n",
        ] {
            for behind in ["", "10.0.0.1:6379> \n", "10.0.0.1:6379> exit\n"] {
                let text = format!("{front}{one}{behind}");
                assert_eq!(places(&text), Vec::<String>::new(), "{text:?}");
            }
        }
        let fixture = include_str!("../../../tests/fixtures/redis/redis-8.0.6.txt");
        assert_eq!(places(fixture), Vec::<String>::new());
        assert_eq!(places(&one.replace("# Server\r\n", "")), Vec::<String>::new());
    }

    #[test]
    fn each_text_is_of_the_server_that_is_named_in_front() {
        let (a, b) = (info("7.2.4", "a"), info("7.0.15", "b"));
        for (first, second, expected) in [
            ("10.0.0.1:6379\n", "10.0.0.2:6380\n", ["10.0.0.1:6379", "10.0.0.2:6380"]),
            (
                ">>> Calling info\n10.0.0.1:6379: ",
                "10.0.0.2:6379: ",
                ["10.0.0.1:6379", "10.0.0.2:6379"],
            ),
            ("== cache-0:6379 ==\n\n", "== cache-1:6379 ==\n\n", ["cache-0:6379", "cache-1:6379"]),
            ("--- redis-0 ---\n", "--- redis-1 ---\n", ["redis-0", "redis-1"]),
            ("redis-0:\n", "redis-1:\n", ["redis-0", "redis-1"]),
            ("# cache:6379\n", "# cache:6380\n", ["cache:6379", "cache:6380"]),
            (
                "10.0.0.1:6379> INFO\n",
                "10.0.0.2:6379> info everything\n",
                ["10.0.0.1:6379", "10.0.0.2:6379"],
            ),
            ("[fd00::1]:6379\n", "[fd00::2]:6379\n", ["[fd00::1]:6379", "[fd00::2]:6379"]),
        ] {
            let text = format!("{first}{a}{second}{b}");
            let found = several(&text).unwrap();
            assert_eq!(places(&text), expected);
            for (recording, version) in found.iter().zip(["7.2.4", "7.0.15"]) {
                let text = recording.text.as_ref().unwrap();
                assert!(text.contains(&format!("redis_version:{version}")), "{first:?}: {text}");
                assert!(lines(text).all(|(name, _)| name != "10.0.0.2"), "{text}");
            }
        }
    }

    #[test]
    fn texts_that_nobody_is_named_for_are_refused() {
        let (a, b) = (info("7.2.4", "a"), info("7.0.15", "b"));
        let bare = |text: &str| text.replace("# Server\r\n", "");
        for text in [
            format!("{a}{b}"),
            format!("10.0.0.1:6379\n{a}{b}"),
            format!("{a}10.0.0.1:6379\n{b}"),
            format!("{}{}", bare(&a), bare(&b)),
            format!("{a}{a}"),
        ] {
            let failure = several(&text).unwrap_err();
            assert!(failure.message.contains("INFO texts"), "{failure}");
            assert!(failure.advice.contains("file of its own"), "{failure:?}");
        }
        let failure = several(&format!("h:1\n{a}h:1\n{b}")).unwrap_err();
        assert!(failure.message.contains("h:1 stands twice"), "{failure}");
    }

    #[test]
    fn a_server_that_said_nothing_is_not_forgotten() {
        let a = info("7.2.4", "a");
        for text in [
            format!("10.0.0.1:6379\n{a}10.0.0.2:6379\n"),
            format!("10.0.0.1:6379: {a}10.0.0.2:6379: (error) NOAUTH Authentication required.\n"),
            format!("10.0.0.2:6379\nCould not connect\n10.0.0.1:6379\n{a}"),
        ] {
            let found = several(&text).unwrap();
            let failed: Vec<_> = found.iter().filter(|r| r.text.is_err()).collect();
            assert_eq!((found.len(), failed.len()), (2, 1), "{text}");
            assert_eq!(failed[0].place, "10.0.0.2:6379");
        }
    }

    #[test]
    fn mutated_files_of_several_servers() {
        use crate::mutation::{MUTATIONS, attacks, enter, files};
        let infos = files("tests/fixtures/redis", "redis-7.0.15.txt");
        let info = String::from_utf8_lossy(&infos[0]).into_owned();
        let info = &info[..info.len().min(3_000)];
        let seeds = [
            format!("10.0.0.5:6379\n{info}\n10.0.0.6:6379\n{info}\n"),
            format!("== a:1 ==\n{info}== b:2 ==\nCould not connect\n"),
            format!("{info}{info}"),
        ];
        let seeds: Vec<Vec<u8>> = seeds.map(String::into_bytes).into();
        let entry = |data: &[u8]| {
            if let Ok(found) = several(&String::from_utf8_lossy(data)) {
                let places: BTreeSet<&str> = found.iter().map(|one| one.place.as_str()).collect();
                assert_eq!(places.len(), found.len(), "each server once");
            }
        };
        enter(entry, &[seeds, attacks()].concat(), 2 * MUTATIONS);
    }
}
