//! Who runs a container besides the engine, by its labels and name: Compose, Swarm, a kubelet,
//! Podman. It tells where the container belongs, and whether it is part of what was deployed.
//! Pure.

use super::containers::EngineContainer;
use crate::model::Locator;

const COMPOSE_PROJECT: &str = "com.docker.compose.project";
const COMPOSE_SERVICE: &str = "com.docker.compose.service";
const COMPOSE_ONE_OFF: &str = "com.docker.compose.oneoff";
const SWARM_STACK: &str = "com.docker.stack.namespace";
const SWARM_SERVICE: &str = "com.docker.swarm.service.name";
const SWARM_TASK: &str = "com.docker.swarm.task.name";
const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
const POD_NAME: &str = "io.kubernetes.pod.name";
const POD_CONTAINER: &str = "io.kubernetes.container.name";
/// `podsandbox` or `container`, by cri-dockerd and the kubelet's dockershim before it.
const POD_PART: &str = "io.kubernetes.docker.type";

/// Namespaces of Kubernetes itself; a Kubernetes target leaves them out, too.
const KUBERNETES_OWN: &[&str] = &["kube-system", "kube-public", "kube-node-lease"];

/// Images that hold a pod's namespaces and do nothing, by the last part of their repository.
const PAUSE: &[&str] = &["podman-pause", "pause", "pause-amd64", "pause-arm64", "mirrored-pause"];

impl EngineContainer {
    /// The project of Compose, or the stack of Swarm.
    pub(super) fn project(&self) -> &str {
        [COMPOSE_PROJECT, SWARM_STACK]
            .map(|label| self.label(label))
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default()
    }

    /// Whether it is not part of what was deployed: made by `docker compose run`, the holder of a
    /// pod, or a part of Kubernetes itself.
    pub(super) fn is_aside(&self) -> bool {
        self.label(COMPOSE_ONE_OFF).eq_ignore_ascii_case("true")
            || self.holds_pod()
            || KUBERNETES_OWN.contains(&self.label(POD_NAMESPACE))
    }

    /// Podman gives each pod a container named `<12 of its ID>-infra`, of an image that it builds
    /// itself or (since 5.5) of none; a kubelet one named `k8s_POD_…`.
    fn holds_pod(&self) -> bool {
        let last = self.image.rsplit('/').next().unwrap_or_default();
        let last = last.split(['@', ':']).next().unwrap_or_default();
        let is_pause = PAUSE.contains(&last);
        let has_image = !(self.image.is_empty() && self.image_id.is_empty());
        let is_infra = self.name().ends_with("-infra");
        last == "podman-pause"
            || is_infra && (is_pause || !has_image)
            || self.label(POD_PART) == "podsandbox"
            || self.label(POD_CONTAINER) == "POD"
            || self.name().starts_with("k8s_POD_")
    }

    /// Where it runs, by names that are the same from one start to the next.
    pub(super) fn locator(&self) -> Locator {
        if !self.label(SWARM_SERVICE).is_empty() {
            return self.of_swarm();
        }
        if !self.label(POD_CONTAINER).is_empty() {
            return Locator {
                namespace: self.label(POD_NAMESPACE).to_owned(),
                workload: workload(self.label(POD_NAME)).to_owned(),
                container: self.label(POD_CONTAINER).to_owned(),
            };
        }
        Locator {
            namespace: self.project().to_owned(),
            workload: self.label(COMPOSE_SERVICE).to_owned(),
            container: self.name().to_owned(),
        }
    }

    /// A task is named `<service>.<slot>.<ID of the task>`, a service of a stack `<stack>_<name>`:
    /// the service has the name that it has under Compose, the ID goes.
    fn of_swarm(&self) -> Locator {
        let (stack, service) = (self.label(SWARM_STACK), self.label(SWARM_SERVICE));
        let in_stack = service.strip_prefix(stack).and_then(|rest| rest.strip_prefix('_'));
        let own = in_stack.filter(|name| !stack.is_empty() && !name.is_empty()).unwrap_or(service);
        let task = [self.label(SWARM_TASK), self.name()]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or(service);
        let slot = task.rsplit_once('.').map_or(task, |(slot, _)| slot);
        Locator {
            namespace: stack.to_owned(),
            workload: own.to_owned(),
            container: slot.to_owned(),
        }
    }
}

/// The workload that a pod's name begins with: what a controller appends is drawn anew for each
/// pod (`web-7c5ddbdf54-x2k4q`, `agent-x2k4q`) or counts them (`db-0`).
fn workload(pod: &str) -> &str {
    // Kubernetes draws from these, so that no word comes out.
    let is_drawn = |text: &str| text.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b));
    let Some((rest, last)) = pod.rsplit_once('-') else { return pod };
    if !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()) && last.len() < 5 {
        return rest;
    }
    if last.len() != 5 || !is_drawn(last) {
        return pod;
    }
    match rest.rsplit_once('-') {
        // The hash of a template, behind the name of a Deployment.
        Some((name, hash)) if (8..=10).contains(&hash.len()) && is_drawn(hash) => name,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ContainerSummary;

    fn container(image: &str, name: &str, labels: &[(&str, &str)]) -> EngineContainer {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        ContainerSummary {
            names: Some(vec![format!("/{name}")]),
            image: Some(image.to_owned()),
            labels: Some(labels.collect()),
            ..ContainerSummary::default()
        }
        .into()
    }

    #[test]
    fn what_is_no_part_of_the_deployment_is_told() {
        for (image, name, labels) in [
            ("team/app:1", "shop-app-run-c3134505ca7c", &[(COMPOSE_ONE_OFF, "True")][..]),
            ("", "77aa00bb11cc-infra", &[]),
            ("localhost/podman-pause:4.9.4-1718143542", "pod-of-mine", &[]),
            ("registry:5000/k8s/pause:3.5", "77aa00bb11cc-infra", &[]),
            ("registry.k8s.io/pause@sha256:0", "k8s_POD_web-0_shop_1_0", &[]),
            ("team/own-sandbox:1", "x", &[(POD_PART, "podsandbox")]),
            ("kube-proxy:1", "k8s_kube-proxy_x", &[(POD_NAMESPACE, "kube-system")]),
        ] {
            assert!(container(image, name, labels).is_aside(), "{name}");
        }
        for (image, name, labels) in [
            ("team/app:1", "shop-app-1", &[(COMPOSE_ONE_OFF, "False")][..]),
            ("team/infra:1", "shop-infra", &[]),
            ("team/pause:1", "pause", &[]),
            ("", "rootfs", &[]),
            ("nginx:1", "k8s_nginx_web_shop_1_0", &[(POD_NAMESPACE, "shop")]),
        ] {
            assert!(!container(image, name, labels).is_aside(), "{name}");
        }
    }

    #[test]
    fn places_do_not_change_from_start_to_start() {
        let place = |name: &str, labels: &[(&str, &str)]| {
            let Locator { namespace, workload, container } = container("a", name, labels).locator();
            format!("{namespace}/{workload}/{container}")
        };
        assert_eq!(
            place("shop-web-1", &[(COMPOSE_PROJECT, "shop"), (COMPOSE_SERVICE, "web")]),
            "shop/web/shop-web-1"
        );
        let stack = [(SWARM_STACK, "shop"), (SWARM_SERVICE, "shop_web")];
        assert_eq!(place("shop_web.2.k0vmx4gy6a1d", &stack), "shop/web/shop_web.2");
        assert_eq!(place("web.1.k0vmx4gy6a1d", &[(SWARM_SERVICE, "web")]), "/web/web.1");
        let pod = |name| {
            let labels = [(POD_NAMESPACE, "shop"), (POD_NAME, name), (POD_CONTAINER, "nginx")];
            place("k8s_nginx_x_shop_1_0", &labels)
        };
        for (name, workload) in [
            ("web-7c5ddbdf54-x2k4q", "web"),
            ("agent-x2k4q", "agent"),
            ("db-0", "db"),
            ("web-front", "web-front"),
            ("web", "web"),
        ] {
            assert_eq!(pod(name), format!("shop/{workload}/nginx"));
        }
    }
}
