#![no_main]
//! gzip, and tar in it.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::file_of(&[0x1F, 0x8B, 8], bytes));
