//! `cargo +nightly fuzz run version`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::version(data));
