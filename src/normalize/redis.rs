//! A server that answers INFO, as the component `redis/<target>` whatever the product; nodes and
//! replicas are instances of it, each by what it says itself.
//!
//! Product identity: Valkey reports `redis_version:7.2.4` for ever; its own version stands in
//! `valkey_version`. A server that names itself is believed before `redis_version` is.

use std::collections::BTreeMap;

use super::{Builder, Instance, PLATFORM, Said};
use crate::model::{ComponentName, Field, Identity, Locator, TargetEvidence};
use crate::version::Scheme;

/// Settings that are compared, and the lines of INFO that tell them (the first that is there).
/// Never sizes: they differ between environments on purpose.
const SETTINGS: &[(&str, &[&str])] = &[
    ("maxmemory_policy", &["maxmemory_policy"]),
    ("aof_enabled", &["aof_enabled"]),
    ("mode", &["redis_mode", "server_mode", "valkey_mode"]),
];

/// What one server says; its place is empty if it is the target itself.
struct Server<'a> {
    place: &'a str,
    fields: Vec<&'a Field>,
}

impl Server<'_> {
    fn says(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }
}

pub(super) fn add(builder: &mut Builder<'_>, target: &TargetEvidence) {
    let mut places: BTreeMap<&str, Vec<&Field>> = BTreeMap::new();
    for field in &target.fields {
        places.entry(&field.place).or_default().push(field);
    }
    for (place, fields) in places {
        add_server(builder, target, &Server { place, fields });
    }
}

fn add_server(builder: &mut Builder<'_>, target: &TargetEvidence, server: &Server<'_>) {
    let name = ComponentName::from(target.id.as_str());
    let Some((product, version)) = identify(builder, server) else { return };
    let locator = Locator { container: server.place.to_owned(), ..Locator::default() };
    let known = builder.normalizer.products.by_name(&product);
    let said = Said { component: name.clone(), product: known, hint: None, text: &version };
    builder.say(target, &said, |service| Instance {
        product: Some(product),
        locator: locator.clone(),
        ..service
    });
    if let Some(component) = builder.component(&name, PLATFORM) {
        let place = if server.place.is_empty() { target.id.as_str() } else { server.place };
        for (setting, lines) in SETTINGS {
            if let Some(value) = lines.iter().find_map(|line| server.says(line)) {
                let values = component.settings.entry((*setting).to_owned()).or_default();
                values.entry(value.to_owned()).or_default().insert(place.to_owned());
            }
        }
    }
    builder.identity(target, |field| server.says(field));
    let data = server.says("master_replid");
    builder.insert_identity(Identity::REPLICATION, data, target);
    if matches!(server.says("role"), Some("slave" | "replica")) {
        builder.insert_identity(Identity::REPLICA, data, target);
    }
    for field in &server.fields {
        if let Some(module) = field.name.strip_prefix("module/") {
            let component = ComponentName::from(format!("{name}/module/{module}"));
            let said = Said {
                component,
                product: None,
                hint: Some(Scheme::RedisModule),
                text: &field.value,
            };
            builder.say(target, &said, |module| Instance { locator: locator.clone(), ..module });
        }
    }
}

/// The product and the text of its version. A server that names a product which does not tell
/// its version is that product in version `unknown`, never Redis.
fn identify(builder: &Builder<'_>, server: &Server<'_>) -> Option<(String, String)> {
    let said = |line: &str| server.says(line).map(str::to_owned);
    // It watches the service, and is not it.
    if server.says("redis_mode").or_else(|| server.says("server_mode")) == Some("sentinel") {
        return None;
    }
    let products = &builder.normalizer.products;
    if let Some(name) = said("server_name").filter(|name| !name.is_empty() && name != "redis") {
        let known = products.by_name(&name);
        let own = known.and_then(|product| product.info_version.as_deref()).and_then(said);
        let version = own
            .or_else(|| said(&format!("{name}_version")))
            .unwrap_or_else(|| "unknown".to_owned());
        return Some((known.map_or(name, |product| product.name.clone()), version));
    }
    let tells = |p: &&super::Product| {
        p.info_version.as_deref().is_some_and(|line| server.says(line).is_some())
    };
    let mut known: Vec<_> = products.iter().filter(tells).collect();
    // `redis_version` is what all of them say besides their own.
    known.sort_by_key(|product| product.name == "redis");
    let Some(product) = known.first() else {
        // A server that we do not know, by the first version that it tells: `mykv_version`.
        let own = |field: &&&Field| field.name.ends_with("_version") && field.name != "gcc_version";
        let field = server.fields.iter().find(own)?;
        return Some((field.name.trim_end_matches("_version").to_owned(), field.value.clone()));
    };
    let version = said(product.info_version.as_deref()?)?;
    // KeyDB tells its own version as Redis', and names itself by a section that no other has.
    let is_keydb = product.name == "redis" && server.says("mvcc_depth").is_some();
    Some((if is_keydb { "keydb".to_owned() } else { product.name.clone() }, version))
}

#[cfg(test)]
mod tests {
    use super::super::Normalizer;
    use crate::collect::config::COLLECTORS;
    use crate::model::{Component, Evidence, Field, TargetEvidence};
    use jiff::Timestamp;

    fn component(fields: &[(&str, &str)]) -> Option<Component> {
        let mut target = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
        target.fields =
            fields.iter().map(|(name, value)| Field::of_target(*name, *value)).collect();
        let evidence = Evidence {
            environment: "dev".into(),
            taken: Timestamp::UNIX_EPOCH,
            targets: vec![target],
        };
        let mut snapshot =
            Normalizer::new(None, COLLECTORS).snapshot(&evidence, crate::model::Globs::default());
        snapshot.components.remove(&"redis/cache".into())
    }

    fn identity(fields: &[(&str, &str)]) -> (String, String) {
        let component = component(fields).expect("a component");
        let instance = &component.instances[0];
        (instance.product.clone().unwrap(), instance.reading.text().to_owned())
    }

    #[test]
    fn the_product_is_what_the_server_is_not_what_it_imitates() {
        let is = |product: &str, version: &str| (product.to_owned(), version.to_owned());
        assert_eq!(identity(&[("redis_version", "7.0.15")]), is("redis", "7.0.15"));
        let valkey =
            [("redis_version", "7.2.4"), ("server_name", "valkey"), ("valkey_version", "8.0.1")];
        assert_eq!(identity(&valkey), is("valkey", "8.0.1"));
        assert_eq!(
            identity(&[("redis_version", "7.2.4"), ("valkey_version", "8.0.1")]),
            is("valkey", "8.0.1")
        );
        assert_eq!(
            identity(&[("redis_version", "7.2.4"), ("server_name", "newkv")]),
            is("newkv", "unknown")
        );
        assert_eq!(
            identity(&[("redis_version", "6.2.11"), ("dragonfly_version", "df-v1.2")]),
            is("dragonfly", "df-v1.2")
        );
    }

    #[test]
    fn a_server_that_nobody_knows_is_not_lost_and_a_sentinel_is_no_server() {
        assert_eq!(
            identity(&[("gcc_version", "12"), ("mykv_version", "6.0.1")]),
            ("mykv".to_owned(), "6.0.1".to_owned())
        );
        assert!(component(&[("redis_version", "7.0.15"), ("redis_mode", "sentinel")]).is_none());
    }

    #[test]
    fn keydb_is_told_by_its_own_section() {
        let keydb = [("redis_version", "6.3.4"), ("mvcc_depth", "0")];
        assert_eq!(identity(&keydb), ("keydb".to_owned(), "6.3.4".to_owned()));
    }

    #[test]
    fn nodes_are_instances_and_none_overwrites_another() {
        let mut target = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
        for (place, policy) in [("a:1", "noeviction"), ("b:1", "allkeys-lru")] {
            for (name, value) in [
                ("redis_version", "7.0.15"),
                ("maxmemory_policy", policy),
                ("run_id", place),
                ("module/json", "20604"),
            ] {
                target.fields.push(Field {
                    place: place.into(),
                    name: name.into(),
                    value: value.into(),
                });
            }
        }
        let evidence = Evidence {
            environment: "dev".into(),
            taken: Timestamp::UNIX_EPOCH,
            targets: vec![target],
        };
        let snapshot =
            Normalizer::new(None, COLLECTORS).snapshot(&evidence, crate::model::Globs::default());
        let component = &snapshot.components[&"redis/cache".into()];
        let places: Vec<_> =
            component.instances.iter().map(|instance| instance.place().2).collect();
        assert_eq!(places, ["a:1", "b:1"]);
        let policies: Vec<_> = component.settings["maxmemory_policy"]
            .iter()
            .map(|(v, p)| (v.as_str(), p.len()))
            .collect();
        assert_eq!(policies, [("allkeys-lru", 1), ("noeviction", 1)]);
        assert_eq!(snapshot.identities.len(), 2);
        assert_eq!(snapshot.components[&"redis/cache/module/json".into()].instances.len(), 2);
    }

    #[test]
    fn the_mode_has_one_name_whoever_tells_it() {
        let mode = |line| {
            component(&[("redis_version", "7"), (line, "cluster")]).unwrap().settings["mode"]
                .clone()
        };
        assert_eq!(mode("redis_mode"), mode("server_mode"));
    }

    #[test]
    fn a_target_that_said_nothing_is_no_component() {
        assert!(component(&[]).is_none());
    }
}
