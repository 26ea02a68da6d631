//! Webhooks: the text that Slack and what imitates it take, and JSON for programs. Pure.

use serde_json::{Value as Json, json};

use crate::notify::notice::Notice;
use crate::notify::text::{body, without_calls};

/// What Slack's incoming webhooks take, and those of Mattermost and Rocket.Chat. `<!here>` and links
/// begin with `<`, which is escaped as Slack wants it; there is no markup to be read.
/// <https://docs.slack.dev/messaging/formatting-message-text>
pub(super) fn slack(notice: &Notice, link: Option<&str>) -> Json {
    json!({
        "text": body(notice, link, escaped),
        "mrkdwn": false,
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn escaped(text: &str) -> String {
    without_calls(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Every field by itself, and the text that people are shown.
pub(super) fn json(notice: &Notice, link: Option<&str>) -> Json {
    json!({
        "apiVersion": "envparity/v1",
        "kind": "Notice",
        "event": notice.kind.as_str(),
        "about": notice.about,
        "verdict": notice.verdict,
        "title": notice.title,
        "reasons": notice.lines,
        "environments": notice.environments,
        "release": notice.release,
        "run": notice.run,
        "at": notice.at.to_string(),
        "link": link,
        "text": body(notice, link, without_calls),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::notify::notice::test_notice;

    #[test]
    fn slack_sees_text_and_nothing_else() {
        let mut notice = test_notice(Timestamp::UNIX_EPOCH);
        notice.title = "NO-GO <!channel> & @here".to_owned();
        notice.lines = vec!["<https://evil.example|click> \"quoted\" \\u0041".to_owned()];
        let text = slack(&notice, Some("https://parity.internal/?a=1&b=2"))["text"].to_string();
        for bad in ["<", ">", "@here", "@channel"] {
            assert!(!text.contains(bad), "{bad} in {text}");
        }
        assert!(text.contains("&lt;!channel&gt; &amp; @\u{200b}here"), "{text}");
        assert!(text.contains("https://parity.internal/?a=1&amp;b=2"), "{text}");
        // What programs read is what was said, but for whom it would call.
        let json = json(&notice, None);
        assert_eq!(json["title"], "NO-GO <!channel> & @here");
        let text = json["text"].as_str().unwrap();
        assert!(text.contains("<!channel> & @\u{200b}here"), "{text}");
    }
}
