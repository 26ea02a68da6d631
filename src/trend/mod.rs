//! Load over time: counters become buckets, buckets hours, and windows of these are judged. Pure.
//!
//! What a source tells is a [`Load`](crate::model::Load): raw counters. `bucket` makes differences
//! of it and `hour` folds them; `reading` has the figures of windows over both, and `judgement` the
//! criteria. `identity` judges the clock of a source and whose samples are. What is not known is a reason of `unknown`, and
//! never a figure.

mod bucket;
mod commands;
pub mod config;
mod coverage;
mod criteria;
mod cut;
mod delta;
mod derived;
mod hour;
mod identity;
mod indicator;
mod judgement;
mod mark;
mod moment;
mod point;
mod reading;
mod sliding;
mod statistic;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unknown;
mod watched;
mod window;
mod zero;

pub use bucket::{make_buckets, steps_of_samples};
pub use commands::CommandLists;
pub use coverage::WindowCoverage;
pub use criteria::{LoadCriteria, LoadCriterion};
pub use derived::set_derived;
pub use hour::hours_of;
pub use identity::{ClockState, clock_state, identity_of_samples};
pub use indicator::{LoadIndicator, LoadPeak, shown_value, time_per_call};
pub use judgement::{
    ComparedBase, CriterionJudged, CriterionOutcome, CriterionTest, judge_windows,
    unknown_of_indicator,
};
pub use point::{TrendFigure, TrendPoint, known_commands, trend_points};
pub use reading::{TargetWindows, WindowRead, read_windows};
pub use statistic::{UnprovenBuckets, WindowStatistic};
pub use unknown::{Unknown, UnprovenCause};
pub use watched::{WatchedCalls, WatchedSlice};
pub use window::{Window, WindowKind, window_end};
pub use zero::{CallsInSpan, calls_in_span};
