#![no_main]
//! The normaliser and the search.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::search(bytes));
