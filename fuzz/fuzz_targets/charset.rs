#![no_main]
//! Charsets.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::charsets(bytes));
