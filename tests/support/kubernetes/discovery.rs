//! What a server says about itself: its version, and which resources it has. `kubectl` asks before
//! everything else.

use serde_json::{Value, json};

use super::cluster::fixture;
use super::list::{RESOURCES, Store};

/// `None` for a path that is not one of these.
pub(super) fn answer(path: &str, store: &Store) -> Option<Vec<u8>> {
    let body = match path {
        "/version" | "/version/" => store.version.clone(),
        "/api" => fixture("api"),
        "/apis" => fixture("apis"),
        _ => resources(path)?,
    };
    Some(store.laid_out(&body).into_bytes())
}

/// The resources of a group and version. It was not recorded; a group that the recorded `/apis`
/// names and that has none here has an empty list.
fn resources(path: &str) -> Option<Value> {
    let group_version = path
        .strip_prefix("/apis/")
        .or_else(|| path.strip_prefix("/api/").filter(|v| *v == "v1"))?;
    let groups = fixture("apis");
    let versions = groups["groups"]
        .as_array()?
        .iter()
        .filter_map(|group| group["versions"].as_array())
        .flatten();
    let mut versions = versions.filter_map(|version| version["groupVersion"].as_str());
    if path != "/api/v1" && !versions.any(|known| known == group_version) {
        return None;
    }
    let here = RESOURCES.iter().filter(|resource| resource.api_version() == group_version);
    let entries = here.map(|resource| {
        json!({
            "name": resource.name, "singularName": resource.kind.to_lowercase(), "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": ["get", "list"],
        })
    });
    let entries: Vec<Value> = entries.collect();
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries,
    }))
}
