//! Plays the incident of 13 April 2026 on a real Redis: the timemachine service, and the import of
//! stock locations, which updates two timetables of each. Uses nothing but the standard library.
//!
//! ```sh
//! cargo run --example incident -- --redis 127.0.0.1:7601 --keys 200000
//! cargo run --example incident -- --redis 127.0.0.1:7601 --behaviour v22 --batches 5 --locations 50
//! ```

use std::env::args;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::thread;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "incident --redis HOST:PORT [--keys N] [--behaviour v21|v22|v22-scan|fixed] \
                     [--batches N] [--locations N] [--others keys|scan|get|resetstat|'COMMAND …'] [--calls N]";

/// What clients see of a location: two timetables, each a key for each slot.
const TIMETABLES: [&str; 2] = ["opening-hours", "options"];
const SLOTS: usize = 25;

/// How the service treats the cache when a timetable changes.
#[derive(Clone, Copy, PartialEq)]
enum Behaviour {
    /// It leaves the old entries there.
    V21,
    /// It clears them, and finds them by filtering all keys.
    V22,
    /// The same by SCAN.
    V22Scan,
    /// It clears them, and knows their names.
    Fixed,
}

struct Options {
    redis: String,
    keys: usize,
    behaviour: Behaviour,
    batches: usize,
    locations: usize,
    /// What another service calls, which has nothing to do with the release.
    others: Option<String>,
    calls: usize,
}

fn main() -> ExitCode {
    match options().and_then(|options| play(&options)) {
        Ok(told) => {
            // A reader who has gone away has read enough.
            let _ = writeln!(std::io::stdout(), "{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Outcome<Options> {
    let mut options = Options {
        redis: String::new(),
        keys: 0,
        behaviour: Behaviour::V21,
        batches: 0,
        locations: 50,
        others: None,
        calls: 1,
    };
    let mut words = args().skip(1);
    while let Some(flag) = words.next() {
        let value = words.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--redis" => options.redis = value,
            "--keys" => options.keys = value.parse()?,
            "--batches" => options.batches = value.parse()?,
            "--locations" => options.locations = value.parse()?,
            "--others" => options.others = Some(value),
            "--calls" => options.calls = value.parse()?,
            "--behaviour" => {
                options.behaviour = match value.as_str() {
                    "v21" => Behaviour::V21,
                    "v22" => Behaviour::V22,
                    "v22-scan" => Behaviour::V22Scan,
                    "fixed" => Behaviour::Fixed,
                    _ => return Err(format!("unknown behaviour {value:?}").into()),
                }
            }
            _ => return Err(format!("unknown flag {flag:?}").into()),
        }
    }
    if options.redis.is_empty() {
        return Err("--redis is missing".into());
    }
    Ok(options)
}

fn play(options: &Options) -> Outcome<String> {
    let mut told = Vec::new();
    if options.keys > 0 {
        fill(&options.redis, options.keys)?;
        told.push(format!("{} keys", options.keys));
    }
    if let Some(command) = &options.others {
        call_others(&options.redis, command, options.calls)?;
        told.push(format!("another service: {} times {command}", options.calls));
    }
    let imports: Vec<_> = (0..options.batches)
        .map(|batch| {
            let (redis, behaviour, locations) =
                (options.redis.clone(), options.behaviour, options.locations);
            thread::spawn(move || import(&redis, behaviour, batch, locations))
        })
        .collect();
    for import in imports {
        import.join().map_err(|_| "an import panicked")??;
    }
    if options.batches > 0 {
        let all = options.batches * options.locations;
        told.push(format!("{all} stock locations imported in {} batches", options.batches));
    }
    Ok(told.join("; "))
}

/// Half of the keys are timetables, half are stock.
fn fill(redis: &str, keys: usize) -> Outcome<()> {
    let mut client = Client::connect(redis)?;
    let of_location = SLOTS * TIMETABLES.len();
    let names = (0..keys).map(|number| {
        let (location, slot) = (number / 2 / of_location, number / 2 % of_location);
        if number % 2 == 0 {
            slot_key(location, TIMETABLES[slot / SLOTS], slot % SLOTS)
        } else {
            format!("stock:{number}")
        }
    });
    let mut waiting = 0;
    for name in names {
        client.send(&["SET", &name, "08:00-18:00"])?;
        waiting += 1;
        if waiting == 1_000 {
            client.skip(waiting)?;
            waiting = 0;
        }
    }
    client.skip(waiting)
}

fn slot_key(location: usize, timetable: &str, slot: usize) -> String {
    format!("timetable:{location}:{timetable}:{slot}")
}

/// One batch: the client sends one location after the other.
fn import(redis: &str, behaviour: Behaviour, batch: usize, locations: usize) -> Outcome<()> {
    for number in 0..locations {
        let location = batch * locations + number;
        for timetable in TIMETABLES {
            update(redis, behaviour, location, timetable)?;
        }
    }
    Ok(())
}

/// A request to timemachine: it logs in, reads, clears what it may, and writes.
fn update(redis: &str, behaviour: Behaviour, location: usize, timetable: &str) -> Outcome<()> {
    let mut client = Client::connect(redis)?;
    client.call(&["HELLO", "2"])?;
    client.call(&["GET", &slot_key(location, timetable, 0)])?;
    let pattern = format!("timetable:{location}:{timetable}:*");
    let old = match behaviour {
        Behaviour::V21 => Vec::new(),
        Behaviour::V22 => client.call(&["KEYS", &pattern])?.texts(),
        Behaviour::V22Scan => client.scan(&pattern)?,
        Behaviour::Fixed => (0..SLOTS).map(|slot| slot_key(location, timetable, slot)).collect(),
    };
    if !old.is_empty() {
        let names: Vec<&str> = ["DEL"].into_iter().chain(old.iter().map(String::as_str)).collect();
        client.call(&names)?;
    }
    for slot in 0..SLOTS {
        client.send(&["SET", &slot_key(location, timetable, slot), "09:00-17:00"])?;
    }
    client.skip(SLOTS)
}

fn call_others(redis: &str, command: &str, calls: usize) -> Outcome<()> {
    let mut client = Client::connect(redis)?;
    for _ in 0..calls {
        match command {
            "keys" => client.call(&["KEYS", "stock:1"]).map(drop)?,
            "scan" => client.scan("stock:1").map(drop)?,
            "get" => client.call(&["GET", "stock:1"]).map(drop)?,
            "resetstat" => client.call(&["CONFIG", "RESETSTAT"]).map(drop)?,
            _ => client.call(&command.split(' ').collect::<Vec<_>>()).map(drop)?,
        }
    }
    Ok(())
}

/// An answer of Redis.
enum Answer {
    Text(String),
    List(Vec<Answer>),
}

impl Answer {
    fn texts(self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(all) => all.into_iter().flat_map(Self::texts).collect(),
        }
    }
}

/// Speaks as much of the protocol as the play needs.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(redis: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(redis).map_err(|error| format!("{redis}: {error}"))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    fn send(&mut self, words: &[&str]) -> Outcome<()> {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
        Ok(self.0.get_mut().write_all(text.as_bytes())?)
    }

    fn call(&mut self, words: &[&str]) -> Outcome<Answer> {
        self.send(words)?;
        self.answer()
    }

    fn skip(&mut self, answers: usize) -> Outcome<()> {
        (0..answers).try_for_each(|_| self.answer().map(drop))
    }

    fn scan(&mut self, pattern: &str) -> Outcome<Vec<String>> {
        let (mut cursor, mut found) = ("0".to_owned(), Vec::new());
        loop {
            let answer = self.call(&["SCAN", &cursor, "MATCH", pattern, "COUNT", "1000"])?;
            let Answer::List(parts) = answer else { return Err("SCAN tells no list".into()) };
            let mut parts = parts.into_iter().map(Answer::texts);
            cursor = parts.next().unwrap_or_default().concat();
            found.extend(parts.flatten());
            if cursor == "0" {
                return Ok(found);
            }
        }
    }

    fn answer(&mut self) -> Outcome<Answer> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).ok_or("the connection was closed")?;
        match kind {
            "+" | ":" => Ok(Answer::Text(rest.to_owned())),
            "-" => Err(format!("Redis says {rest}").into()),
            "$" => self.text(rest.parse()?),
            "*" => {
                let all: Outcome<Vec<_>> =
                    (0..rest.parse::<i64>()?).map(|_| self.answer()).collect();
                Ok(Answer::List(all?))
            }
            _ => Err(format!("unknown answer {line:?}").into()),
        }
    }

    fn text(&mut self, length: i64) -> Outcome<Answer> {
        let Ok(length) = usize::try_from(length) else { return Ok(Answer::Text(String::new())) };
        let mut bytes = vec![0; length + 2];
        self.0.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(Answer::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }
}
