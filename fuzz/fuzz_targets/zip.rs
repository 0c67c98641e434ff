#![no_main]
//! ZIP archives, Office Open XML and OpenDocument.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::file_of(b"PK\x03\x04", bytes));
