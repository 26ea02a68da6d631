//! Why something was not read, as the public report has it.

use crate::model::Failure;
use crate::wire::report as v1;

pub(super) fn failure_dto(failure: &Failure) -> v1::Failure {
    v1::Failure {
        kind: failure.kind.as_str().to_owned(),
        message: failure.message.clone(),
        advice: failure.advice.clone(),
    }
}
