//! Where an instance runs, by names that environments have in common: instances of one site are
//! compared with each other.

/// A place in an environment, as the catalogue names its parts. What is interchangeable has no name
/// of its own in it: replicas, nodes of a cluster, servers of one Redis.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Name of the target.
    pub target: String,
    /// Whether its environment has several targets of that collector, so that the name tells them
    /// apart.
    pub is_one_of_several: bool,
    /// Compose project or namespace.
    pub namespace: String,
    /// Compose service or workload.
    pub workload: String,
    /// Container in a pod; of a container without a service, its own name.
    pub container: String,
}
