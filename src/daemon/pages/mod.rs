//! What `serve` answers with, as text. Pure: what is shown is handed in, and text that came from
//! outside is escaped here.

mod frame;
mod index;
mod lane;
mod metrics;
mod timeline;

pub use index::render_index;
pub use metrics::render_metrics;
pub use timeline::render_timeline;
