#![no_main]
//! HTML.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::html(bytes));
