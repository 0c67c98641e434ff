#![no_main]
//! Parts of Office Open XML and OpenDocument.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::office(bytes));
