//! How the indicators of a target went over the last day, for a small drawing. Pure.

use super::told::TargetLoad;
use crate::model::{BucketedLoad, LoadCourse, LoadSpan};
use crate::trend::{
    CommandLists, LoadIndicator, TrendFigure, TrendPoint, Window, WindowKind, trend_points,
};

/// Parts of a day: a quarter of an hour each.
const PARTS: i64 = 96;

/// Those indicators of which anything is known.
pub(super) fn load_courses(load: &TargetLoad, asked: &[Window]) -> Vec<LoadCourse> {
    let told: Vec<&BucketedLoad> =
        load.sources.iter().filter_map(|source| source.told.as_ref().ok()).collect();
    let day = asked.iter().find(|window| window.kind == WindowKind::Day);
    let Some(span) = day.map(|window| window.span).filter(|_| !told.is_empty()) else {
        return Vec::new();
    };
    let lists = CommandLists::builtin_lists();
    let mut courses = Vec::new();
    for indicator in LoadIndicator::ALL {
        let points = trend_points(&told, &TrendFigure::Load(indicator), span, &lists);
        let parts = worst_by_part(points.values().flatten(), span);
        if parts.iter().any(Option::is_some) {
            courses.push(LoadCourse { indicator: indicator.as_str(), parts });
        }
    }
    courses
}

/// The worst of all servers in each part.
fn worst_by_part<'a>(
    points: impl Iterator<Item = &'a TrendPoint>,
    span: LoadSpan,
) -> Vec<Option<f64>> {
    let part = |at: i64| (at - span.from) * PARTS / span.seconds().max(1);
    let mut parts = vec![None; usize::try_from(PARTS).unwrap_or_default()];
    for point in points {
        let Some(value) = point.value else { continue };
        for index in part(point.at - point.seconds)..=part(point.at - 1) {
            let index = usize::try_from(index).ok();
            if let Some(own) = index.and_then(|index| parts.get_mut(index)) {
                *own = Some(own.map_or(value, |known: f64| known.max(value)));
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BucketFlags;

    #[test]
    fn a_part_has_its_worst_point_and_none_where_nothing_is_known() {
        let span = LoadSpan { from: 86_400, to: 2 * 86_400 };
        let point = |at: i64, seconds, value| TrendPoint {
            at: span.from + at,
            seconds,
            value: Some(value),
            is_at_least: false,
            flags: BucketFlags::NONE,
        };
        let points = [
            point(300, 300, 0.1),
            point(600, 300, 0.3),
            point(1_200, 300, 0.0),
            point(7_200, 3_600, 0.2),
        ];
        let parts = worst_by_part(points.iter(), span);
        assert_eq!(parts.len(), 96);
        let known = [Some(0.3), Some(0.0), None, None, Some(0.2), Some(0.2), Some(0.2), Some(0.2)];
        assert_eq!(parts[..8], known);
        assert!(parts[8..].iter().all(Option::is_none));
    }
}
