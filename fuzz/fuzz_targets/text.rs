#![no_main]
//! Files that are text with a shape.

const BEGINNINGS: [&[u8]; 10] = [
    b"BEGIN:VCALENDAR\n",
    b"BEGIN:VCARD\n",
    b"{\"",
    b"[{\"",
    b"<?xml version=\"1.0\"?>",
    b"=ybegin line=128 size=100 name=a\n",
    b"begin 644 a\n",
    b"(This file must be converted with BinHex 4.0)\n:",
    b"INSERT INTO t (a, b) VALUES (",
    b"Name,SSN,Card\n",
];

libfuzzer_sys::fuzz_target!(init: sealgate_fuzz::prepare(), |bytes: &[u8]| sealgate_fuzz::file_of_any(&BEGINNINGS, bytes));
