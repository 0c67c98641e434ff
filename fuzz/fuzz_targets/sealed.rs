#![no_main]
//! CMS and OpenPGP.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::sealed(bytes));
