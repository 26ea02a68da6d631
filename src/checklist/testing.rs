//! What tests of items are made of.
