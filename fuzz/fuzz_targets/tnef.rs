#![no_main]
//! winmail.dat.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::file_of(&[0x78, 0x9F, 0x3E, 0x22], bytes));
