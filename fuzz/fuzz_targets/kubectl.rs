//! `cargo +nightly fuzz run kubectl`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::kubectl(data));
