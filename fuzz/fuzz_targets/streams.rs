#![no_main]
//! Streams of older Office documents and Outlook messages.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::streams(bytes));
