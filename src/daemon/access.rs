//! How the daemon reaches a history: it is opened anew for each piece of work, so that a database
//! that was away is found again.

use std::fmt;
use std::sync::Arc;

use crate::history::{HistoryError, Store};

/// Opens a history; true where one is made if there is none.
type Open = dyn Fn(bool) -> Result<Store, HistoryError> + Send + Sync;

/// A history that can be opened.
#[derive(Clone)]
pub struct HistoryAccess {
    /// What people call it. Nothing of it is a secret.
    pub name: String,
    open: Arc<Open>,
}

impl HistoryAccess {
    /// By what opens it; that is told whether one is made where there is none.
    pub fn new(
        name: String,
        open: impl Fn(bool) -> Result<Store, HistoryError> + Send + Sync + 'static,
    ) -> Self {
        Self { name, open: Arc::new(open) }
    }

    /// Opens it, and makes it where there is none.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn to_write(&self) -> Result<Store, HistoryError> {
        (self.open)(true)
    }

    /// Opens it if it is there.
    ///
    /// # Errors
    /// If it is not there, or cannot be opened.
    pub fn to_read(&self) -> Result<Store, HistoryError> {
        (self.open)(false)
    }

    /// An error of it in words.
    pub fn said(&self, error: &HistoryError) -> String {
        format!("the history {}: {error}; help: {}", self.name, error.advice())
    }
}

impl fmt::Debug for HistoryAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HistoryAccess").field(&self.name).finish()
    }
}
