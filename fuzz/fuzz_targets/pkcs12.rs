#![no_main]
//! Certificates in PKCS#12: whole files, and safes in a file around them.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::pkcs12(bytes));
