//! The order within a scheme: total where it exists, for sorting.

use std::cmp::Ordering;

use super::grammar::{generic, kubernetes, package};
use super::number::Number;
use super::reading::{Body, Date, Detail, Reading, Version, cmp_pre};
use super::scheme::Scheme;

/// Orders two readings; `None` where they have no order: texts that are no versions, dates
/// against versions, commits, floating tags, and schemes that share nothing but numbers are
/// ordered by these alone.
pub fn order(a: &Reading, b: &Reading) -> Option<Ordering> {
    match (a.body(), b.body()) {
        (Body::Version(x), Body::Version(y)) if a.scheme() == b.scheme() => {
            within(a.scheme(), (a, x), (b, y))
        }
        (Body::Version(x), Body::Version(y)) => Some(x.cmp_precedence(y)),
        (Body::Date(x), Body::Date(y)) => Some(dates(x, y)),
        (Body::Api(x), Body::Api(y)) => Some(x.cmp(y)),
        (Body::Commit(x), Body::Commit(y)) if x == y => Some(Ordering::Equal),
        _ => None,
    }
}

fn within(
    scheme: Scheme,
    (a, x): (&Reading, &Version),
    (b, y): (&Reading, &Version),
) -> Option<Ordering> {
    let precedence = || x.cmp_precedence(y);
    let letter = || generic::letter(x).cmp(&generic::letter(y));
    let revisions = || x.revisions.cmp(&y.revisions);
    Some(match scheme {
        Scheme::Generic => libversion::version_compare2(&generic_key(a, x), &generic_key(b, y)),
        Scheme::Debian => deb_version::compare_versions(a.text().trim(), b.text().trim()),
        Scheme::Rpm => return package::cmp_rpm(&x.detail, &y.detail),
        Scheme::Apk => return package::cmp_apk(a.text().trim(), b.text().trim()),
        Scheme::Kubernetes => return kubernetes::cmp(x, y),
        Scheme::ImageTag => precedence().then_with(letter).then_with(revisions),
        Scheme::Kernel | Scheme::RuntimeUri => precedence().then_with(revisions),
        Scheme::MySql => precedence().then_with(letter),
        Scheme::Semver
        | Scheme::KubernetesApi
        | Scheme::OsImage
        | Scheme::Jvm
        | Scheme::CalVer
        | Scheme::PostgreSql
        | Scheme::RedisModule
        | Scheme::MinIo => precedence(),
    })
}

/// What libversion is to see: without the `v`, without build metadata, and without packaging of
/// a known vendor, whose words it would take for a pre-release.
fn generic_key(reading: &Reading, version: &Version) -> String {
    let text = generic::without_equals(reading.text().trim());
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let text = text.split('+').next().unwrap_or(text);
    // Behind an epoch's colon stands the version itself.
    let has_vendor_packaging = version.detail == Detail::None && !version.packaging.contains(':');
    if has_vendor_packaging && generic::is_vendor_packaging(&version.packaging) {
        let numbers: Vec<String> = version.release.iter().map(ToString::to_string).collect();
        return format!("{}{}", numbers.join("."), version.pre_canonical());
    }
    text.to_owned()
}

fn dates(a: &Date, b: &Date) -> Ordering {
    let year = |date: &Date| if date.year < 100 { date.year + 2000 } else { date.year };
    let line = |date: &Date| generic::numbers(&date.before).map(|(numbers, _)| numbers);
    let count = |date: &Date| Number::parse(&date.behind);
    let days = (year(a), a.month, a.day, &a.micro).cmp(&(year(b), b.month, b.day, &b.micro));
    // Of two lines, the day says nothing: `16.4-20240910` is newer than any build of 15.8.
    let lines = line(a).cmp(&line(b)).then_with(|| a.before.cmp(&b.before));
    lines
        .then(days)
        .then_with(|| cmp_pre(&a.pre, &b.pre))
        .then_with(|| count(a).cmp(&count(b)).then_with(|| a.behind.cmp(&b.behind)))
}
