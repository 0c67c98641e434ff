#![no_main]
//! Replies of a next hop.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::replies(bytes));
