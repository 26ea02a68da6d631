//! Where well-known services tell their version over HTTP: one row each, as their manuals say it.

/// What a service answers, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HttpPreset {
    /// The name in a profile, and of the product in the product data.
    pub(super) name: &'static str,
    /// What is asked for, where the URL has no path.
    pub(super) path: &'static str,
    /// Where in the answer the version is.
    pub(super) place: VersionPlace,
    /// What only this service says: a JSON pointer, and the text that it leads to.
    pub(super) proof: Option<(&'static str, &'static str)>,
}

/// A place in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VersionPlace {
    /// A JSON pointer.
    Pointer(&'static str),
    /// The first group of an expression, in the body.
    Regex(&'static str),
    /// A header, and an expression if it holds more than the version.
    Header(&'static str, Option<&'static str>),
}

use VersionPlace::{Header, Pointer, Regex};

const fn row(name: &'static str, path: &'static str, place: VersionPlace) -> HttpPreset {
    HttpPreset { name, path, place, proof: None }
}

const fn proven(preset: HttpPreset, pointer: &'static str, text: &'static str) -> HttpPreset {
    HttpPreset { proof: Some((pointer, text)), ..preset }
}

/// By name.
pub(super) const PRESETS: [HttpPreset; 13] = [
    row("consul", "/v1/agent/self", Pointer("/Config/Version")),
    // OpenSearch answers the same question with versions of its own.
    proven(
        row("elasticsearch", "/", Pointer("/version/number")),
        "/tagline",
        "You Know, for Search",
    ),
    row("gitlab", "/api/v4/version", Pointer("/version")),
    row("grafana", "/api/health", Pointer("/version")),
    row("jenkins", "/login", Header("X-Jenkins", None)),
    row("keycloak", "/admin/serverinfo", Pointer("/systemInfo/version")),
    row(
        "minio",
        "/minio/v2/metrics/node",
        Regex(r#"minio_software_version_info\{[^}]*\bversion="([^"]+)""#),
    ),
    row("nexus", "/service/rest/v1/status", Header("Server", Some(r"Nexus/(\S+)"))),
    row("nginx", "/", Header("Server", Some(r"nginx/(\S+)"))),
    proven(
        row("opensearch", "/", Pointer("/version/number")),
        "/version/distribution",
        "opensearch",
    ),
    proven(
        row("prometheus", "/api/v1/status/buildinfo", Pointer("/data/version")),
        "/status",
        "success",
    ),
    row("rabbitmq", "/api/overview", Pointer("/rabbitmq_version")),
    row("vault", "/v1/sys/seal-status", Pointer("/version")),
];

/// The preset of that name.
pub(super) fn by_name(name: &str) -> Option<&'static HttpPreset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::http::parse::Finder;

    /// Parts of answers as the manuals of the services show them.
    const ANSWERS: [(&str, &str, &str); 10] = [
        (
            "consul",
            r#"{"Config":{"Datacenter":"dc1","NodeName":"a","Version":"1.17.0"},"Coord":{}}"#,
            "1.17.0",
        ),
        (
            "elasticsearch",
            r#"{"name":"a","version":{"number":"8.11.1","build_flavor":"default"},"tagline":"You Know, for Search"}"#,
            "8.11.1",
        ),
        ("gitlab", r#"{"version":"16.6.1-ee","revision":"225c2e"}"#, "16.6.1-ee"),
        ("grafana", r#"{"commit":"f1b8b3","database":"ok","version":"10.2.2"}"#, "10.2.2"),
        (
            "keycloak",
            r#"{"systemInfo":{"version":"22.0.5","serverTime":"x"},"memoryInfo":{}}"#,
            "22.0.5",
        ),
        (
            "minio",
            "# TYPE minio_software_version_info gauge\nminio_software_version_info{commit=\"ab\",server=\"127.0.0.1:9000\",version=\"2023-11-20T22:40:07Z\"} 1\n",
            "2023-11-20T22:40:07Z",
        ),
        (
            "opensearch",
            r#"{"name":"a","version":{"distribution":"opensearch","number":"2.11.0"},"tagline":"The OpenSearch Project"}"#,
            "2.11.0",
        ),
        (
            "prometheus",
            r#"{"status":"success","data":{"version":"2.42.0","revision":"x"}}"#,
            "2.42.0",
        ),
        (
            "rabbitmq",
            r#"{"management_version":"3.12.10","product_name":"RabbitMQ","rabbitmq_version":"3.12.10"}"#,
            "3.12.10",
        ),
        (
            "vault",
            r#"{"type":"shamir","initialized":true,"sealed":false,"version":"1.15.4"}"#,
            "1.15.4",
        ),
    ];

    fn finder(name: &str) -> Finder {
        Finder::of_preset(by_name(name).unwrap())
    }

    #[test]
    fn each_documented_answer_tells_its_version() {
        for (name, answer, version) in ANSWERS {
            let found = finder(name).version(answer.as_bytes(), "it", None);
            assert_eq!(found.as_deref().map_err(|f| f.message.as_str()), Ok(version), "{name}");
        }
        for (name, header, version) in [
            ("jenkins", "2.426.1", "2.426.1"),
            ("nexus", "Nexus/3.63.0-01 (OSS)", "3.63.0-01"),
            ("nginx", "nginx/1.22.1", "1.22.1"),
        ] {
            let found = finder(name).version(header.as_bytes(), "it", None);
            assert_eq!(found.as_deref().map_err(|f| f.message.as_str()), Ok(version), "{name}");
        }
    }

    #[test]
    fn one_product_is_not_taken_for_another() {
        let answer = |name: &str| ANSWERS.iter().find(|row| row.0 == name).unwrap().1;
        for (preset, other) in [("elasticsearch", "opensearch"), ("opensearch", "elasticsearch")] {
            let told = finder(preset).version(answer(other).as_bytes(), "it", None).unwrap_err();
            assert!(told.message.contains(&format!("is not that of {preset}")), "{told:?}");
        }
        // Without a version there is none.
        assert!(finder("nginx").version(b"nginx", "it", None).is_err());
    }

    #[test]
    fn presets_stand_in_order() {
        assert!(PRESETS.is_sorted_by_key(|preset| preset.name));
    }
}
