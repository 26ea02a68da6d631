//! Which of several processes over one history does what only one may do. The lock is the
//! database's: it ends with the process or its connection, however that ends.

use super::error::HistoryError;
use super::sql::Leading;
use super::store::Store;

impl Store {
    /// Asks to be the one that runs schedules. The lock is held until this store is dropped.
    ///
    /// # Errors
    /// If the database does not answer.
    pub fn try_lead(&mut self) -> Result<Leading, HistoryError> {
        self.check_schema()?;
        self.sql.try_lead()
    }

    /// Whether this process is still the one: a connection that was lost has lost the lock.
    ///
    /// # Errors
    /// If the database does not answer: then it is not.
    pub fn still_leads(&mut self) -> Result<bool, HistoryError> {
        self.sql.still_leads()
    }
}
