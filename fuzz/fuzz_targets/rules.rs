#![no_main]
//! The rule loader.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::rule_file(bytes));
