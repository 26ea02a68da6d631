//! Docker engines of many containers and images, honest and not.

use serde_json::{Value, json};

use crate::server::Served;

/// Lists of an engine: how many containers run, they, and their images.
struct Lists {
    running: usize,
    containers: String,
    images: String,
}

fn list(items: usize, item: impl Fn(usize) -> String) -> String {
    let items: Vec<String> = (0..items).map(item).collect();
    format!("[{}]", items.join(","))
}

fn serve(Lists { running, containers, images }: Lists) -> Served {
    Served::http(move |path, _| match path.split('?').next() {
        Some("/version") => json!({"Version": "28.1.1", "ApiVersion": "1.49"}).to_string().into(),
        Some("/info") => {
            json!({"ID": "AAAA", "Name": "host", "ContainersRunning": running}).to_string().into()
        }
        Some("/containers/json") => containers.clone().into(),
        _ => images.clone().into(),
    })
}

/// A container as an engine lists it, with all that nobody uses.
fn container(n: usize, images: usize) -> String {
    let image = n % images;
    json!({
        "Id": format!("{n:064x}"), "Names": [format!("/shop-service-{n}-1")],
        "Image": format!("registry.example/shop/service-{image}:1.2.{image}"),
        "ImageID": format!("sha256:{image:064x}"), "Command": "/docker-entrypoint.sh nginx",
        "Created": 1_760_000_000 + n, "Ports": [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 20_000 + n, "Type": "tcp"}],
        "Labels": {
            "com.docker.compose.project": format!("shop-{}", n / 20),
            "com.docker.compose.service": format!("service-{image}"),
            "com.docker.compose.config-hash": format!("{n:064x}"),
            "com.docker.compose.container-number": "1",
            "com.docker.compose.project.working_dir": "/srv/shop",
            "maintainer": "NGINX Docker Maintainers <docker-maint@nginx.com>"},
        "State": "running", "Status": "Up 3 days", "HostConfig": {"NetworkMode": "shop_default"},
        "NetworkSettings": {"Networks": {"shop_default": {"NetworkID": format!("{n:064x}"),
            "EndpointID": format!("{n:064x}"), "Gateway": "172.18.0.1", "IPAddress": "172.18.0.2"}}},
        "Mounts": [{"Type": "volume", "Name": format!("{n:064x}"), "Destination": "/data"}],
    })
    .to_string()
}

fn image(n: usize) -> String {
    json!({
        "Id": format!("sha256:{n:064x}"), "RepoTags": [format!("registry.example/shop/service-{n}:1.2.{n}")],
        "RepoDigests": [format!("registry.example/shop/service-{n}@sha256:{n:064x}")],
        "Created": 1_760_000_000, "Size": 100_000_000, "Containers": -1,
        "Labels": {"org.opencontainers.image.version": format!("1.2.{n}")},
    })
    .to_string()
}

/// An engine as real ones are, with so many containers of so many images.
pub(crate) fn honest(containers: usize, images: usize) -> Served {
    serve(Lists {
        running: containers,
        containers: list(containers, |n| container(n, images)),
        images: list(images, image),
    })
}

/// Engines whose lists are more than anybody has.
pub(crate) fn hostile() -> Vec<(&'static str, Served)> {
    const MANY: usize = 250_000;
    let of = |containers: String| serve(Lists { running: 1, containers, images: "[]".to_owned() });
    let one = json!({"Image": "a", "State": "running"}).to_string();
    let images =
        serve(Lists { running: 0, containers: "[]".to_owned(), images: list(MANY, image) });
    vec![
        ("an engine of 250,000 containers", of(list(MANY, |n| container(n, MANY)))),
        ("an engine of 250,000 containers of one image", of(list(MANY, |_| one.clone()))),
        ("an engine of 250,000 containers that are {}", of(list(MANY, |_| "{}".to_owned()))),
        ("an engine of containers with long names", of(list(300, long))),
        ("an engine of 250,000 images", images),
    ]
}

/// All that is kept of a container, each as long as an item may be.
fn long(n: usize) -> String {
    let text = |what: &str| format!("{what}{n}{}", "x".repeat(100_000));
    let labels: Value =
        json!({"com.docker.compose.project": text("p"), "com.docker.compose.service": text("s")});
    json!({"Names": [format!("/{}", text("n"))], "Image": text("i"), "ImageID": text("d"),
        "State": "running", "Labels": labels})
    .to_string()
}
