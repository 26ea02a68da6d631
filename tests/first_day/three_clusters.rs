//! Three clusters of a provider, 40 services of the team's own and 8 Redis. Nobody may connect to
//! production, so the first day begins with what `kubectl` and `redis-cli INFO` print.

use crate::cluster::{Cluster, Workload};
use crate::support::cli::Profiles;
use crate::{check, compare, compare_screen, info, on_terminal, tells};

const AT: &str = "2026-11-22T21:00:00Z";
const TAKEN: &str = "2026-11-22T20:45:00Z";
const TAKEN_SECONDS: i64 = 1_795_380_300;

const ENVIRONMENTS: [&str; 3] = ["dev", "qualif", "ovh-production"];

/// What the guide says of every environment.
const REDIS: [&str; 8] =
    ["cache", "sessions", "queue", "timetable", "search", "locks", "limits", "flags"];

/// Name and version in production of the services.
#[rustfmt::skip]
const SERVICES: [(&str, &str); 40] = [
    ("account-api", "3.14.2"), ("address-api", "1.9.0"), ("audit-worker", "2.2.7"),
    ("basket-api", "5.1.3"), ("billing-api", "4.8.1"), ("billing-worker", "4.8.1"),
    ("calendar-api", "1.22.0"), ("catalogue-api", "7.3.4"), ("catalogue-indexer", "7.3.4"),
    ("checkout-web", "12.0.5"), ("contract-api", "2.0.1"), ("customer-api", "6.6.2"),
    ("delivery-api", "3.3.0"), ("delivery-worker", "3.3.0"), ("discount-api", "1.4.9"),
    ("document-api", "2.17.1"), ("export-worker", "1.0.14"), ("fleet-api", "0.9.3"),
    ("forecast-worker", "0.31.0"), ("import-worker", "4.2.6"), ("inventory-api", "8.0.2"),
    ("invoice-api", "3.7.5"), ("label-printer", "2.5.0"), ("location-api", "5.5.1"),
    ("mailer", "1.13.3"), ("message-gateway", "2.9.9"), ("notification-api", "3.0.8"),
    ("opening-hours-api", "1.6.2"), ("order-api", "9.4.1"), ("order-worker", "9.4.1"),
    ("parcel-api", "2.11.0"), ("payment-gateway", "6.1.7"), ("picking-web", "3.2.2"),
    ("price-api", "4.0.6"), ("report-worker", "1.18.4"), ("returns-api", "2.3.3"),
    ("stock-api", "10.2.0"), ("supplier-api", "1.7.7"), ("timemachine", "22.1.0"),
    ("webhook-gateway", "2.8.2"),
];

/// What everybody runs.
#[rustfmt::skip]
const PLATFORM: [(&str, &str, &str, &str, &str); 12] = [
    ("Deployment", "kube-system", "coredns", "registry.k8s.io/coredns/coredns", "v1.12.1"),
    ("DaemonSet", "kube-system", "kube-proxy", "registry.k8s.io/kube-proxy", "v1.34.1"),
    ("Deployment", "shop", "ingress", "registry.k8s.io/ingress-nginx/controller", "v1.13.3"),
    ("StatefulSet", "monitoring", "prometheus", "quay.io/prometheus/prometheus", "v3.7.3"),
    ("StatefulSet", "monitoring", "alertmanager", "quay.io/prometheus/alertmanager", "v0.28.1"),
    ("DaemonSet", "monitoring", "node-exporter", "quay.io/prometheus/node-exporter", "v1.9.1"),
    ("Deployment", "monitoring", "grafana", "docker.io/grafana/grafana", "12.2.1"),
    ("StatefulSet", "monitoring", "loki", "docker.io/grafana/loki", "3.5.7"),
    ("StatefulSet", "shop", "orders-db", "docker.io/library/postgres", "17.6"),
    ("StatefulSet", "shop", "reports-db", "docker.io/library/postgres", "17.6"),
    ("StatefulSet", "shop", "catalogue-db", "docker.io/library/mongo", "8.0.15"),
    ("StatefulSet", "shop", "broker", "docker.io/library/rabbitmq", "4.1.4-management"),
];

/// The tag of what is not as in production, empty for what is not there.
#[rustfmt::skip]
const DIFFERENT: [(&str, &str, &str); 12] = [
    // The release under test: two services ahead. One was never promoted back: behind.
    ("qualif", "order-api", "9.5.0"),
    ("qualif", "order-worker", "9.5.0"),
    ("qualif", "payment-gateway", "6.1.5"),
    // A database that nobody set up.
    ("qualif", "catalogue-db", ""),
    // Developers deploy branches, and upgrade first.
    ("dev", "order-api", "main-3f2a9bc"),
    ("dev", "order-worker", "main-3f2a9bc"),
    ("dev", "basket-api", "5.2.0-rc.1"),
    ("dev", "stock-api", "latest"),
    ("dev", "timemachine", "22.2.0"),
    ("dev", "grafana", "12.3.0"),
    ("dev", "reports-db", ""),
    ("dev", "catalogue-db", ""),
];

fn workloads(environment: &str) -> Vec<Workload> {
    let services = SERVICES.iter().map(|&(name, tag)| {
        let repository = format!("registry.ovh.example/shop/{name}");
        ("Deployment", "shop", name, repository, tag)
    });
    let platform = PLATFORM.iter().map(|&(kind, namespace, name, repository, tag)| {
        (kind, namespace, name, repository.to_owned(), tag)
    });
    let all = services.chain(platform).filter_map(|(kind, namespace, name, repository, tag)| {
        let different =
            DIFFERENT.iter().find(|(there, who, _)| *there == environment && *who == name);
        let tag = different.map_or(tag, |(.., tag)| *tag);
        let replicas = if environment == "ovh-production" { 3 } else { 1 };
        let name = name.to_owned();
        let tag_is =
            |tag: &str| Workload { kind, namespace, name, repository, tag: tag.into(), replicas };
        (!tag.is_empty()).then(|| tag_is(tag))
    });
    all.collect()
}

/// Which recorded server answers.
fn server(environment: &str, redis: &str) -> &'static str {
    match (environment, redis) {
        ("qualif", "sessions") => "valkey-8.0.1",
        ("dev", "cache") => "redis-7.0.15",
        _ => "valkey-8.1.1",
    }
}

/// What a newcomer writes after README and the guide of examples/kubernetes.
fn team() -> Profiles {
    let profiles = Profiles::of(&ENVIRONMENTS);
    for environment in ENVIRONMENTS {
        let mut body = "targets:\n  recorded:\n".to_owned();
        for (name, ending) in
            std::iter::once(("mks", "json")).chain(REDIS.map(|name| (name, "txt")))
        {
            body.push_str(&format!("  - {{name: {name}, path: {environment}/{name}.{ending}}}\n"));
        }
        profiles.environment(environment, &body);
        std::fs::create_dir(profiles.path(environment)).expect("a folder of ours");
        let version = if environment == "dev" { "v1.34.2" } else { "v1.34.1" };
        let cluster = Cluster { name: environment, version, taken: TAKEN };
        let printed = cluster.printed(&workloads(environment));
        profiles.write(&format!("{environment}/mks.json"), &printed);
        for redis in REDIS {
            let instance = format!("{redis} of {environment}");
            let text = info(server(environment, redis), &instance, TAKEN_SECONDS);
            profiles.write(&format!("{environment}/{redis}.txt"), &text);
        }
    }
    profiles
}

#[test]
fn the_profiles_are_valid() {
    let checked = check(&team(), &[]);
    compare("three-clusters-check", &checked.stdout);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked}");
}

#[test]
fn the_first_audit_names_what_differs() {
    let ended = on_terminal(&team(), &["audit", "--at", AT]);
    compare_screen("three-clusters", &ended);
    assert_eq!(ended.code, Some(1), "{ended}");
    tells(
        &ended.stdout,
        &[
            "OWN SERVICES (40)",
            "34 of 40 equal",
            "high f09e promotion-inversion image/shop/payment-gateway qualif runs 6.1.5, but \
             ovh-production already runs 6.1.7",
            "version-skew redis/sessions qualif 8.0.1 is a minor behind ovh-production 8.1.1",
            "image/mongodb missing missing 8.0.15",
            "image/shop/order-api main-3f2a9bc ? 9.5.0 ▲ 9.4.1",
            "medium 44c6 missing-component image/mongodb ovh-production runs it, qualif does not",
            "COMPARED 63 of 64 components of ovh-production have a counterpart in qualif; not \
             judged: none NO-GO: 2 high (exit 1)",
        ],
        &["INCOMPLETE", "services at"],
    );
}
