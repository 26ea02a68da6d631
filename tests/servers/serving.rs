//! `serve` over real servers: PostgreSQL with two of them, and Redis that is watched.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::cli::slowness::{scaled, wait_until};
use crate::support::cli::{Profiles, recorded_info};
use crate::support::serving::{ServeProcess, get};

mod incident;
mod lasting;
mod leader;
