//! What runs where: products of everybody's clusters, services of our own on a release train, and
//! what differs.

use sha2::{Digest, Sha256};

use super::Environment::{self, Dev, Production, Qualif};

/// One workload in one environment; it has one container.
pub(super) struct Workload {
    pub(super) namespace: String,
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// With registry, without tag.
    pub(super) repository: String,
    pub(super) tag: String,
    pub(super) digest: String,
    /// `helm.sh/chart`; empty if it came by none.
    pub(super) chart: String,
    pub(super) replicas: usize,
}

/// Namespace, kind, workload, repository, tag, chart.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const DEPLOYMENT: &str = "Deployment";
const STATEFUL_SET: &str = "StatefulSet";
const DAEMON_SET: &str = "DaemonSet";

#[rustfmt::skip]
const PLATFORM: &[Row] = &[
    ("ingress", DEPLOYMENT, "ingress-nginx-controller", "registry.k8s.io/ingress-nginx/controller", "v1.12.1", "ingress-nginx-4.12.1"),
    ("cert-manager", DEPLOYMENT, "cert-manager", "quay.io/jetstack/cert-manager-controller", "v1.17.1", "cert-manager-v1.17.1"),
    ("cert-manager", DEPLOYMENT, "cert-manager-webhook", "quay.io/jetstack/cert-manager-webhook", "v1.17.1", "cert-manager-v1.17.1"),
    ("cert-manager", DEPLOYMENT, "cert-manager-cainjector", "quay.io/jetstack/cert-manager-cainjector", "v1.17.1", "cert-manager-v1.17.1"),
    ("monitoring", STATEFUL_SET, "prometheus", "quay.io/prometheus/prometheus", "v3.2.1", "prometheus-27.5.1"),
    ("monitoring", STATEFUL_SET, "alertmanager", "quay.io/prometheus/alertmanager", "v0.28.0", "alertmanager-1.15.0"),
    ("monitoring", DAEMON_SET, "node-exporter", "quay.io/prometheus/node-exporter", "v1.9.0", "prometheus-node-exporter-4.44.1"),
    ("monitoring", DEPLOYMENT, "kube-state-metrics", "registry.k8s.io/kube-state-metrics/kube-state-metrics", "v2.15.0", "kube-state-metrics-5.30.1"),
    ("monitoring", DEPLOYMENT, "grafana", "registry.ovh.example/mirror/grafana/grafana", "11.5.2", "grafana-8.10.1"),
    ("monitoring", STATEFUL_SET, "loki", "registry.ovh.example/mirror/grafana/loki", "3.4.2", "loki-6.28.0"),
    ("monitoring", STATEFUL_SET, "tempo", "registry.ovh.example/mirror/grafana/tempo", "2.7.1", "tempo-1.18.2"),
    ("monitoring", DAEMON_SET, "fluent-bit", "registry.ovh.example/mirror/fluent/fluent-bit", "3.2.8", "fluent-bit-0.48.9"),
    ("monitoring", DEPLOYMENT, "otel-collector", "registry.ovh.example/mirror/otel/opentelemetry-collector-contrib", "0.121.0", "opentelemetry-collector-0.118.0"),
    ("monitoring", DEPLOYMENT, "redis-exporter", "registry.ovh.example/mirror/oliver006/redis_exporter", "v1.69.0", ""),
    ("data", STATEFUL_SET, "orders-db", "registry.ovh.example/mirror/postgres", "17.2", ""),
    ("data", STATEFUL_SET, "broker", "registry.ovh.example/mirror/rabbitmq", "4.0.7-management", ""),
    ("data", STATEFUL_SET, "search", "docker.elastic.co/elasticsearch/elasticsearch", "8.17.3", ""),
    ("data", STATEFUL_SET, "events", "registry.ovh.example/mirror/bitnami/kafka", "3.9.0-debian-12-r12", "kafka-31.5.0"),
    ("data", STATEFUL_SET, "objects", "quay.io/minio/minio", "RELEASE.2025-02-28T09-55-16Z", "minio-5.4.0"),
    ("data", STATEFUL_SET, "page-cache", "registry.ovh.example/mirror/memcached", "1.6.37", ""),
    ("data", STATEFUL_SET, "lookup-cache", "registry.ovh.example/mirror/valkey/valkey", "8.0.2", ""),
    ("identity", STATEFUL_SET, "keycloak", "quay.io/keycloak/keycloak", "26.1.3", "keycloakx-7.0.1"),
    ("identity", STATEFUL_SET, "vault", "registry.ovh.example/mirror/hashicorp/vault", "1.19.0", "vault-0.30.0"),
    ("edge", DEPLOYMENT, "edge-proxy", "registry.ovh.example/mirror/nginx", "1.27.4", ""),
    ("edge", DEPLOYMENT, "traefik", "registry.ovh.example/mirror/traefik", "v3.3.4", "traefik-34.4.1"),
    ("edge", DAEMON_SET, "envoy", "registry.ovh.example/mirror/envoyproxy/envoy", "v1.33.0", ""),
    ("platform", STATEFUL_SET, "argocd-application-controller", "quay.io/argoproj/argocd", "v2.14.4", "argo-cd-7.8.10"),
    ("platform", DEPLOYMENT, "argocd-server", "quay.io/argoproj/argocd", "v2.14.4", "argo-cd-7.8.10"),
    ("platform", DEPLOYMENT, "velero", "registry.ovh.example/mirror/velero/velero", "v1.15.2", "velero-8.5.0"),
    ("platform", DEPLOYMENT, "metrics-server", "registry.k8s.io/metrics-server/metrics-server", "v0.7.2", "metrics-server-3.12.2"),
    ("platform", DEPLOYMENT, "registry", "registry.ovh.example/mirror/registry", "2.8.3", ""),
    ("timemachine", DEPLOYMENT, "session-gateway", "registry.ovh.example/team/session-gateway", "4.2.1", ""),
    ("timemachine", DEPLOYMENT, "label-printer", "registry.ovh.example/team/label-printer", "v21", "timemachine-21.0.0"),
];

/// What is not as in the table above.
enum But {
    Tag(&'static str),
    /// The same tag, pushed again.
    Rebuilt,
    Absent,
}

#[rustfmt::skip]
const EXCEPTIONS: &[(Environment, &str, But)] = &[
    // what matters
    (Qualif, "orders-db", But::Tag("16.6")),
    (Qualif, "redis-exporter", But::Absent),
    (Qualif, "session-gateway", But::Rebuilt),
    (Qualif, "label-printer", But::Tag("v20")),
    (Production, "edge-proxy", But::Tag("latest")),
    // what does not: patches, variants and bystanders
    (Qualif, "node-exporter", But::Tag("v1.9.1")),
    (Qualif, "grafana", But::Tag("11.5.3")),
    (Dev, "ingress-nginx-controller", But::Tag("v1.12.2")),
    (Dev, "grafana", But::Tag("11.6.0")),
    (Dev, "loki", But::Tag("3.4.3")),
    (Dev, "keycloak", But::Tag("26.1.4")),
    (Dev, "broker", But::Tag("4.0.7-management-alpine")),
    (Dev, "page-cache", But::Tag("1.6.37-alpine")),
    (Dev, "registry", But::Tag("2")),
    (Dev, "velero", But::Absent),
    (Dev, "traefik", But::Rebuilt),
];

/// Services of our own are named after what they are about and what they do.
const ABOUT: &[&str] = &[
    "absence", "account", "address", "audit", "badge", "billing", "calendar", "catalogue",
    "contract", "customer", "delivery", "discount", "document", "driver", "employee", "export",
    "fleet", "forecast", "import", "inventory", "invoice", "ledger", "location", "locker", "mail",
    "message", "notification", "offer", "opening", "order", "parcel", "payment", "picking",
    "planning", "price", "product", "profile", "quota", "receipt", "report", "return", "review",
    "route", "stock", "supplier", "timetable",
];
const DOES: &[&str] = &[
    "api", "worker", "scheduler", "gateway", "indexer", "sync", "web", "mailer", "archiver",
    "webhook",
];

/// So many workloads, a few more or less where an environment differs.
pub(super) fn of(environment: Environment, workloads: usize) -> Vec<Workload> {
    let services = workloads.saturating_sub(PLATFORM.len());
    let platform = PLATFORM.iter().filter_map(|row| platform(environment, row));
    platform.chain((0..services).filter_map(|index| service(environment, index))).collect()
}

fn platform(environment: Environment, row: &Row) -> Option<Workload> {
    let &(namespace, kind, name, repository, tag, chart) = row;
    let exception = EXCEPTIONS.iter().find(|(there, who, _)| *there == environment && *who == name);
    let (tag, push) = match exception {
        Some((.., But::Absent)) => return None,
        Some((.., But::Tag(tag))) => (*tag, 1),
        Some((.., But::Rebuilt)) => (tag, 2),
        None => (tag, 1),
    };
    Some(workload(namespace, kind, name, (repository, tag, push), chart))
}

fn service(environment: Environment, index: usize) -> Option<Workload> {
    let (about, does) = (ABOUT[index % ABOUT.len()], DOES[index / ABOUT.len() % DOES.len()]);
    let name = match index / (ABOUT.len() * DOES.len()) {
        0 => format!("{about}-{does}"),
        more => format!("{about}-{does}-{more}"),
    };
    let every = |n: usize, from: usize| index % n == from;
    // Most are at v21 everywhere; what has not changed for a while is left at v20.
    let usual = if every(41, 7) { "v20" } else { "v21" };
    let (tag, push) = match environment {
        Production if every(90, 17) => return None,
        Production => (usual.to_owned(), 1),
        // The next release is under test, and one of two services in it is new.
        Qualif if every(45, 17) => ("v22".to_owned(), 1),
        Qualif => (usual.to_owned(), 1),
        Dev if every(97, 30) => return None,
        Dev if every(113, 40) => (format!("main-{}", &sha256(&name)[..7]), 1),
        Dev if every(127, 60) => (format!("{usual}-debug"), 1),
        Dev if every(131, 50) => ("v20".to_owned(), 1),
        Dev if every(83, 20) => (usual.to_owned(), 2),
        Dev if every(45, 17) || every(9, 4) => ("v22".to_owned(), 1),
        Dev => (usual.to_owned(), 1),
    };
    let repository = format!("registry.ovh.example/team/{name}");
    let namespace = if every(3, 0) { "timemachine" } else { "shop" };
    Some(workload(namespace, DEPLOYMENT, &name, (&repository, &tag, push), ""))
}

fn workload(
    namespace: &str,
    kind: &'static str,
    name: &str,
    (repository, tag, push): (&str, &str, usize),
    chart: &str,
) -> Workload {
    let digest = format!("sha256:{}", sha256(&format!("{repository}:{tag} push {push}")));
    Workload {
        namespace: namespace.to_owned(),
        kind,
        name: name.to_owned(),
        repository: repository.to_owned(),
        tag: tag.to_owned(),
        digest,
        chart: chart.to_owned(),
        replicas: 1 + name.len() % 3,
    }
}

pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
