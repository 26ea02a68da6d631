//! `cargo +nightly fuzz run evidence`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::evidence(data));
