//! Takes the credentials that a target was sent out of whatever it answers, whatever collects it:
//! out of versions, labels, names of modules and nodes, and errors.
//!
//! A part that repeats one is not complete: the text without it may be compared with another that
//! lacks the same.

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::collector::{CollectContext, Collector};
use super::io::aside::run_blocking;
use super::io::repeats::Repeats;
use super::io::sent::SentCredentials;
use crate::model::{
    CollectorKind, Counters, Failure, FailureKind, Outcome, Revisions, RunState, Source,
    TargetEvidence, TargetId, WorkloadName,
};

/// A collector whose answers hold no credential.
struct Hiding(Box<dyn Collector>);

/// The collector, whose answers hold no credential that it sends.
pub fn hiding(collector: Box<dyn Collector>) -> Box<dyn Collector> {
    Box::new(Hiding(collector))
}

impl Collector for Hiding {
    fn keep_connections(&mut self) {
        self.0.keep_connections();
    }

    fn id(&self) -> TargetId {
        self.0.id()
    }

    fn endpoint(&self) -> String {
        self.0.endpoint()
    }

    fn kind(&self) -> &'static CollectorKind {
        self.0.kind()
    }

    fn unread(&self, now: Timestamp, failure: &Failure) -> TargetEvidence {
        self.0.unread(now, failure)
    }

    fn unreached(&self, evidence: &TargetEvidence) -> Option<Failure> {
        self.0.unreached(evidence)
    }

    fn remembered<'a>(
        &'a self,
        context: &'a CollectContext,
    ) -> Option<BoxFuture<'a, Result<Revisions, Failure>>> {
        let asked = self.0.remembered(context)?;
        let hidden = async move {
            let sent = SentCredentials::default();
            let told = sent.listen(asked).await;
            let repeats = sent.take();
            if repeats.is_empty() { told } else { without_credentials(told, &repeats) }
        };
        Some(hidden.boxed())
    }

    fn give_up<'a>(
        &'a self,
        context: &'a CollectContext,
        failure: Failure,
    ) -> BoxFuture<'a, Vec<TargetEvidence>> {
        self.0.give_up(context, failure)
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            let sent = SentCredentials::default();
            let work = async {
                panic_if_a_test_asks(&self.0.id());
                self.0.collect(context).await
            };
            let mut collected = sent.listen(work).await;
            let repeats = sent.take();
            if repeats.is_empty() {
                return collected;
            }
            let hidden = run_blocking(move || {
                collected.iter_mut().for_each(|evidence| hide(evidence, &repeats));
                collected
            });
            let now = || (context.clock)();
            hidden.await.unwrap_or_else(|failure| vec![self.0.unread(now(), &failure)])
        }
        .boxed()
    }
}

/// Fails as a defect of ours would, where a test names the target: a test must see what that costs.
/// No release has this.
fn panic_if_a_test_asks(id: &TargetId) {
    let asked =
        cfg!(debug_assertions).then(|| std::env::var("ENVPARITY_TEST_PANIC").ok()).flatten();
    if let Some((target, words)) = asked.as_deref().and_then(|asked| asked.split_once(' ')) {
        assert!(target != id.as_str(), "{words}");
    }
}

/// Takes everything out of the evidence that is not to be repeated.
fn hide(evidence: &mut TargetEvidence, repeats: &Repeats) {
    let mut found = false;
    let mut clean = |text: &mut String| {
        if let Some(hidden) = repeats.hide(text) {
            *text = hidden;
            found = true;
        }
    };
    for field in &mut evidence.fields {
        [&mut field.place, &mut field.name, &mut field.value].into_iter().for_each(&mut clean);
    }
    for image in &mut evidence.images {
        let locator = &mut image.locator;
        let lists = image.repo_digests.iter_mut().chain(&mut image.repo_tags);
        let texts = [
            &mut locator.namespace, &mut locator.workload, &mut locator.container,
            &mut image.reference, &mut image.image_id, &mut image.runtime,
            &mut image.version_label, &mut image.ref_name, &mut image.app_version,
            &mut image.chart,
        ];
        texts.into_iter().chain(lists).for_each(&mut clean);
        if let RunState::NotRunning(word) = &mut image.state {
            clean(word);
        }
    }
    for sample in &mut evidence.samples {
        [&mut sample.place, &mut sample.run_id, &mut sample.role].into_iter().for_each(&mut clean);
        sample.counters = renamed(&sample.counters, &mut clean);
    }
    // The name of a part may be an address that a server told.
    let parts = std::mem::take(&mut evidence.parts);
    for (part, outcome) in parts {
        let mut name = part.as_str().to_owned();
        clean(&mut name);
        evidence.parts.entry(name.into()).or_insert(outcome);
    }
    if let Source::Recorded { instead_of: Some(failure), .. } = &mut evidence.source {
        hide_in_failure(failure, repeats);
    }
    for outcome in evidence.parts.values_mut() {
        match outcome {
            Outcome::Failed(failure) => hide_in_failure(failure, repeats),
            Outcome::Complete if found => *outcome = Outcome::Failed(repeated()),
            Outcome::Complete | Outcome::LeftOut => {}
        }
    }
}

/// What a cluster remembers, or a failure that repeats nothing.
fn without_credentials(
    told: Result<Revisions, Failure>,
    repeats: &Repeats,
) -> Result<Revisions, Failure> {
    let told = told.map_err(|mut failure| {
        hide_in_failure(&mut failure, repeats);
        failure
    })?;
    let name = |one: &WorkloadName| format!("{one:?}");
    let of_revisions = told.revisions.iter().flat_map(|one| {
        let images = one.images.iter().flat_map(|(container, image)| [container, image]);
        let own = [&one.template, &one.chart].into_iter().chain(images).cloned();
        own.chain([name(&one.workload)])
    });
    let of_workloads = told.workloads.iter().flat_map(|one| {
        let containers = one.containers.iter().map(|container| format!("{container:?}"));
        containers.chain([name(&one.workload)])
    });
    let mut all = of_revisions.chain(of_workloads);
    if all.any(|text| repeats.hide(&text).is_some()) {
        return Err(repeated());
    }
    drop(all);
    Ok(told)
}

fn hide_in_failure(failure: &mut Failure, repeats: &Repeats) {
    for text in [&mut failure.message, &mut failure.advice] {
        if let Some(hidden) = repeats.hide(text) {
            *text = hidden;
        }
    }
}

fn repeated() -> Failure {
    Failure::new(FailureKind::Protocol, "the answer repeats the password or token that it was sent")
        .with_advice(
            "if it is a usual word or number (redis, master, a version), which the server says by \
             itself, choose another; else find out what answers there, and replace it",
        )
}

/// The same numbers by names that hold nothing that is not to be repeated.
fn renamed(counters: &Counters, clean: &mut dyn FnMut(&mut String)) -> Counters {
    let mut cleaned = |name: &str| {
        let mut name = name.to_owned();
        clean(&mut name);
        name
    };
    let mut renamed = Counters::default();
    for (name, number) in counters.figures() {
        renamed.add(&cleaned(name), *number);
    }
    for (group, numbers) in counters.groups() {
        let group = cleaned(group);
        for (name, number) in numbers {
            renamed.add_item(&group, &cleaned(name), *number);
        }
    }
    for section in counters.sections() {
        renamed.add_section(&cleaned(section));
    }
    renamed.add_left_out(counters.left_out());
    renamed
}
