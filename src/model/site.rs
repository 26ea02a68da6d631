//! Where an instance runs, by names that environments have in common: instances of one site are
//! compared with each other.

/// What tells the places of a target from each other, and from those of other targets, as the
/// catalogue has it. What is interchangeable has no name of its own: replicas, nodes of a cluster,
/// servers of one Redis.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Name of the target.
    pub target: String,
    /// Whether its environment has several targets of that collector, so that the name tells them
    /// apart.
    pub is_one_of_several: bool,
    /// Whether containers of one workload are places of their own, by their names.
    pub has_containers: bool,
}
