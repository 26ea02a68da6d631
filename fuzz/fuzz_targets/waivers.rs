//! `cargo +nightly fuzz run waivers`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::waivers(data));
