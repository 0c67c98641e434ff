#![no_main]
//! Signed mail, as it is harvested.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare_trust(), |bytes: &[u8]| sealgate_fuzz::signed(bytes));
