//! Datadog's events API, version 1. Pure.
//! <https://docs.datadoghq.com/api/latest/events/#post-an-event>

use hyper::header::HeaderName;
use serde_json::{Value as Json, json};

use crate::notify::notice::{Notice, NoticeKind};
use crate::notify::text::{body, cut, without_calls};

/// Who sends it.
pub(super) const KEY: HeaderName = HeaderName::from_static("dd-api-key");

/// Limits of the API.
const AGGREGATION_KEY: usize = 100;
const TITLE: usize = 100;
const TAG: usize = 200;

/// Of an intake: `https://api.datadoghq.eu`.
pub(super) fn events_url(intake: &str) -> String {
    format!("{}/api/v1/events", intake.trim_end_matches('/'))
}

pub(super) fn event(notice: &Notice, link: Option<&str>) -> Json {
    let mut tags = vec!["source:envparity".to_owned(), format!("verdict:{}", tag(&notice.verdict))];
    tags.extend(notice.environments.iter().map(|name| format!("environment:{}", tag(name))));
    tags.extend(notice.release.iter().map(|name| format!("release:{}", tag(name))));
    json!({
        "title": escaped(&cut(&notice.title, TITLE)),
        "text": body(notice, link, escaped),
        "aggregation_key": cut(&notice.about, AGGREGATION_KEY),
        "alert_type": alert_type(notice.kind, &notice.verdict),
        "date_happened": notice.at.as_second(),
        "tags": tags.iter().map(|tag| cut(tag, TAG)).collect::<Vec<_>>(),
    })
}

fn alert_type(kind: NoticeKind, verdict: &str) -> &'static str {
    use NoticeKind as K;
    match kind {
        K::NoGo | K::NewBlocking | K::RollBack | K::Incident => "error",
        K::Go | K::Recovered | K::IncidentEnd => "success",
        K::Incomplete | K::Unstable | K::WaiverExpiry | K::MissedRuns => "warning",
        K::Stable if verdict == "go" => "success",
        K::Stable if verdict == "incomplete" => "warning",
        K::Stable => "error",
        K::Test => "info",
    }
}

/// `%%%` at the beginning of a text makes it Markdown, and `@name` in it calls somebody.
fn escaped(text: &str) -> String {
    without_calls(text).replace("%%", "%\u{200b}%")
}

/// What may stand in a tag; Datadog makes underscores of everything else.
fn tag(text: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    text.to_lowercase().chars().map(|c| if fits(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::notify::notice::test_notice;

    #[test]
    fn an_event_has_what_datadog_sorts_by() {
        let notice = Notice {
            kind: NoticeKind::NoGo,
            about: format!("qualif -> {}", "x".repeat(200)),
            title: "%%% NO-GO @all-hands".to_owned(),
            verdict: "no-go".to_owned(),
            environments: vec!["qualif".to_owned(), "OVH production".to_owned()],
            release: Some("v22,x".to_owned()),
            ..test_notice(Timestamp::from_second(1_775_000_000).unwrap())
        };
        let event = event(&notice, None);
        assert_eq!(event["alert_type"], "error");
        assert_eq!(event["date_happened"], 1_775_000_000);
        assert_eq!(event["aggregation_key"].as_str().unwrap().chars().count(), 100);
        let wanted = [
            "source:envparity",
            "verdict:no-go",
            "environment:qualif",
            "environment:ovh_production",
            "release:v22_x",
        ];
        assert_eq!(event["tags"], json!(wanted));
        for text in [&event["title"], &event["text"]] {
            let text = text.as_str().unwrap();
            assert!(!text.contains("%%%") && !text.contains("@all"), "{text}");
        }
        assert_eq!(
            events_url("https://api.datadoghq.eu/"),
            "https://api.datadoghq.eu/api/v1/events"
        );
    }
}
