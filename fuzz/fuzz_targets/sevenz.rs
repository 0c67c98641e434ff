#![no_main]
//! 7z archives.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::file_of(b"7z\xBC\xAF\x27\x1C", bytes));
