#![no_main]
//! The normaliser and the search.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::search(bytes));
