#![no_main]
//! Certificates in PKCS#7, DER and PEM.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::certificates(bytes));
