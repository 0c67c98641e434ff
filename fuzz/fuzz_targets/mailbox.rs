#![no_main]
//! Mailboxes.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::file_of(
    b"From a Mon Jan  1 00:00:00 2024\n",
    bytes
));
