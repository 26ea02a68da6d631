//! `cargo +nightly fuzz run earlier`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::earlier(data));
