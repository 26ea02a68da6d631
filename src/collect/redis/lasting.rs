//! Sessions that stay open from one question to the next, for who asks again and again: one for
//! each server, opened anew where it has ended.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Sample, Secret};

/// Open sessions by the address of their server.
pub(super) struct LastingSessions<S>(Mutex<BTreeMap<String, LastingSession<S>>>);

/// A session, and what it began with.
pub(super) struct LastingSession<S> {
    pub(super) session: S,
    /// Which of the sections that are asked for one after the other was answered.
    pub(super) section: usize,
    password: Option<Secret>,
}

impl<S> Default for LastingSessions<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S> LastingSessions<S> {
    /// The open session with a server; `None` if there is none that began with this password. Who
    /// takes it and does not put it back has ended it.
    pub(super) fn take_session(
        &self,
        place: &str,
        password: Option<&Secret>,
    ) -> Option<LastingSession<S>> {
        let lasting = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(place)?;
        let own = lasting.password.as_ref().map(Secret::expose);
        (own == password.map(Secret::expose)).then_some(lasting)
    }

    /// Keeps a session open until its server is asked again.
    pub(super) fn put_session(
        &self,
        place: String,
        session: S,
        section: usize,
        password: Option<Secret>,
    ) {
        let lasting = LastingSession { session, section, password };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place, lasting);
    }
}

/// What a server was asked for one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OwnQuestions {
    /// Sessions that were opened: each begins with HELLO or AUTH.
    pub(super) sessions: u32,
    /// Questions before the one that was answered.
    pub(super) before: usize,
}

impl OwnQuestions {
    /// Notes it beside what the server had counted, of which it is a part.
    pub(super) fn note_in(self, sample: &mut Sample) {
        // A server knows three sections at most that are asked for one after the other.
        let before = u32::try_from(self.before).unwrap_or(u32::MAX);
        for (name, number) in
            [(Sample::OWN_SESSIONS, self.sessions), (Sample::OWN_QUESTIONS, before)]
        {
            sample.counters.add_item(Sample::OWN, name, f64::from(number));
        }
    }
}
