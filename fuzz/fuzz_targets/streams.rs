#![no_main]
//! Streams of older Office documents and Outlook messages.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::streams(bytes));
