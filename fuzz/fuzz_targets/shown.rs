//! `cargo +nightly fuzz run shown`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::shown(data));
