//! What each server had counted when it was scraped last, as INFO would tell it: for whoever watches
//! a server that cannot be asked itself.
//!
//! All of a sample is of one scrape. What that scrape does not tell is not made up.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::MemberRead;
use super::parse::{AnswerBounds, ToldSeries};
use super::queries::Metric;
use crate::model::{Counters, Failure, FailureKind, Sample, TargetId};

/// How far back the newest scrape may lie.
const SPAN_SECONDS: i64 = 120;

/// What a metric without labels of its own is named in INFO.
const FIGURES: [(Metric, &str); 5] = [
    (Metric::Processed, "total_commands_processed"),
    (Metric::CpuUser, "used_cpu_user"),
    (Metric::CpuSystem, "used_cpu_sys"),
    (Metric::Uptime, "uptime_in_seconds"),
    (Metric::Replicas, "connected_slaves"),
];

/// Answers of one server.
#[derive(Default)]
struct ScrapesTold {
    figures: Vec<(Metric, &'static str, Vec<ToldSeries>)>,
    calls: Vec<ToldSeries>,
    seconds: Vec<ToldSeries>,
    keys: Vec<ToldSeries>,
    instance: Vec<ToldSeries>,
}

impl MemberRead<'_> {
    /// What the server had counted at its newest scrape of the two minutes before `now`.
    pub(super) async fn newest(&self, place: &str, now: i64) -> Result<Sample, Failure> {
        let raw = |metric| async move {
            let query = self.selector.raw(metric, None, SPAN_SECONDS);
            self.client.instant(&query, now, AnswerBounds::ANSWER).await
        };
        let mut told = ScrapesTold::default();
        for (metric, name) in FIGURES {
            told.figures.push((metric, name, raw(metric).await?));
        }
        told.calls = raw(Metric::Calls).await?;
        told.seconds = raw(Metric::Seconds).await?;
        told.keys = raw(Metric::Keys).await?;
        told.instance = raw(Metric::Instance).await?;
        told.sample(&self.wanted.target, place)
    }
}

impl ScrapesTold {
    fn sample(&self, target: &TargetId, place: &str) -> Result<Sample, Failure> {
        let processed = self.figures.iter().find(|(metric, ..)| *metric == Metric::Processed);
        let processed = processed.map(|(.., told)| told.as_slice()).unwrap_or_default();
        let newest = processed.iter().filter_map(|one| one.points.last()).map(|one| one.at_millis);
        let Some(at) = newest.max() else {
            let message = format!("no series was scraped in the last {SPAN_SECONDS} s");
            return Err(Failure::new(FailureKind::Stale, message).with_advice(
                "check that the exporter runs, that it reaches the server, and match:",
            ));
        };
        if processed.iter().filter(|one| value_at(one, at).is_some()).count() > 1 {
            let message = "two series fit at the same time".to_owned();
            return Err(Failure::new(FailureKind::NothingSelected, message)
                .with_advice("match one of them by a label that it alone has"));
        }
        let mut counters = Counters::default();
        for (_, name, told) in &self.figures {
            let value = told.iter().find_map(|one| value_at(one, at));
            value.into_iter().for_each(|value| counters.add(name, value));
        }
        let of_commands = by_command(&self.calls, at);
        if !of_commands.is_empty() {
            counters.add_section("Commandstats");
        }
        let seconds = by_command(&self.seconds, at);
        for (command, calls) in of_commands {
            let group = format!("cmdstat_{command}");
            counters.add_item(&group, "calls", calls);
            if let Some(seconds) = seconds.get(command) {
                counters.add_item(&group, "usec", seconds * 1e6);
            }
        }
        let keys: Vec<f64> = self.keys.iter().filter_map(|one| value_at(one, at)).collect();
        if !keys.is_empty() {
            counters.add("keys", keys.iter().sum());
        }
        let instance = self.instance.iter().find(|one| value_at(one, at).is_some());
        let label = |name: &str| {
            let labels = instance.map(|one| &one.labels);
            labels.and_then(|labels| labels.get(name)).cloned().unwrap_or_default()
        };
        Ok(Sample {
            target: target.clone(),
            place: place.to_owned(),
            run_id: label("run_id"),
            role: label("role"),
            taken: Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH),
            counters,
        })
    }
}

fn value_at(series: &ToldSeries, at: i64) -> Option<f64> {
    let point = series.points.iter().rfind(|point| point.at_millis == at)?;
    Some(point.value)
}

fn by_command(told: &[ToldSeries], at: i64) -> BTreeMap<&str, f64> {
    let of = |one: &'_ ToldSeries| value_at(one, at);
    let named = told.iter().filter_map(|one| Some((one.labels.get("cmd")?.as_str(), of(one)?)));
    named.collect()
}

impl super::Prometheus {
    /// What each server of a target had counted when it was scraped last.
    ///
    /// # Errors
    /// If one of them was not scraped in the last two minutes, or the API does not answer.
    pub async fn newest(
        &self,
        target: &TargetId,
        context: &super::CollectContext,
    ) -> Result<Vec<Sample>, Failure> {
        let (read, _) = self.guarded(context, self.read_newest(target, context)).await;
        read
    }

    async fn read_newest(
        &self,
        target: &TargetId,
        context: &super::CollectContext,
    ) -> Result<Vec<Sample>, Failure> {
        let kept = std::sync::Arc::default();
        let client = self.client(context, &kept).await?;
        let now = (context.clock)().as_second();
        let span = crate::model::LoadSpan { from: now - SPAN_SECONDS, to: now };
        let wanted = super::LoadWanted {
            target: target.clone(),
            span,
            length: crate::model::BucketLength::DEFAULT,
            live: BTreeMap::new(),
        };
        let mut found = Vec::new();
        for (place, selector) in &self.selectors {
            let member = MemberRead { client: &client, selector, wanted: &wanted, span };
            found.push(member.newest(place, now).await?);
        }
        let notes = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(warning) = notes.warnings.first() {
            let message = format!("it warned: {warning}");
            return Err(
                Failure::new(FailureKind::Protocol, message).with_advice("look into its log")
            );
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::prometheus::parse::SeriesPoint;

    fn series(labels: &[(&str, &str)], points: &[(i64, f64)]) -> ToldSeries {
        ToldSeries {
            labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            points: points
                .iter()
                .map(|(at_millis, value)| SeriesPoint { at_millis: *at_millis, value: *value })
                .collect(),
        }
    }

    fn told() -> ScrapesTold {
        ScrapesTold {
            figures: vec![
                (
                    Metric::Processed,
                    "total_commands_processed",
                    vec![series(&[], &[(1_000, 5.0), (2_000, 9.0)])],
                ),
                (Metric::CpuUser, "used_cpu_user", vec![series(&[], &[(1_000, 1.0)])]),
            ],
            calls: vec![
                series(&[("cmd", "get")], &[(1_000, 5.0), (2_000, 7.0)]),
                series(&[("cmd", "config|get")], &[(2_000, 2.0)]),
                series(&[("cmd", "gone")], &[(1_000, 2.0)]),
            ],
            seconds: vec![series(&[("cmd", "get")], &[(2_000, 0.5)])],
            keys: vec![
                series(&[("db", "db0")], &[(2_000, 3.0)]),
                series(&[("db", "db1")], &[(2_000, 4.0)]),
            ],
            instance: vec![series(&[("run_id", "abc"), ("role", "master")], &[(2_000, 1.0)])],
        }
    }

    #[test]
    fn the_newest_scrape_of_prometheus_is_told_as_info_tells_it() {
        let sample = told().sample(&TargetId::new("redis", "cache"), "").unwrap();
        assert_eq!((sample.run_id.as_str(), sample.role.as_str()), ("abc", "master"));
        assert_eq!(sample.taken.as_millisecond(), 2_000);
        let figures = sample.counters.figures();
        assert_eq!(figures.get("total_commands_processed"), Some(&9.0));
        assert_eq!((figures.get("keys"), figures.get("used_cpu_user")), (Some(&7.0), None));
        let groups = sample.counters.groups();
        assert_eq!(groups["cmdstat_get"].get("usec"), Some(&500_000.0));
        assert_eq!(groups["cmdstat_config|get"].get("calls"), Some(&2.0));
        assert!(!groups.contains_key("cmdstat_gone"), "it is of another scrape");
    }

    #[test]
    fn two_series_of_prometheus_at_one_time_or_none_are_failures() {
        let target = TargetId::new("redis", "cache");
        let mut two = told();
        let twin = two.figures[0].2[0].clone();
        two.figures[0].2.push(twin);
        let failure = two.sample(&target, "").unwrap_err();
        assert!(failure.message.contains("two series"), "{failure}");
        let failure = ScrapesTold::default().sample(&target, "").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Stale);
    }
}
