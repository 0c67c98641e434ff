//! Types of records that are understood ([MS-XLS] §2.3).

pub(super) const FORMULA: u16 = 0x06;
pub(super) const EOF: u16 = 0x0a;
pub(super) const HEADER: u16 = 0x14;
pub(super) const FOOTER: u16 = 0x15;
pub(super) const NOTE: u16 = 0x1c;
pub(super) const CODEPAGE: u16 = 0x42;
pub(super) const BOUNDSHEET: u16 = 0x85;
pub(super) const MULRK: u16 = 0xbd;
pub(super) const RSTRING: u16 = 0xd6;
pub(super) const XF: u16 = 0xe0;
pub(super) const DRAWING_GROUP: u16 = 0xeb;
pub(super) const DRAWING: u16 = 0xec;
pub(super) const SST: u16 = 0xfc;
pub(super) const LABELSST: u16 = 0xfd;
pub(super) const TXO: u16 = 0x1b6;
pub(super) const NUMBER: u16 = 0x203;
pub(super) const LABEL: u16 = 0x204;
pub(super) const STRING: u16 = 0x207;
pub(super) const RK: u16 = 0x27e;
pub(super) const FORMAT: u16 = 0x41e;
pub(super) const FORMAT_OLD: u16 = 0x1e;
pub(super) const BOF: u16 = 0x809;
