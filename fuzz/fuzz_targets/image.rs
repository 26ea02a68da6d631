//! `cargo +nightly fuzz run image`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| envparity_fuzz::image(data));
