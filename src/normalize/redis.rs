//! A server that answers INFO, as the component `redis/<target>` whatever the product; nodes and
//! replicas are instances of it, each by what it says itself.
//!
//! Product identity: Valkey reports `redis_version:7.2.4` for ever; its own version stands in
//! `valkey_version`. A server that names itself is believed before `redis_version` is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::product::{Product, Products};
use super::{Builder, Instance, PLATFORM, Said};
use crate::model::{ComponentName, Field, Identity, Locator, TargetEvidence, product_of_line};
use crate::version::Scheme;

/// Settings that are compared, and the lines of INFO that tell them (the first that is there).
/// Never sizes: they differ between environments on purpose.
const SETTINGS: &[(&str, &[&str])] = &[
    ("maxmemory_policy", &["maxmemory_policy"]),
    ("aof_enabled", &["aof_enabled"]),
    ("mode", &["redis_mode", "server_mode", "valkey_mode"]),
];

/// What one server says; its place is empty if it is the target itself.
struct RedisServer<'a> {
    place: &'a str,
    fields: Vec<&'a Field>,
}

impl RedisServer<'_> {
    fn info_field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }
}

pub(super) fn add_redis(builder: &mut Builder<'_>, target: &TargetEvidence) {
    let mut places: BTreeMap<&str, Vec<&Field>> = BTreeMap::new();
    for field in &target.fields {
        places.entry(&field.place).or_default().push(field);
    }
    for (place, fields) in places {
        add_server(builder, target, &RedisServer { place, fields });
    }
}

fn add_server(builder: &mut Builder<'_>, target: &TargetEvidence, server: &RedisServer<'_>) {
    let name = ComponentName::from(target.id.as_str());
    let Some((product, version)) = identify_product(builder, server) else { return };
    let locator = Locator { container: server.place.to_owned(), ..Locator::default() };
    let known = builder.normalizer.products.by_name(&product);
    let said = Said { component: name.clone(), product: known, hint: None, text: &version };
    let levels = known.map(|_| builder.normalizer.reader_for(&name, known).levels());
    builder.add_platform(target, &said, |service| Instance {
        product: Some(product.into()),
        locator: locator.clone(),
        reading: match &levels {
            Some(levels) => Arc::new(Arc::unwrap_or_clone(service.reading).if_whole(levels)),
            None => service.reading,
        },
        ..service
    });
    if let Some(component) = builder.component_entry(&name, PLATFORM) {
        let place = if server.place.is_empty() { target.id.as_str() } else { server.place };
        for (setting, lines) in SETTINGS {
            if let Some(value) = lines.iter().find_map(|line| server.info_field(line)) {
                let values = component.settings.entry((*setting).to_owned()).or_default();
                values.entry(value.to_owned()).or_default().insert(place.to_owned());
            }
        }
    }
    builder.identity_of(target, |field| server.info_field(field));
    let data = server.info_field("master_replid");
    builder.insert_identity(Identity::REPLICATION, data, target);
    if matches!(server.info_field("role"), Some("slave" | "replica")) {
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
            builder.add_platform(target, &said, |module| Instance {
                locator: locator.clone(),
                ..module
            });
        }
    }
}

/// The product and the text of its version. A server that names a product which does not tell
/// its version is that product in version `unknown`, never Redis.
fn identify_product(builder: &Builder<'_>, server: &RedisServer<'_>) -> Option<(String, String)> {
    // It watches the service, and is not it.
    if server.info_field("redis_mode").or_else(|| server.info_field("server_mode"))
        == Some("sentinel")
    {
        return None;
    }
    let products = &builder.normalizer.products;
    let (product, version) = by_name(products, server)
        .or_else(|| by_version_line(products, server))
        .or_else(|| Some(("redis".to_owned(), server.info_field("redis_version")?.to_owned())))?;
    Some((product, with_stage(server, version)))
}

/// What a server calls itself, or its program is called: `server_name:valkey`,
/// `executable:keydb-server`.
fn by_name(products: &Products, server: &RedisServer<'_>) -> Option<(String, String)> {
    let named =
        server.info_field("server_name").filter(|name| !name.is_empty() && *name != "redis");
    let program = || {
        let program = server.info_field("executable")?.to_lowercase();
        let program = program.trim_end_matches(".exe").trim_end_matches("-server");
        let product = products.by_name(program)?;
        let is_kin = product.info_version.is_some() && product.name != "redis";
        is_kin.then(|| program.to_owned())
    };
    // KeyDB names itself by a section that no other has, too.
    let section = || server.info_field("mvcc_depth").map(|_| "keydb".to_owned());
    let name = named.map(str::to_owned).or_else(program).or_else(section)?;
    let known = products.by_name(&name);
    let own = known.and_then(|product| server.info_field(product.info_version.as_deref()?));
    let own = own.or_else(|| server.info_field(&format!("{name}_version")));
    let product = known.map_or(name, |product| product.name.clone());
    // Alone of its kin it tells its own version as Redis'.
    let own = own.or_else(|| server.info_field("redis_version").filter(|_| product == "keydb"));
    Some((product, own.unwrap_or("unknown").to_owned()))
}

/// By a version of its own, that stands beside Redis': `valkey_version`, `mykv_version` of one
/// that we do not know. `redis_version` is what all of them say besides.
fn by_version_line(products: &Products, server: &RedisServer<'_>) -> Option<(String, String)> {
    let own = server.fields.iter().filter_map(|field| {
        let name = product_of_line(&field.name).filter(|name| *name != "redis")?;
        let tells = |p: &&Product| p.info_version.as_deref() == Some(field.name.as_str());
        let known = products.iter().find(tells);
        let product = known.map_or(name, |product| product.name.as_str());
        Some((known.is_none(), product.to_owned(), field.value.clone()))
    });
    // Of several the one that is known, then the first.
    let own = own.min_by_key(|(is_unknown, ..)| *is_unknown)?;
    Some((own.1, own.2))
}

/// Valkey tells a release candidate by its number and, in another line, that it is one. A build
/// between releases has a number of its own, which no release carries.
fn with_stage(server: &RedisServer<'_>, version: String) -> String {
    let stage = server.info_field("valkey_release_stage").unwrap_or_default();
    let is_before = ["rc", "alpha", "beta"].iter().any(|word| stage.starts_with(word));
    if is_before && !version.contains('-') { format!("{version}-{stage}") } else { version }
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
        let mut snapshot = Normalizer::new(None, COLLECTORS)
            .build_snapshot(evidence, crate::model::Globs::default());
        snapshot.components.remove(&"redis/cache".into())
    }

    fn identity(fields: &[(&str, &str)]) -> (String, String) {
        let component = component(fields).expect("a component");
        let instance = &component.instances[0];
        (instance.product.as_deref().unwrap().to_owned(), instance.reading.text().to_owned())
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
    fn a_relative_names_itself_by_a_version_line_or_its_program() {
        let is = |product: &str, version: &str| (product.to_owned(), version.to_owned());
        for name in ["memurai", "xredis", "upstash", "kvrocks", "garnet", "pika", "strange"] {
            let line = format!("{name}_version");
            let said = [("redis_version", "7.4.3"), (line.as_str(), "1.1.1")];
            assert_eq!(identity(&said), is(name, "1.1.1"));
        }
        let of = |program| identity(&[("redis_version", "6.3.4"), ("executable", program)]);
        assert_eq!(of("keydb-server"), is("keydb", "6.3.4"));
        assert_eq!(of("redis-server"), is("redis", "6.3.4"));
        assert_eq!(of("python3"), is("redis", "6.3.4"));
        // The number of Redis that Valkey imitates is not Valkey's.
        assert_eq!(of("valkey-server"), is("valkey", "unknown"));
        for ingredient in ["gcc_version", "rocksdb_version", "jemalloc_version"] {
            let said = [("redis_version", "7.4.3"), (ingredient, "9")];
            assert_eq!(identity(&said), is("redis", "7.4.3"));
        }
    }

    #[test]
    fn a_release_candidate_is_no_release() {
        let of = |stage| {
            let said = [
                ("redis_version", "7.2.4"),
                ("server_name", "valkey"),
                ("valkey_version", "9.1.0"),
                ("valkey_release_stage", stage),
            ];
            identity(&said).1
        };
        assert_eq!((of("rc1").as_str(), of("ga").as_str()), ("9.1.0-rc1", "9.1.0"));
        assert_eq!(of("dev"), "9.1.0");
    }

    #[test]
    fn half_a_version_proves_none() {
        let is_proven = |version| {
            let component = component(&[("redis_version", version)]).unwrap();
            component.instances[0].reading.is_proven()
        };
        assert!(is_proven("7.2.4") && is_proven("7.2.4-rc1"));
        for half in ["7", "7.x", "7.2", "7.2.x"] {
            assert!(!is_proven(half), "{half}");
        }
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
        let snapshot = Normalizer::new(None, COLLECTORS)
            .build_snapshot(evidence, crate::model::Globs::default());
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
