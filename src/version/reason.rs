//! Why two readings have no order, in words.

use super::level::Incomparable;
use super::reading::{Body, Counting, Reading};
use super::scheme::Scheme;

impl Incomparable {
    /// The reason in words that fit behind "have no order: ".
    pub fn reason(self, a: &Reading, b: &Reading) -> &'static str {
        match self {
            Self::Floating => "a tag that moves",
            Self::Unreleased => "a build that was never released",
            Self::Opaque => of_texts(a, b),
            Self::SchemeMismatch => of_schemes(a, b),
        }
    }
}

fn of_texts(a: &Reading, b: &Reading) -> &'static str {
    match (a.body(), b.body()) {
        (Body::Commit(_), Body::Commit(_)) => "commits are not ordered",
        (Body::Opaque, _) | (_, Body::Opaque) => "a text that says no version",
        (Body::Date(_), _) | (_, Body::Date(_)) => "one is a commit, the other a date",
        _ => "one is a commit, the other a version",
    }
}

fn of_schemes(a: &Reading, b: &Reading) -> &'static str {
    let is_any = |counting| a.counting() == counting || b.counting() == counting;
    match (a.body(), b.body()) {
        (Body::Date(_), Body::Date(_)) => "dates of two different lines",
        (Body::Date(_), _) | (_, Body::Date(_)) => "one is a date, the other a version",
        (Body::Api(_), Body::Api(_)) => "API versions of different groups or majors",
        (Body::Version(_), Body::Version(_)) => match a.scheme() {
            Scheme::OsImage => "different operating systems",
            Scheme::RuntimeUri => "different container runtimes",
            _ if is_any(Counting::Builds) => "one is a build number, the other a version",
            _ if is_any(Counting::Years) => "one begins with a year, the other does not",
            _ => "they are numbered in different ways",
        },
        _ => "they are numbered in different ways",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{Level, difference, read};

    #[test]
    fn each_reason_has_words_of_its_own() {
        for (scheme, a, b, want) in [
            (Scheme::ImageTag, "sha-3f2a9bc", "sha-8cb36c9", "commits are not ordered"),
            (Scheme::ImageTag, "sha-3f2a9bc", "1.2.3", "one is a commit, the other a version"),
            (Scheme::ImageTag, "sha-3f2a9bc", "20240101", "one is a commit, the other a date"),
            (Scheme::ImageTag, "20240101", "1.2.3", "one is a date, the other a version"),
            (Scheme::ImageTag, "sid-20240101", "trixie-20240101", "dates of two different lines"),
            (Scheme::ImageTag, "1041", "v22", "one is a build number, the other a version"),
            (Scheme::ImageTag, "2021.11.28", "2.4", "one begins with a year, the other does not"),
            (Scheme::ImageTag, "latest", "1.2.3", "a tag that moves"),
            (Scheme::Generic, "strange", "1.2.3", "a text that says no version"),
            (Scheme::Generic, "0.0.0", "1.2.3", "a build that was never released"),
            (Scheme::OsImage, "Debian 12", "Ubuntu 24.04", "different operating systems"),
            (Scheme::RuntimeUri, "docker://1.2.3", "cri-o://1.2.3", "different container runtimes"),
            (Scheme::KubernetesApi, "v1", "v2", "API versions of different groups or majors"),
        ] {
            let (a, b) = (read(scheme, a), read(scheme, b));
            let level = difference(&a, &b).level;
            let Level::Incomparable(why) = level else { panic!("{a} {b}: {level:?}") };
            assert_eq!(why.reason(&a, &b), want, "{a} {b}");
            assert_eq!(why.reason(&b, &a), want, "{b} {a}");
        }
    }
}
