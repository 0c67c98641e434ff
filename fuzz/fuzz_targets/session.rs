#![no_main]
//! What a client says in an SMTP or LMTP session: commands, data and chunks.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealgate_fuzz::session(bytes));
