//! Series that are sums over commands: `walk` and `logins`.
//!
//! They are made when a bucket closes, so that hours keep the worst bucket of the sum, which is not
//! the sum of the worst. From stored buckets they are made again by the list of today.

use std::collections::BTreeMap;

use super::commands::CommandLists;
use crate::model::{Bucket, BucketFlags, PlaceBuckets, Series};

/// Makes the derived series of all buckets anew.
pub fn set_derived(place: &mut PlaceBuckets, lists: &CommandLists) {
    let walk = sum_of(place, &lists.walking().collect::<Vec<_>>());
    let logins = sum_of(place, &lists.logins().collect::<Vec<_>>());
    for (series, rows) in [(Series::Walk(lists.digest()), walk), (Series::Logins, logins)] {
        if rows.is_empty() {
            place.buckets.remove(&series);
        } else {
            place.buckets.insert(series, rows);
        }
    }
}

/// What of `up` holds for a sum in which commands may be absent.
fn marks_of_absent(up: &Bucket) -> BucketFlags {
    let marks = BucketFlags::RESTART
        | BucketFlags::RESET
        | BucketFlags::SPREAD
        | BucketFlags::LATE
        | BucketFlags::AT_LEAST
        | BucketFlags::UNPROVEN;
    let is_open = up.flags.contains(BucketFlags::UNPROVEN);
    up.flags.only(marks) | BucketFlags::AT_LEAST.when(is_open)
}

fn sum_of(place: &PlaceBuckets, commands: &[&str]) -> Vec<Bucket> {
    let mut sums: BTreeMap<i64, Bucket> = BTreeMap::new();
    for up in place.buckets.get(&Series::Up).into_iter().flatten() {
        let sum = Bucket { a: 0.0, b: 0.0, flags: marks_of_absent(up), ..*up };
        sums.insert(up.at, sum);
    }
    for command in commands {
        let series = Series::Command((*command).to_owned());
        for row in place.buckets.get(&series).into_iter().flatten() {
            let empty = Bucket { a: 0.0, b: 0.0, ..*row };
            let sum = sums.entry(row.at).or_insert(empty);
            sum.a += row.a;
            sum.b += row.b;
            sum.flags |= row.flags;
        }
    }
    let series = Series::Logins;
    sums.into_values().filter(|row| series.is_stored(row)).collect()
}
