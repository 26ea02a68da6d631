//! `cargo +nightly fuzz run info`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::info(data));
