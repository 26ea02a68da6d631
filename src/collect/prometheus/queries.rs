//! What a Prometheus is asked: fixed queries for raw counters, with labels that are quoted exactly.
//!
//! There is no `rate()` and no `increase()` among them. These make up what happened at the edges of
//! a bucket, miss the first call of a command, and differ between products.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use url::form_urlencoded::Serializer;

use crate::model::LoadSpan;

/// Steps of one request. Prometheus refuses more than 11,000 points of a series.
const MAX_STEPS: i64 = 2016;

/// Commands of one request.
const MAX_COMMANDS: usize = 150;

/// Exact matches of labels, as a selector has them: `job="redis",instance="a:9121"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector {
    prefix: String,
    matches: String,
}

/// A metric of redis_exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Metric {
    Calls,
    Seconds,
    Processed,
    CpuUser,
    CpuSystem,
    Up,
    Instance,
    Keys,
    Uptime,
    Replicas,
}

impl Metric {
    /// Its name behind the prefix.
    const fn name(self) -> &'static str {
        match self {
            Self::Calls => "commands_total",
            Self::Seconds => "commands_duration_seconds_total",
            Self::Processed => "commands_processed_total",
            Self::CpuUser => "cpu_user_seconds_total",
            Self::CpuSystem => "cpu_sys_seconds_total",
            Self::Up => "up",
            Self::Instance => "instance_info",
            Self::Keys => "db_keys",
            Self::Uptime => "uptime_in_seconds",
            Self::Replicas => "connected_slaves",
        }
    }
}

impl Selector {
    pub(super) fn new(prefix: &str, labels: &BTreeMap<String, String>) -> Self {
        let matches: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        Self { prefix: prefix.to_owned(), matches: matches.join(",") }
    }

    fn of(&self, metric: Metric, commands: Option<&[&str]>) -> String {
        let mut text = format!("{}_{}{{{}", self.prefix, metric.name(), self.matches);
        if let Some(commands) = commands {
            let names: Vec<String> = commands.iter().map(|name| escaped(name)).collect();
            let _ = write!(text, ",cmd=~{}", quoted(&names.join("|")));
        }
        text + "}"
    }

    /// The series of a metric, whenever they were.
    pub(super) fn series(&self, metric: Metric) -> String {
        self.of(metric, None)
    }

    /// The last value in each bucket: of some commands, where they are given.
    pub(super) fn last(&self, metric: Metric, commands: Option<&[&str]>, seconds: i64) -> String {
        format!("last_over_time({}[{}])", self.of(metric, commands), duration(seconds))
    }

    /// Keys of all databases of each series.
    pub(super) fn keys(&self, seconds: i64) -> String {
        format!("sum without (db) ({})", self.last(Metric::Keys, None, seconds))
    }

    /// Samples in each bucket at which the server was up.
    pub(super) fn samples_up(&self, seconds: i64) -> String {
        format!("sum_over_time({}[{}])", self.of(Metric::Up, None), duration(seconds))
    }

    /// How often counters fell within each bucket.
    pub(super) fn resets(&self, seconds: i64) -> String {
        format!("resets({}[{}])", self.of(Metric::Processed, None), duration(seconds))
    }

    /// Every sample of a bucket.
    pub(super) fn raw(&self, metric: Metric, commands: Option<&[&str]>, seconds: i64) -> String {
        format!("{}[{}]", self.of(metric, commands), duration(seconds))
    }
}

/// `5m`, or seconds where these are no whole minutes.
fn duration(seconds: i64) -> String {
    if seconds % 60 == 0 { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

/// A string of `PromQL`.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A regular expression that matches this text alone.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && c != '_' {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The path and query of `api/v1/series`.
pub(super) fn series_path(base: &str, selectors: &[String], span: Option<LoadSpan>) -> String {
    let mut query = Serializer::new(String::new());
    for selector in selectors {
        query.append_pair("match[]", selector);
    }
    if let Some(span) = span {
        query.append_pair("start", &span.from.to_string());
        query.append_pair("end", &span.to.to_string());
    }
    // Harmless where it is not known: of Thanos, whole and raw answers alone.
    query.append_pair("partial_response", "false");
    query.append_pair("dedup", "true");
    format!("{base}/api/v1/series?{}", query.finish())
}

/// The path and query of `api/v1/query_range` at each line of the grid of a span, both ends too.
pub(super) fn range_path(base: &str, query: &str, span: LoadSpan, seconds: i64) -> String {
    let range = [("start", span.from), ("end", span.to), ("step", seconds)];
    let range = range.map(|(name, value)| (name, value.to_string()));
    with_query(base, "query_range", query, &range)
}

/// The path and query of `api/v1/query` at one moment.
pub(super) fn instant_path(base: &str, query: &str, at: i64) -> String {
    with_query(base, "query", query, &[("time", at.to_string())])
}

fn with_query(base: &str, what: &str, query: &str, more: &[(&str, String)]) -> String {
    let mut text = Serializer::new(String::new());
    text.append_pair("query", query);
    for (name, value) in more {
        text.append_pair(name, value);
    }
    for (name, value) in [
        ("max_source_resolution", "0s"),
        ("partial_response", "false"),
        ("dedup", "true"),
        // VictoriaMetrics would answer from what it has computed before.
        ("nocache", "1"),
    ] {
        text.append_pair(name, value);
    }
    format!("{base}/api/v1/{what}?{}", text.finish())
}

/// Spans of at most so many steps that together have each step of a span once.
pub(super) fn pieces(span: LoadSpan, seconds: i64) -> Vec<LoadSpan> {
    let mut pieces = Vec::new();
    let mut from = span.from;
    while from <= span.to {
        let to = span.to.min(from + (MAX_STEPS - 1) * seconds);
        pieces.push(LoadSpan { from, to });
        from = to + seconds;
    }
    pieces
}

/// Commands by requests: `None` is all of them at once.
pub(super) fn chunks<'a>(commands: &'a [&'a str]) -> Vec<Option<&'a [&'a str]>> {
    match commands.len() {
        0 => Vec::new(),
        count if count <= MAX_COMMANDS => vec![None],
        _ => commands.chunks(MAX_COMMANDS).map(Some).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(labels: &[(&str, &str)]) -> Selector {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Selector::new("redis", &labels.collect())
    }

    #[test]
    fn prometheus_is_asked_what_the_table_says() {
        let of = selector(&[("job", "redis"), ("instance", "a:9121")]);
        let s = "instance=\"a:9121\",job=\"redis\"";
        for (query, wanted) in [
            (of.last(Metric::Calls, None, 300), "last_over_time(redis_commands_total{S}[5m])"),
            (
                of.last(Metric::Seconds, Some(&["keys", "config|get"]), 300),
                "last_over_time(redis_commands_duration_seconds_total\
                 {S,cmd=~\"keys|config\\\\|get\"}[5m])",
            ),
            (
                of.last(Metric::Processed, None, 300),
                "last_over_time(redis_commands_processed_total{S}[5m])",
            ),
            (
                of.last(Metric::CpuUser, None, 10),
                "last_over_time(redis_cpu_user_seconds_total{S}[10s])",
            ),
            (
                of.last(Metric::CpuSystem, None, 60),
                "last_over_time(redis_cpu_sys_seconds_total{S}[1m])",
            ),
            (of.samples_up(300), "sum_over_time(redis_up{S}[5m])"),
            (of.resets(300), "resets(redis_commands_processed_total{S}[5m])"),
            (of.last(Metric::Instance, None, 300), "last_over_time(redis_instance_info{S}[5m])"),
            (of.keys(300), "sum without (db) (last_over_time(redis_db_keys{S}[5m]))"),
            (of.raw(Metric::Calls, None, 300), "redis_commands_total{S}[5m]"),
        ] {
            assert_eq!(query, wanted.replace("{S", &format!("{{{s}")));
        }
    }

    #[test]
    fn prometheus_labels_are_quoted_exactly() {
        let of = selector(&[("a", "x\"} or vector(1) #"), ("b", "\\d\n\u{7}é")]);
        let wanted = "redis_up{a=\"x\\\"} or vector(1) #\",b=\"\\\\d\\n\\u0007é\"}";
        assert_eq!(of.series(Metric::Up), wanted);
        assert_eq!(escaped("ft._list-x|y"), "ft\\._list\\-x\\|y");
    }

    #[test]
    fn prometheus_gets_its_query_as_one_parameter() {
        let span = LoadSpan { from: 300, to: 900 };
        let path = range_path("/base", "up{a=\"b&c\"}[5m]", span, 300);
        assert_eq!(
            path,
            "/base/api/v1/query_range?query=up%7Ba%3D%22b%26c%22%7D%5B5m%5D&start=300&end=900\
             &step=300&max_source_resolution=0s&partial_response=false&dedup=true&nocache=1"
        );
    }

    #[test]
    fn prometheus_is_asked_for_a_week_at_a_time() {
        for steps in [1, 2, 2016, 2017, 8929] {
            let span = LoadSpan { from: 600, to: 600 + (steps - 1) * 300 };
            let mut all = Vec::new();
            for piece in pieces(span, 300) {
                let count = (piece.to - piece.from) / 300 + 1;
                assert!((1..=2016).contains(&count), "{steps}: {count}");
                all.extend((0..count).map(|step| piece.from + step * 300));
            }
            let wanted: Vec<i64> = (0..steps).map(|step| 600 + step * 300).collect();
            assert_eq!(all, wanted, "{steps}");
        }
    }

    #[test]
    fn prometheus_is_asked_for_many_commands_in_turn() {
        let names: Vec<String> = (0..301).map(|i| format!("c{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(chunks(&names[..0]).len(), 0);
        assert_eq!(chunks(&names[..150]), [None]);
        let counts: Vec<usize> = chunks(&names).into_iter().flatten().map(<[_]>::len).collect();
        assert_eq!(counts, [150, 150, 1]);
    }
}
