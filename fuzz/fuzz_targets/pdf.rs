#![no_main]
//! PDF.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::pictures(b"%PDF-1.7\n", bytes));
