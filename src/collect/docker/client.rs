//! bollard, on a transport of ours: the four questions, with failures as ours.

use bollard::models::{ContainerSummary, ImageSummary, SystemInfo, SystemVersion};
use bollard::query_parameters::{
    ListContainersOptions, ListContainersOptionsBuilder, ListImagesOptions,
};
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};

use super::endpoint::EngineEndpoint;
use super::list::{ItemTally, ListKind};
use super::transport::{Transport, failure};
use crate::model::Failure;

/// Seconds after which bollard would give up. The deadline of the target comes first.
const NEVER: u64 = 24 * 60 * 60;

/// One engine on one way.
pub(super) struct EngineClient {
    docker: Docker,
    transport: Transport,
}

impl EngineClient {
    pub(super) fn new(way: EngineEndpoint) -> Self {
        let transport = Transport::new(way);
        let below = transport.clone();
        // The address is never connected to.
        let docker = Docker::connect_with_custom_transport(
            move |request: BollardRequest| below.clone().respond(&request),
            Some("http://docker"),
            NEVER,
            API_DEFAULT_VERSION,
        );
        let docker = docker.expect("a transport of ours needs no file and no variable");
        Self { docker: docker.with_request_modifier(without_version), transport }
    }

    pub(super) fn way(&self) -> &EngineEndpoint {
        self.transport.way()
    }

    #[cfg(test)]
    pub(super) fn bollard(&self) -> &Docker {
        &self.docker
    }

    pub(super) async fn version(&self) -> Result<SystemVersion, Failure> {
        self.docker.version().await.map_err(|e| failure(e, "/version"))
    }

    pub(super) async fn info(&self) -> Result<SystemInfo, Failure> {
        self.docker.info().await.map_err(|e| failure(e, "/info"))
    }

    /// The next containers; none at the end of the list.
    pub(super) async fn containers(&self) -> Result<Vec<ContainerSummary>, Failure> {
        let all: ListContainersOptions = ListContainersOptionsBuilder::new().all(true).build();
        let batch = self.docker.list_containers(Some(all)).await;
        batch.map_err(|e| failure(e, ListKind::Containers.path()))
    }

    /// The next images; none at the end of the list.
    pub(super) async fn images(&self) -> Result<Vec<ImageSummary>, Failure> {
        let batch = self.docker.list_images(None::<ListImagesOptions>).await;
        batch.map_err(|e| failure(e, ListKind::Images.path()))
    }

    /// What was read of a list that has come to its end.
    pub(super) async fn tally(&self) -> ItemTally {
        self.transport.take_tally().await
    }
}

/// An engine asked for no version of its API answers by its own; one that is older than bollard
/// would refuse bollard's.
fn without_version(mut request: BollardRequest) -> BollardRequest {
    let path = request.uri().path();
    let rest = path.strip_prefix("/v").and_then(|rest| rest.split_once('/'));
    let is_version = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if let Some((_, rest)) = rest.filter(|(version, _)| is_version(version))
        && let Ok(uri) = format!("/{rest}").parse()
    {
        *request.uri_mut() = uri;
    }
    request
}
