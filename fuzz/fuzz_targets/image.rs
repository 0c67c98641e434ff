#![no_main]
//! Pictures of other kinds than PNG.

const BEGINNINGS: [&[u8]; 7] = [
    b"\xFF\xD8\xFF",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"BM",
    b"P6 ",
    b"RIFF\x40\0\0\0WEBPVP8",
];

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::pictures_of_any(&BEGINNINGS, bytes));
