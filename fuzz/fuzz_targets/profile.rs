//! `cargo +nightly fuzz run profile`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::profile(data));
