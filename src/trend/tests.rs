//! Worlds of known truth: what was called when is a list, and the figures are those of the list.

mod changed;
mod judged;
mod properties;
mod truth;
mod worlds;
