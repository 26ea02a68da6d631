//! Indicators: what load is judged by, under our own names, whatever source told it.

use std::collections::BTreeMap;

/// What one server tells about its load and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Indicator {
    /// Seconds since the server's start.
    Uptime,
    /// Commands processed since the start.
    Operations,
    /// Seconds of CPU in user mode since the start.
    CpuUser,
    /// Seconds of CPU in the kernel since the start.
    CpuSystem,
    /// Keys in all databases.
    Keys,
    /// Bytes in use.
    Memory,
    /// Bytes of the data alone.
    Dataset,
    /// The most bytes that may be in use; 0 for no limit.
    MemoryLimit,
    /// Calls of a command, which is the subject: lower case, subcommands as `config|get`.
    Calls,
    /// Microseconds in a command.
    Time,
    /// Calls of a command refused before execution.
    Rejected,
    /// Calls of a command that failed in execution.
    Failed,
    /// Error replies; the subject is their prefix.
    Errors,
}

/// The indicators of one server. All are finite, and none is negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Indicators {
    values: BTreeMap<Indicator, BTreeMap<String, f64>>,
}

impl Indicators {
    /// Commands by which a client logs in.
    const LOGINS: &[&str] = &["auth", "hello"];

    /// Adds to the value of an indicator that has subjects; one that has none has the subject "".
    /// What cannot be a count or a size is passed over.
    pub fn add(&mut self, indicator: Indicator, subject: &str, value: f64) {
        if value.is_finite() && value >= 0.0 {
            let of = self.values.entry(indicator).or_default();
            *of.entry(subject.to_owned()).or_insert(0.0) += value;
        }
    }

    /// The value of an indicator without subjects.
    pub fn get(&self, indicator: Indicator) -> Option<f64> {
        self.values.get(&indicator)?.get("").copied()
    }

    /// The values of an indicator by subject; empty if the source does not tell it.
    pub fn by_subject(&self, indicator: Indicator) -> impl Iterator<Item = (&str, f64)> {
        self.values
            .get(&indicator)
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), *value))
    }

    /// Whether the source tells the indicator at all.
    pub fn has_indicator(&self, indicator: Indicator) -> bool {
        self.values.contains_key(&indicator)
    }

    /// Calls of a command: zero if others were called. Unknown if the source tells of no command.
    pub fn calls_of(&self, command: &str) -> Option<f64> {
        let calls = self.values.get(&Indicator::Calls)?;
        Some(calls.get(command).copied().unwrap_or(0.0))
    }

    /// Calls by which clients log in; 0 if the source tells of no command.
    pub fn logins(&self) -> f64 {
        Self::LOGINS.iter().filter_map(|command| self.calls_of(command)).sum()
    }
}

/// What the servers of one target come to. What is not known of one of them is not known of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetIndicators {
    /// Calls by command, over servers of every role.
    pub calls: Option<BTreeMap<String, f64>>,
    /// Seconds since the start of the server that was started last.
    pub uptime: Option<f64>,
    /// Commands a second, each server's since its start, over the primaries.
    pub operations_rate: Option<f64>,
    /// Logins a second, likewise.
    pub logins_rate: Option<f64>,
    /// Keys of the primaries.
    pub keys: Option<f64>,
    /// Bytes in use in the primaries.
    pub memory: Option<f64>,
    /// Bytes of data in the primaries.
    pub dataset: Option<f64>,
    /// The most bytes that the primaries may use; none if one of them has no limit.
    pub memory_limit: Option<f64>,
    /// Which servers it is of.
    pub extent: Extent,
}

/// Of which servers of a target something is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Of all.
    #[default]
    All,
    /// Of the primaries; a replica was not read. Calls are a lower bound.
    Primaries,
    /// Not of all primaries: every sum is a lower bound.
    Some,
}
