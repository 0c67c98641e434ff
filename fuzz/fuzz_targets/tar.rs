#![no_main]
//! tar archives.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::tar(bytes));
