#![no_main]
//! RTF.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::file_of(b"{\\rtf1", bytes));
