//! How a large body lies on the disk: base64, in which sealed mail travels, as the octets that it stands for.
//!
//! That is a quarter less to write and to flush, which is what a large message waits for. Only what gives the same body
//! again, octet for octet, is packed.

use std::io::{self, Write};

use crate::smime::{armor, unarmored};

/// How a packed file begins; no message does. Behind it: the length of what comes before the base64, as four octets
/// in little endian, that, and the octets that the base64 stands for.
const MAGIC: &[u8; 8] = b"\0packed1";

/// Octets of the longest body that is packed: a longer one would need as much memory once more.
const LONGEST: usize = 16 << 20;

/// Writes a body, packed if it can be.
///
/// # Errors
/// Those of the file.
pub(super) fn write(body: &[u8], file: &mut dyn Write) -> io::Result<()> {
    // What could be taken for a packed one is packed, with nothing in base64.
    let packed = match body.starts_with(MAGIC) {
        true => Some((body, Vec::new())),
        false => parts(body),
    };
    match packed.and_then(|(before, octets)| Some((beginning(before, &[])?, octets))) {
        Some((beginning, octets)) => {
            file.write_all(&beginning)?;
            file.write_all(&octets)
        }
        None => file.write_all(body),
    }
}

/// The header, with the empty line behind it, and the octets of a body that is nothing but base64.
pub(super) fn parts(body: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let body = Some(body).filter(|body| body.len() <= LONGEST)?;
    let start = memchr::memmem::find(body, b"\r\n\r\n")? + 4;
    let (before, lines) = body.split_at_checked(start)?;
    Some((before, unarmored(lines)?))
}

/// How a packed body begins: with these octets, behind which the others belong.
pub(super) fn beginning(before: &[u8], octets: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(before.len()).ok()?;
    Some([MAGIC.as_slice(), &length.to_le_bytes(), before, octets].concat())
}

/// The body that a file holds.
///
/// # Errors
/// When it says that it is packed, and is not.
pub(super) fn read(file: Vec<u8>) -> io::Result<Vec<u8>> {
    let Some(packed) = file.strip_prefix(MAGIC) else {
        return Ok(file);
    };
    let damaged = || io::Error::other("a body file is damaged");
    let (length, rest) = packed.split_first_chunk().ok_or_else(damaged)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged())?;
    let (before, octets) = rest.split_at_checked(length).ok_or_else(damaged)?;
    let mut body = Vec::with_capacity(before.len() + octets.len() / 57 * 78 + 78);
    body.extend_from_slice(before);
    armor(octets, &mut body);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        write(body, &mut file).unwrap();
        file
    }

    fn sealed(octets: &[u8]) -> Vec<u8> {
        let mut body = b"From: a@agency.example\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
        armor(octets, &mut body);
        body
    }

    #[test]
    fn sealed_mail_takes_a_quarter_less_room_and_comes_back_octet_for_octet() {
        let body = sealed(&[0xa5; 100_000]);
        let file = written(&body);
        assert!(file.len() < 100_200 && body.len() > 136_000, "{}", file.len());
        assert_eq!(read(file).unwrap(), body);
    }

    #[test]
    fn a_very_long_body_lies_there_as_it_is() {
        let body = sealed(&vec![7; LONGEST]);
        assert_eq!(written(&body), body);
        assert_eq!(read(written(&body)).unwrap(), body);
    }

    #[test]
    fn a_file_that_was_cut_is_no_body() {
        let file = written(&sealed(&[1; 300]));
        for length in 8..72 {
            assert!(read(file[..length].to_vec()).is_err(), "{length}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_comes_back_octet_for_octet(
            before in "(From: a@b.example|x|\r\n|\0packed1){0,3}(\r\n\r\n)?",
            octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            behind in "(\r\n|=|AAAA|\0){0,2}",
        ) {
            let mut body = before.into_bytes();
            armor(&octets, &mut body);
            body.extend_from_slice(behind.as_bytes());
            proptest::prop_assert_eq!(read(written(&body)).unwrap(), body);
        }
    }
}
