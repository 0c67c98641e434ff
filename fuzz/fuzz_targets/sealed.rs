#![no_main]
//! CMS and OpenPGP.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::sealed(bytes));
