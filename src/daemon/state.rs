//! What loops learn and pages show, in one place that all of them reach.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::pages::render_timeline;
use super::served::{HTML, ServedPage, YAML};
use super::setup::ServeSetup;
use super::status::{ScheduleStatus, ServeStatus, Timeline};
use super::tell::link_of;
use super::timeline::build_timeline;
use crate::model::{Audit, Checklist};
use crate::report::{self, RenderOptions};

/// A timeline is built anew after this, or after a run.
const TIMELINE_AGE: SignedDuration = SignedDuration::from_mins(1);

/// Samples and buckets that are too old are deleted as often.
const PRUNE: SignedDuration = SignedDuration::from_hours(24);

/// How many days a timeline shows.
const TIMELINE_DAYS: i64 = 90;

/// As pages are rendered.
const PLAIN: RenderOptions =
    RenderOptions { width: None, color: false, unfold: false, exit: 0, report_only: true };

/// What is known now.
pub(super) struct ServeState {
    pub(super) setup: Arc<ServeSetup>,
    status: Mutex<ServeStatus>,
    pages: Mutex<Pages>,
    /// One timeline is built at a time.
    building: tokio::sync::Mutex<()>,
    /// Something of the history is new.
    refresh: tokio::sync::Notify,
    /// When old samples were deleted last.
    pruned: Mutex<Option<Timestamp>>,
}

#[derive(Default)]
struct Pages {
    /// By the name of the file: `report.html`, and `checklist/v22`.
    files: BTreeMap<String, Arc<ServedPage>>,
    /// The release whose checklist was made last.
    newest_checklist: Option<String>,
    timeline: Option<(Timestamp, Arc<ServedPage>)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done where a holder panics: fields are set one at a time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ServeStatus {
    /// As it is before anything is known.
    fn before_all(setup: &ServeSetup) -> Self {
        let now = (setup.clock)();
        let schedules = setup.profiles.schedule.iter().map(|schedule| ScheduleStatus {
            id: schedule.id.value.clone(),
            what: schedule.what(),
            last: None,
            running_since: None,
            next: schedule.times(&setup.profiles.timezone).and_then(|times| times.after(now)),
            missed: 0,
            skipped: 0,
        });
        Self {
            now,
            started: now,
            timezone: setup.profiles.timezone.clone(),
            is_leader: false,
            is_stopping: false,
            history_failure: None,
            failed_runs: 0,
            audit: None,
            checklists: Vec::new(),
            schedules: schedules.collect(),
            runs: Vec::new(),
            samples: Vec::new(),
            incidents: Vec::new(),
            notifications_failed: 0,
            public_url: link_of(&setup.profiles).map(str::to_owned),
        }
    }
}

impl ServeState {
    pub(super) fn new(setup: Arc<ServeSetup>) -> Self {
        let status = ServeStatus::before_all(&setup);
        Self {
            setup,
            status: Mutex::new(status),
            pages: Mutex::new(Pages::default()),
            building: tokio::sync::Mutex::new(()),
            refresh: tokio::sync::Notify::new(),
            pruned: Mutex::new(None),
        }
    }

    /// What is known, as of now.
    pub(super) fn status(&self) -> ServeStatus {
        let mut status = lock(&self.status).clone();
        status.now = (self.setup.clock)();
        status
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut ServeStatus) -> T) -> T {
        change(&mut lock(&self.status))
    }

    /// Whether a day has passed since old samples were deleted; asked once, it begins anew.
    pub(super) fn is_time_to_prune(&self) -> bool {
        let now = (self.setup.clock)();
        let mut pruned = lock(&self.pruned);
        let is_time = pruned.is_none_or(|at| now.duration_since(at) >= PRUNE);
        if is_time {
            *pruned = Some(now);
        }
        is_time
    }

    /// What pages show of the history is read anew at once.
    pub(super) fn refresh_soon(&self) {
        self.refresh.notify_one();
    }

    pub(super) async fn wants_refresh(&self) {
        self.refresh.notified().await;
    }

    pub(super) fn is_leader(&self) -> bool {
        lock(&self.status).is_leader
    }

    /// Notes whether the history could be written, and tells when that changes.
    pub(super) fn note_history(&self, failure: Option<String>) {
        let before =
            self.change(|status| std::mem::replace(&mut status.history_failure, failure.clone()));
        match (before, failure) {
            (None, Some(why)) => (self.setup.warn)(&why),
            (Some(_), None) => (self.setup.warn)("the history can be written again"),
            _ => {}
        }
    }

    /// The newest audit, with its pages.
    pub(super) fn set_audit(&self, audit: Audit) {
        let view = PLAIN;
        for (name, format, kind) in [("report.html", "html", HTML), ("report.yaml", "yaml", YAML)] {
            let rendered = report::by_name(format).map(|format| format.render(&audit, &view));
            match rendered {
                Some(Ok(text)) => {
                    let page = ServedPage::new(text, kind, audit.run.at);
                    lock(&self.pages).files.insert(name.to_owned(), Arc::new(page));
                }
                Some(Err(error)) => (self.setup.warn)(&error.to_string()),
                None => {}
            }
        }
        lock(&self.pages).timeline = None;
        self.change(|status| status.audit = Some(Arc::new(audit)));
    }

    /// No audit is at hand that the pages could show: what was kept says another verdict.
    pub(super) fn forget_audit(&self) {
        lock(&self.pages).files.retain(|name, _| !name.starts_with("report."));
        self.change(|status| status.audit = None);
    }

    /// The newest checklist of a release, with its page.
    pub(super) fn set_checklist(&self, checklist: Checklist) {
        let name = checklist.release.name.clone();
        let view = PLAIN;
        let format = report::checklist::ChecklistFormat::named("html");
        match format.map(|format| format.render(&checklist, &view)) {
            Ok(Ok(text)) => {
                let page = ServedPage::new(text, HTML, checklist.run.at);
                let mut pages = lock(&self.pages);
                pages.files.insert(format!("checklist/{name}"), Arc::new(page));
                pages.newest_checklist = Some(name.clone());
                pages.timeline = None;
            }
            Ok(Err(error)) => (self.setup.warn)(&error.to_string()),
            Err(error) => (self.setup.warn)(&error),
        }
        self.change(|status| {
            status.checklists.retain(|one| one.release.name != name);
            status.checklists.push(Arc::new(checklist));
            status.checklists.sort_by(|a, b| a.release.name.cmp(&b.release.name));
        });
    }

    pub(super) fn report_page(&self, name: &str) -> Result<Arc<ServedPage>, String> {
        let none = "there is no audit to show yet: it comes with the next run";
        lock(&self.pages).files.get(name).cloned().ok_or_else(|| none.to_owned())
    }

    pub(super) fn checklist_page(&self, release: Option<&str>) -> Result<Arc<ServedPage>, String> {
        let pages = lock(&self.pages);
        let name = release.or(pages.newest_checklist.as_deref());
        let page = name.and_then(|name| pages.files.get(&format!("checklist/{name}")));
        let none = "there is no such checklist yet: it comes with the next run";
        page.cloned().ok_or_else(|| none.to_owned())
    }

    /// The timeline, built at most once a minute.
    pub(super) async fn timeline_page(self: Arc<Self>) -> Result<Arc<ServedPage>, String> {
        let _one = self.building.lock().await;
        let now = (self.setup.clock)();
        if let Some((built, page)) = &lock(&self.pages).timeline
            && now.duration_since(*built).abs() < TIMELINE_AGE
        {
            return Ok(Arc::clone(page));
        }
        let state = Arc::clone(&self);
        let building = tokio::task::spawn_blocking(move || state.build_timeline_page(now));
        building.await.map_err(|_| "the timeline could not be built".to_owned())
    }

    fn build_timeline_page(&self, now: Timestamp) -> Arc<ServedPage> {
        let from = now.checked_sub(SignedDuration::from_hours(24 * TIMELINE_DAYS)).unwrap_or(now);
        let profiles = &self.setup.profiles;
        let built = self
            .setup
            .history
            .to_read()
            .and_then(|mut store| build_timeline(profiles, &mut store, (from, now)));
        let timeline = built.unwrap_or_else(|error| Timeline {
            from,
            to: now,
            timezone: profiles.timezone.clone(),
            environments: Vec::new(),
            rows: Vec::new(),
            marks: Vec::new(),
            notes: vec![self.setup.history.said(&error)],
        });
        let text = render_timeline(&timeline);
        let page = Arc::new(ServedPage::new(text, HTML, now));
        lock(&self.pages).timeline = Some((now, Arc::clone(&page)));
        page
    }
}
