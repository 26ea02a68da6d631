//! What a target may make the program hold, in bytes. Pure.

use crate::model::{Failure, FailureKind};

/// A budget. What is held is charged to it; a charge that it cannot bear is a failure.
#[derive(Debug)]
pub(super) struct Account {
    left: usize,
    limit: usize,
    /// What is held, for messages.
    what: String,
}

impl Account {
    pub(super) fn new(limit: usize, what: impl Into<String>) -> Self {
        Self { left: limit, limit, what: what.into() }
    }

    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Failure> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            let message = format!("{} would take more than {} MiB", self.what, self.limit >> 20);
            Failure::new(FailureKind::TooLarge, message)
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_to_its_last_byte_and_no_further() {
        let mut account = Account::new(1 << 20, "the list");
        account.charge((1 << 20) - 1).unwrap();
        account.charge(1).unwrap();
        let failure = account.charge(1).unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLarge);
        assert_eq!(failure.message, "the list would take more than 1 MiB");
        assert!(account.charge(usize::MAX).is_err());
    }
}
