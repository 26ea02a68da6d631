//! What the images of a distributor are copies of, by the product data.

use std::sync::LazyLock;

use super::config::{self, CopyConfig};

struct Copies {
    rows: &'static [CopyConfig],
    /// The longest first.
    suffixes: Vec<&'static str>,
}

static COPIES: LazyLock<Copies> = LazyLock::new(|| {
    let data = config::shipped_products();
    let mut suffixes: Vec<&str> = data.suffixes.iter().map(String::as_str).collect();
    suffixes.sort_by_key(|suffix| std::cmp::Reverse(suffix.len()));
    Copies { rows: &data.copies, suffixes }
});

/// What a copy may be one of.
#[derive(Debug)]
pub(super) struct Original {
    name: String,
    joined: String,
    /// A distributor builds what it names; anyone else with such a name may mean something else.
    is_distributed: bool,
}

impl Original {
    /// Whether that repository is it.
    pub(super) fn is_image(&self, image: &str) -> bool {
        let is_joined = || !self.joined.is_empty() && image.replace('/', &self.joined) == self.name;
        image == self.name || is_joined()
    }

    /// The name, if it is the only one that it may have.
    pub(super) fn only_name(&self) -> Option<&str> {
        self.joined.is_empty().then_some(&self.name)
    }

    /// The last part of the name, if it may stand for the whole.
    pub(super) fn last_part(&self) -> Option<&str> {
        self.is_distributed.then(|| self.name.rsplit('/').next()).flatten()
    }
}

/// The originals of an image, likely ones first: by the distributor's row, and with and without
/// what a name says of the build. An image of nobody's has none but the latter.
pub(super) fn likely_originals(full: &str, short: &str) -> Vec<Original> {
    let by_row = COPIES.rows.iter().find_map(|row| {
        let part = wildcard_part(&row.image, full).or_else(|| wildcard_part(&row.image, short))?;
        let name = row.of.replacen(if row.of.contains("**") { "**" } else { "*" }, part, 1);
        Some(Original { name, joined: row.joined.clone(), is_distributed: true })
    });
    let is_copy = by_row.is_some();
    let whole = by_row.unwrap_or_else(|| Original {
        name: short.to_owned(),
        joined: String::new(),
        is_distributed: false,
    });
    let bare = COPIES.suffixes.iter().find_map(|&suffix| whole.name.strip_suffix(suffix));
    let bare = bare.map(|name| Original {
        name: name.to_owned(),
        joined: whole.joined.clone(),
        is_distributed: is_copy,
    });
    [is_copy.then_some(whole), bare].into_iter().flatten().collect()
}

/// What the last `*` (no slash) or `**` of a pattern stands for; an earlier `*` is any part.
fn wildcard_part<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    let (front, is_deep) = match pattern.strip_suffix("**") {
        Some(front) => (front, true),
        None => (pattern.strip_suffix('*')?, false),
    };
    let rest = match front.split_once('*') {
        None => name.strip_prefix(front)?,
        Some((before, behind)) => {
            let rest = name.strip_prefix(before)?;
            rest[rest.find('/')?..].strip_prefix(behind)?
        }
    };
    (!rest.is_empty() && (is_deep || !rest.contains('/'))).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::super::Products;
    use super::*;

    #[test]
    fn a_distributors_name_stands_for_the_product() {
        let products = Products::new(&[]);
        for (image, product) in [
            ("docker.io/rancher/hardened-kubernetes", "kubernetes"),
            ("docker.io/rancher/hardened-coredns", "coredns"),
            ("docker.io/rancher/hardened-etcd", "etcd"),
            ("docker.io/rancher/hardened-k8s-metrics-server", "metrics-server"),
            ("docker.io/rancher/mirrored-prometheus-node-exporter", "node-exporter"),
            ("docker.io/rancher/mirrored-library-redis", "redis"),
            ("docker.io/rancher/nginx-ingress-controller", "ingress-nginx"),
            ("mcr.microsoft.com/oss/kubernetes/coredns", "coredns"),
            ("mcr.microsoft.com/oss/v2/kubernetes/coredns", "coredns"),
            ("mcr.microsoft.com/oss/v2/kubernetes/kube-proxy", "kube-proxy"),
            ("mcr.microsoft.com/oss/kubernetes/pause", "pause"),
            ("mcr.microsoft.com/oss/calico/node", "calico"),
            ("mcr.microsoft.com/oss/etcd-io/etcd", "etcd"),
            ("mcr.microsoft.com/oss/bitnami/redis", "redis"),
            ("gke.gcr.io/kube-proxy-amd64", "kube-proxy"),
            ("gke.gcr.io/kube-proxy", "kube-proxy"),
            ("k8s.gcr.io/kube-controller-manager-arm64", "kube-controller-manager"),
            ("registry.aliyuncs.com/google_containers/coredns", "coredns"),
            ("gcr.io/google-containers/etcd-amd64", "etcd"),
            ("us.gcr.io/k8s-artifacts-prod/ingress-nginx/controller", "ingress-nginx"),
            ("public.ecr.aws/eks-distro/coredns/coredns", "coredns"),
            ("public.ecr.aws/eks-distro/kubernetes/pause", "pause"),
            ("public.ecr.aws/docker/library/redis", "redis"),
            ("lscr.io/linuxserver/mariadb", "mariadb"),
            ("docker.io/linuxserver/nginx", "nginx"),
            ("ghcr.io/linuxserver/mariadb", "mariadb"),
            ("cgr.dev/chainguard/redis", "redis"),
            ("cgr.dev/chainguard/postgres", "postgresql"),
            ("cgr.dev/shop.example/redis-fips", "redis"),
            ("docker.io/bitnamilegacy/redis", "redis"),
            ("docker.io/bitnamisecure/postgresql", "postgresql"),
            ("docker.io/arm64v8/redis", "redis"),
            ("quay.io/coreos/etcd-arm64", "etcd"),
            ("quay.io/sclorg/postgresql-15-c9s", "postgresql"),
            ("quay.io/sclorg/redis-6-c9s", "redis"),
            ("quay.io/sclorg/mariadb-1011-c9s", "mariadb"),
            ("registry.redhat.io/rhel9/redis-7", "redis"),
            ("registry.redhat.io/rhel8/postgresql-96", "postgresql"),
            ("registry.redhat.io/ubi9/python-311", "python"),
        ] {
            let short = image.split_once('/').unwrap().1;
            let found = products.by_image(image, short).map(|product| product.name.as_str());
            assert_eq!(found, Some(product), "{image}");
        }
    }

    #[test]
    fn the_name_of_somebody_else_stands_for_nothing() {
        let products = Products::new(&[]);
        for image in [
            "docker.io/team/redis",
            "docker.io/team/api-amd64",
            "docker.io/team/redis-arm64",
            "docker.io/rancher/rancher-agent",
            "docker.io/linuxserver/code-server",
            "cgr.dev/chainguard/wolfi-base",
            "quay.io/sclorg/postgresql-exporter",
        ] {
            let short = image.split_once('/').unwrap().1;
            assert!(products.by_image(image, short).is_none(), "{image}");
        }
    }

    #[test]
    fn a_pattern_stands_for_one_part_or_several() {
        for (pattern, name, expected) in [
            ("a/*", "a/b", Some("b")),
            ("a/*", "a/b/c", None),
            ("a/**", "a/b/c", Some("b/c")),
            ("a/x-*", "a/x-y", Some("y")),
            ("a/*/*", "a/b/c", Some("c")),
            ("a/*/*", "a/b", None),
            ("a/*", "a/", None),
        ] {
            assert_eq!(wildcard_part(pattern, name), expected, "{pattern} {name}");
        }
    }
}
