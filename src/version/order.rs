//! The order within a scheme: total where it exists, for sorting.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::grammar::{generic, kubernetes, package, tail};
use super::identifier::{Identifier, cmp_pre};
use super::number::Number;
use super::reading::{Body, Date, Detail, Reading, Version};
use super::scheme::Scheme;
use super::system::parse_system_name;

/// Orders two readings; `None` where they have no order: texts that are not versions, dates
/// against versions, commits, floating tags, and schemes that share nothing but numbers are
/// ordered by these alone.
#[inline]
pub fn order(a: &Reading, b: &Reading) -> Option<Ordering> {
    if a.scheme() == b.scheme() && is_named_otherwise(a, b) {
        return None;
    }
    order_of_unnamed(a, b)
}

/// Whether two systems or two runtimes are of other names, or one of none.
#[inline]
fn is_named_otherwise(a: &Reading, b: &Reading) -> bool {
    match a.scheme() {
        Scheme::OsImage => parse_system_name(a.text()) != parse_system_name(b.text()),
        Scheme::RuntimeUri => runtime_name(a.text()) != runtime_name(b.text()),
        _ => false,
    }
}

/// The same, whatever systems and runtimes are called: a bound of a range need not name them.
#[inline]
pub(super) fn order_of_unnamed(a: &Reading, b: &Reading) -> Option<Ordering> {
    match (a.body(), b.body()) {
        (Body::Version(_), Body::Version(_)) if a.counting() != b.counting() => None,
        (Body::Version(x), Body::Version(y)) if a.scheme() == b.scheme() => {
            order_within_scheme(a.scheme(), (a, x), (b, y))
        }
        (Body::Version(x), Body::Version(y)) => Some(x.cmp_precedence(y)),
        (Body::Date(x), Body::Date(y)) => order_dates(x, y),
        (Body::Api(x), Body::Api(y)) => Some(x.cmp(y)),
        (Body::Commit(x), Body::Commit(y)) if x.hash == y.hash => Some(Ordering::Equal),
        _ => None,
    }
}

#[inline]
fn order_within_scheme(
    scheme: Scheme,
    (a, x): (&Reading, &Version),
    (b, y): (&Reading, &Version),
) -> Option<Ordering> {
    let precedence = || x.cmp_precedence(y);
    let letter = || tail::trailing_letter(x).cmp(&tail::trailing_letter(y));
    let revisions = || x.revisions.cmp(&y.revisions);
    Some(match scheme {
        Scheme::Generic => libversion::version_compare2(&generic_key(a, x), &generic_key(b, y))
            .then_with(|| x.cmp_updates(y)),
        Scheme::Debian => deb_version::compare_versions(a.text().trim(), b.text().trim()),
        Scheme::Rpm => return package::cmp_rpm(&x.detail, &y.detail),
        Scheme::Apk => return package::cmp_apk(a.text().trim(), b.text().trim()),
        Scheme::Kubernetes => return kubernetes::cmp(x, y),
        Scheme::ImageTag => precedence().then_with(letter).then_with(revisions),
        Scheme::Kernel | Scheme::RuntimeUri | Scheme::PostgreSql => {
            precedence().then_with(revisions)
        }
        Scheme::MySql => precedence().then_with(letter).then_with(revisions),
        Scheme::Semver
        | Scheme::KubernetesApi
        | Scheme::OsImage
        | Scheme::Jvm
        | Scheme::CalVer
        | Scheme::RedisModule
        | Scheme::MinIo => precedence(),
    })
}

/// What libversion is to see: without a name, the `v`, build metadata, commits and counters of
/// updates, and without packaging of a known vendor, whose words it would take for a pre-release.
fn generic_key<'a>(reading: &'a Reading, version: &Version) -> Cow<'a, str> {
    let text = generic::without_name(reading.text().trim());
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let text = text.split('+').next().unwrap_or(text);
    // Behind an epoch's colon stands the version itself.
    let may_have_vendor = version.detail == Detail::None && !version.packaging.contains(':');
    let is_of_vendor = || may_have_vendor && tail::is_vendor_packaging(&version.packaging);
    let is_short = version.detail == Detail::Beginning;
    if is_short || !version.updates().is_empty() || is_of_vendor() {
        return numbers_and_stage(version).into();
    }
    if let [Identifier::Number(_), ..] = version.pre[..] {
        // Go's pseudo-versions: a number is not a stage to libversion.
        let numbers = numbers_and_stage(&Version { pre: Vec::new(), ..version.clone() });
        return format!("{numbers}alpha0.{}", version.pre_canonical()).into();
    }
    let is_commit = |piece: &&str| tail::is_abbreviated_commit(piece);
    let pieces = || text.split(['-', '_', '~', '.', ' ']);
    if pieces().any(|piece| is_commit(&piece)) {
        return pieces().filter(|piece| !is_commit(piece)).collect::<Vec<_>>().join(".").into();
    }
    text.into()
}

fn numbers_and_stage(version: &Version) -> String {
    let numbers: Vec<String> = version.release.iter().map(ToString::to_string).collect();
    format!("{}{}", numbers.join("."), version.pre_canonical())
}

/// Two lines (`jammy`, `noble`) have no order; within a day numbers count, and nothing else.
fn order_dates(a: &Date, b: &Date) -> Option<Ordering> {
    if a.before != b.before {
        return None;
    }
    let year = |date: &Date| if date.year < 100 { date.year + 2000 } else { date.year };
    let days = (year(a), a.month, a.day, &a.micro).cmp(&(year(b), b.month, b.day, &b.micro));
    let by_day = days.then_with(|| cmp_pre(&a.pre, &b.pre));
    if by_day.is_ne() || a.behind == b.behind {
        return Some(by_day);
    }
    let count = |date: &Date| Number::parse(&date.behind);
    let counts = |date: &Date| date.behind.is_empty() || count(date).is_some();
    (counts(a) && counts(b)).then(|| count(a).cmp(&count(b)))
}

/// The name before `://`.
pub(super) fn runtime_name(text: &str) -> &str {
    text.trim().split_once("://").map_or("", |(name, _)| name)
}
