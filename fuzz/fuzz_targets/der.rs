#![no_main]
//! What is read in bare DER: certificates, requests, capabilities.

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare_trust(), |bytes: &[u8]| sealgate_fuzz::der(bytes));
