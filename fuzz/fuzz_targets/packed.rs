#![no_main]
//! Compressed files and small archives: bzip2, xz, lzma, zstd, lz4, ar, cpio.

const BEGINNINGS: [&[u8]; 9] = [
    b"BZh91AY&SY",
    b"\xFD7zXZ\0",
    b"\x5D\0\0\x80\0",
    b"\x28\xB5\x2F\xFD",
    b"\x04\x22\x4D\x18",
    b"!<arch>\n",
    b"070701",
    b"070707",
    b"Rar!\x1A\x07\x01\0",
];

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::file_of_any(&BEGINNINGS, bytes));
