//! `cargo +nightly fuzz run pattern`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::pattern(data));
