#![no_main]
//! Parts of Office Open XML and OpenDocument.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::office(bytes));
