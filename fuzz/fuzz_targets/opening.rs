#![no_main]
//! Mail that is encrypted to a key of our own, and what a stranger can make of it.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare_opener(), |bytes: &[u8]| sealgate_fuzz::opening(bytes));
