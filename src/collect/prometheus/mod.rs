//! Load that a Prometheus-compatible API keeps, read as a store of raw counters.
//!
//! redis_exporter tells a server's own counters; what happened in a bucket is the difference of
//! them, which `trend` makes. Nothing is asked for that makes rates, and nothing is judged here.

mod client;
pub mod config;
mod load;
mod merged;
mod newest;
mod parse;
mod queries;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};

use super::collector::CollectContext;
use super::io::aside::run_blocking;
use super::io::repeats::Repeats;
use super::io::sent::SentCredentials;
use super::io::{net, tls};
use super::source::{LoadSource, LoadWanted};
use crate::model::{
    Failure, FailureKind, Load, LoadFacts, LoadOrigin, LoadSpan, PlaceLoad, SeriesFault,
    identity_of,
};
use crate::wire::problem::Problem;
use client::{AnswerNotes, Credentials, PrometheusClient};
use config::{Base, PrometheusConfig};
use load::{CounterKind, Samples, SamplesTold, Steps, StepsTold};
use merged::Merged;
use parse::{AnswerBounds, ToldSeries};
use queries::{Metric, Selector};

/// Reads the load of one target.
pub struct Prometheus {
    config: PrometheusConfig,
    base: Base,
    tls: tls::TlsSettings,
    /// By place.
    selectors: BTreeMap<String, Selector>,
}

/// What is known of one server when all is read.
struct PlaceRead {
    load: PlaceLoad,
    first: Option<i64>,
    interval: Option<f64>,
}

impl Prometheus {
    /// A source for a checked profile; paths are relative to `folder`.
    ///
    /// # Errors
    /// If its URL is not one.
    pub fn new(config: &PrometheusConfig, folder: &Path) -> Result<Self, Problem> {
        let base = config.base()?;
        let mut config = config.clone();
        let resolve = |secret: &mut crate::wire::secret::SecretReference| {
            *secret = secret.relative_to(folder);
        };
        config.token.iter_mut().for_each(resolve);
        config.headers.values_mut().for_each(resolve);
        config.basic_auth.iter_mut().for_each(|auth| resolve(&mut auth.password));
        let selectors = config.labels_by_place().into_iter();
        let selectors =
            selectors.map(|(place, labels)| (place, Selector::new(config.prefix(), &labels)));
        Ok(Self {
            base,
            tls: tls::TlsSettings(config.tls.clone().unwrap_or_default().relative_to(folder)),
            selectors: selectors.collect(),
            config,
        })
    }

    /// What asks the API, and notes what is said besides.
    async fn client(
        &self,
        context: &CollectContext,
        kept: &Arc<Mutex<AnswerNotes>>,
    ) -> Result<PrometheusClient<'_>, Failure> {
        let credentials = Credentials::resolve(&self.config).await?;
        let tls = self.base.tls.then_some(&self.tls);
        Ok(PrometheusClient {
            base: &self.base,
            way: net::Endpoint::to(&self.base.host, self.base.port, tls).await?,
            credentials,
            clock: Arc::clone(&context.clock),
            aside: Arc::clone(kept),
        })
    }

    /// Reads within the deadline; a failure tells no secret that was sent.
    async fn guarded<T>(
        &self,
        context: &CollectContext,
        work: impl Future<Output = Result<T, Failure>> + Send,
    ) -> (Result<T, Failure>, Repeats) {
        let sent = SentCredentials::default();
        let work = sent.listen(work);
        let read = net::within(context.deadline, context.allowed, work).await;
        let repeats = sent.take();
        let read = read.map_err(|failure| {
            let mut failure = net::with_tls_in_mind(failure, self.base.tls);
            if failure.kind == FailureKind::Tls && !self.base.tls {
                failure = failure.with_advice("use https:// in the profile");
            }
            hide_sent(&repeats, &mut failure.message);
            failure
        });
        (read, repeats)
    }

    async fn read_all(
        &self,
        wanted: &LoadWanted,
        context: &CollectContext,
    ) -> Result<Load, Failure> {
        let kept = Arc::new(Mutex::new(AnswerNotes::default()));
        let client = self.client(context, &kept).await?;
        let mut places = BTreeMap::new();
        let mut missing: Vec<(String, SeriesFault)> = Vec::new();
        let (mut firsts, mut intervals) = (Vec::new(), Vec::new());
        let (from, to) = (wanted.span.from, wanted.span.to);
        // Queries stand on the grid, whatever was asked for.
        let span = LoadSpan { from: wanted.length.floor(from), to: wanted.length.floor(to) };
        for (place, selector) in &self.selectors {
            match (MemberRead { client: &client, selector, wanted, span }).place(place).await? {
                Ok(read) => {
                    firsts.extend(read.first);
                    intervals.extend(read.interval);
                    places.insert(place.clone(), read.load);
                }
                Err(fault) => {
                    places.insert(place.clone(), PlaceLoad::default());
                    missing.push((place.clone(), fault));
                }
            }
        }
        if missing.len() == self.selectors.len()
            && let Some((_, fault)) = missing.first()
        {
            return Err(fault_failure(fault));
        }
        let AnswerNotes { clock_ahead, mut warnings, queries, answers } =
            kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        warnings.extend(missing.iter().map(|(place, fault)| format!("{place}: {fault}")));
        let facts = LoadFacts {
            target: wanted.target.clone(),
            source: self.name(),
            length: wanted.length,
            held_since: firsts.into_iter().min(),
            interval: intervals.into_iter().reduce(f64::max),
            clock_ahead,
            warnings,
            origin: Some(LoadOrigin { query: queries.join("\n"), answer: hex(answers) }),
        };
        Ok(Load { facts, span: wanted.span, places })
    }
}

fn hide_sent(repeats: &Repeats, text: &mut String) {
    if let Some(hidden) = repeats.hide(text) {
        *text = hidden;
    }
}

fn hex(answers: Sha256) -> String {
    answers.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nothing can be made of the series of a server.
fn fault_failure(fault: &SeriesFault) -> Failure {
    let (kind, advice) = match fault {
        SeriesFault::NoSeries => (
            FailureKind::NothingSelected,
            "look up the labels of redis_commands_processed_total in the Prometheus, and write \
             them into match:",
        ),
        SeriesFault::WithoutSamples { .. } => (
            FailureKind::Stale,
            "check that the exporter runs, that it reaches the server, and that it is scraped",
        ),
        SeriesFault::TwoScrapers { .. } => (
            FailureKind::NothingSelected,
            "match one of the two by a label that it alone has, or stop the other exporter or job",
        ),
    };
    Failure::new(kind, fault.to_string()).with_advice(advice)
}

impl LoadSource for Prometheus {
    fn name(&self) -> String {
        format!("prometheus {}", self.base.shown())
    }

    fn server(&self) -> String {
        format!("{}:{}", self.base.host, self.base.port)
    }

    fn read<'a>(
        &'a self,
        wanted: &'a LoadWanted,
        context: &'a CollectContext,
    ) -> BoxFuture<'a, Result<Load, Failure>> {
        async move {
            let (read, repeats) = self.guarded(context, self.read_all(wanted, context)).await;
            let mut load = read?;
            load.facts.warnings.iter_mut().for_each(|text| hide_sent(&repeats, text));
            Ok(load)
        }
        .boxed()
    }
}

/// One server that is read.
struct MemberRead<'a> {
    client: &'a PrometheusClient<'a>,
    selector: &'a Selector,
    wanted: &'a LoadWanted,
    /// On the grid.
    span: LoadSpan,
}

impl MemberRead<'_> {
    /// All of one server; the second error is that its series are none or two.
    async fn place(&self, place: &str) -> Result<Result<PlaceRead, SeriesFault>, Failure> {
        let length = self.wanted.length;
        let told = self.steps_told().await?;
        let listed = if told.processed.is_empty() {
            self.client.series(&self.selector.series(Metric::Processed), None).await?
        } else {
            Vec::new()
        };
        let joined = run_blocking(move || load::steps(&told, &listed, length)).await?;
        let steps = match joined {
            Ok(steps) => steps,
            // It costs this server's load alone: another one may have breached a limit.
            Err(fault) => return Ok(Err(fault)),
        };
        let commands = self.commands().await?;
        let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
        let steps = self.set_counters(steps, &commands).await?;
        let (steps, cuts) = run_blocking(move || {
            let cuts = steps.cuts();
            (steps, cuts)
        })
        .await?;
        let mut samples = Samples::default();
        for at in cuts {
            let told = self.samples_told(at, &commands).await?;
            let added = run_blocking(move || samples.add(&told, length).map(|()| samples));
            samples = added.await??;
        }
        let samples = samples.into_table();
        let (first, interval) = (steps.first(), steps.interval(length));
        let live = self.wanted.live.get(place);
        let newest = steps.newest_run();
        let steps = steps.into_table();
        let identity = identity_of(live, newest.as_deref(), interval, steps.ends_early(self.span));
        let load = PlaceLoad { identity, steps, samples };
        Ok(Ok(PlaceRead { load, first, interval }))
    }

    fn seconds(&self) -> i64 {
        self.wanted.length.seconds()
    }

    /// One query at each step of the span, and one step before.
    async fn range(&self, query: &str) -> Result<Vec<ToldSeries>, Failure> {
        let mut merged = Merged::default();
        for piece in queries::pieces(self.span, self.seconds()) {
            merged.add(self.client.range(query, piece, self.seconds()).await?)?;
        }
        Ok(merged.into_series())
    }

    async fn steps_told(&self) -> Result<StepsTold, Failure> {
        let (selector, seconds) = (self.selector, self.seconds());
        Ok(StepsTold {
            processed: self.range(&selector.last(Metric::Processed, None, seconds)).await?,
            up: self.range(&selector.samples_up(seconds)).await?,
            resets: self.range(&selector.resets(seconds)).await?,
            instance: self.range(&selector.last(Metric::Instance, None, seconds)).await?,
        })
    }

    /// The commands that have a counter anywhere in the span.
    async fn commands(&self) -> Result<BTreeSet<String>, Failure> {
        let LoadSpan { from, to } = self.span;
        let span = LoadSpan { from: from - self.seconds(), to };
        let listed = self.client.series(&self.selector.series(Metric::Calls), Some(span)).await?;
        merged::command_names(listed)
    }

    async fn set_counters(&self, mut steps: Steps, commands: &[&str]) -> Result<Steps, Failure> {
        let (selector, seconds) = (self.selector, self.seconds());
        for piece in queries::pieces(self.span, seconds) {
            let mut asked = vec![
                (CounterKind::CpuUser, selector.last(Metric::CpuUser, None, seconds)),
                (CounterKind::CpuSystem, selector.last(Metric::CpuSystem, None, seconds)),
                (CounterKind::Keys, selector.keys(seconds)),
            ];
            for chunk in queries::chunks(commands) {
                asked.push((CounterKind::Calls, selector.last(Metric::Calls, chunk, seconds)));
                asked.push((CounterKind::Seconds, selector.last(Metric::Seconds, chunk, seconds)));
            }
            for (counter, query) in asked {
                let told = self.client.range(&query, piece, seconds).await?;
                let set = run_blocking(move || steps.set(counter, &told).map(|()| steps));
                steps = set.await??;
            }
        }
        Ok(steps)
    }

    /// Every sample of the bucket that ends at a moment.
    async fn samples_told(&self, at: i64, commands: &[&str]) -> Result<SamplesTold, Failure> {
        let (selector, seconds) = (self.selector, self.seconds());
        let raw = async |metric, chunk, bounds| {
            let query = selector.raw(metric, chunk, seconds);
            let told = self.client.instant(&query, at, bounds).await?;
            let left = bounds.after(&told);
            Ok::<_, Failure>((told, left))
        };
        let mut told = SamplesTold { at, ..SamplesTold::default() };
        let mut left = AnswerBounds::BUCKET;
        (told.processed, left) = raw(Metric::Processed, None, left).await?;
        (told.instance, left) = raw(Metric::Instance, None, left).await?;
        let mut asked = vec![
            (CounterKind::CpuUser, Metric::CpuUser, None),
            (CounterKind::CpuSystem, Metric::CpuSystem, None),
        ];
        for chunk in queries::chunks(commands) {
            asked.push((CounterKind::Calls, Metric::Calls, chunk));
            asked.push((CounterKind::Seconds, Metric::Seconds, chunk));
        }
        for (counter, metric, chunk) in asked {
            let series;
            (series, left) = raw(metric, chunk, left).await?;
            told.counters.push((counter, series));
        }
        Ok(told)
    }
}
