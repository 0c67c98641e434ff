#![no_main]
//! RTF.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::file_of(b"{\\rtf1", bytes));
