//! What one server did in one bucket, as far as it is watched. Pure.

use std::collections::BTreeMap;

use crate::model::{Bucket, BucketFlags, BucketLength, PlaceBuckets, Series};
use crate::trend::{CommandLists, LoadIndicator};

/// What is known of one figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BucketFigure {
    /// It is this.
    Known(f64),
    /// It is this or more: samples are missing.
    AtLeast(f64),
    /// Nothing tells.
    Unknown,
}

/// A command that walks, and its part of the bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkingCommand {
    /// Lower case: `keys`.
    pub name: String,
    /// Calls in the bucket.
    pub calls: f64,
    /// Its share of the time, 0.3 is 30 %.
    pub share: f64,
}

/// What one server did in one bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerBucket {
    /// Each figure that is judged.
    pub figures: BTreeMap<LoadIndicator, BucketFigure>,
    /// Commands that walk, the most expensive first.
    pub walking: Vec<WalkingCommand>,
    /// How long it is.
    pub seconds: f64,
}

/// A bucket that is covered for less of its length is a lower bound only.
const FULL_SHARE: f64 = 0.8;

impl BucketFigure {
    /// What it is at least; `None` if nothing tells.
    pub fn least(self) -> Option<f64> {
        match self {
            Self::Known(value) | Self::AtLeast(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl ServerBucket {
    /// From the buckets of a server, which hold this one alone.
    pub fn new(
        buckets: &PlaceBuckets,
        wanted: &[LoadIndicator],
        length: BucketLength,
        lists: &CommandLists,
    ) -> Self {
        let row = |series: &Series| buckets.buckets.get(series)?.last();
        let up = row(&Series::Up);
        let of = |indicator: &LoadIndicator| {
            let found = row(&indicator.series_of(lists));
            (*indicator, figure(*indicator, up, found, length))
        };
        let mut walking: Vec<WalkingCommand> = lists
            .walking()
            .filter_map(|name| {
                let row = row(&Series::Command(name.to_owned()))?;
                let share = row.b / 1e6 / length.as_f64();
                Some(WalkingCommand { name: name.to_owned(), calls: row.a, share })
            })
            .filter(|command| command.calls > 0.0)
            .collect();
        walking.sort_by(|a, b| b.share.total_cmp(&a.share));
        let figures = wanted.iter().map(of).collect();
        Self { figures, walking, seconds: length.as_f64() }
    }
}

fn figure(
    indicator: LoadIndicator,
    up: Option<&Bucket>,
    found: Option<&Bucket>,
    length: BucketLength,
) -> BucketFigure {
    let Some(up) = up else { return BucketFigure::Unknown };
    if up.flags.contains(BucketFlags::OTHER_SERVER) {
        return BucketFigure::Unknown;
    }
    let flags = found.map_or(up.flags, |row| row.flags);
    let open =
        [BucketFlags::AT_LEAST, BucketFlags::UNPROVEN, BucketFlags::UNTIMED, BucketFlags::SPREAD];
    let is_open = open.into_iter().any(|mark| flags.contains(mark))
        || up.covered < FULL_SHARE * length.as_f64();
    let value = found.map_or(0.0, |row| indicator.value_in_bucket((row.a, row.b), length));
    if is_open { BucketFigure::AtLeast(value) } else { BucketFigure::Known(value) }
}
