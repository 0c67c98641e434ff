#![no_main]
//! Pictures.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::pictures(b"\x89PNG\r\n\x1A\n", bytes));
