//! `cargo +nightly fuzz run cycles`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::cycles(data));
