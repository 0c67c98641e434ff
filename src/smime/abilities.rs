//! What a mail client can open, read from what it says: SMIMECapabilities (RFC 8551 §2.5.2).
//!
//! Must not know: profiles, and who asked. A capability is a wish of the recipient, never an order: see
//! [`super::Algorithms::choose`].

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, ObjectIdentifier as Oid};
use der::{Decode, Reader, SliceReader};

use super::Capabilities;

const AES_128_CBC: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_256_CBC: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.1.42");
const AES_128_GCM: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.1.6");
const AES_256_GCM: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.1.46");
const ML_KEM_512: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.4.1");
const ML_KEM_768: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.4.2");
const ML_KEM_1024: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.4.3");
const OAEP: Oid = Oid::new_unwrap("1.2.840.113549.1.1.7");
const SHA_256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.1");
const MGF1: Oid = Oid::new_unwrap("1.2.840.113549.1.1.8");

/// More entries than any client has; the rest of a longer list is not read.
const MOST: usize = 100;

/// Of what a client says of itself, what this gateway can make use of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Opens AES-256-GCM in AuthEnvelopedData.
    pub aes_256_gcm: bool,
    /// Opens AES-128-GCM in AuthEnvelopedData.
    pub aes_128_gcm: bool,
    /// Opens AES-256-CBC.
    pub aes_256_cbc: bool,
    /// Opens AES-128-CBC.
    pub aes_128_cbc: bool,
    /// Opens RSA-OAEP with SHA-256 and MGF1 with SHA-256.
    pub oaep_sha_256: bool,
    /// Opens mail to an ML-KEM key (RFC 9936 §4).
    pub ml_kem: bool,
}

impl Abilities {
    /// What the capabilities mean.
    pub fn of(capabilities: &Capabilities) -> Abilities {
        Abilities::from_der(&capabilities.0)
    }

    /// Reads the value of the attribute: a DER sequence of algorithms. What is unknown is passed over; an entry
    /// that cannot be read ends the list, and what stood before it counts.
    fn from_der(der: &[u8]) -> Abilities {
        let mut all = Abilities::default();
        let Ok(list) = AnyRef::from_der(der) else {
            return all;
        };
        let Ok(mut list) = SliceReader::new(list.value()) else {
            return all;
        };
        for _ in 0..MOST {
            let Ok(entry) = AnyRef::decode(&mut list) else {
                break;
            };
            all.add(entry.value());
        }
        all
    }

    fn add(&mut self, entry: &[u8]) {
        let Ok(mut entry) = SliceReader::new(entry) else {
            return;
        };
        match ObjectIdentifier::decode(&mut entry) {
            Ok(AES_256_GCM) => self.aes_256_gcm = true,
            Ok(AES_128_GCM) => self.aes_128_gcm = true,
            Ok(AES_256_CBC) => self.aes_256_cbc = true,
            Ok(AES_128_CBC) => self.aes_128_cbc = true,
            Ok(ML_KEM_512 | ML_KEM_768 | ML_KEM_1024) => self.ml_kem = true,
            Ok(OAEP) => self.oaep_sha_256 |= AnyRef::decode(&mut entry).is_ok_and(is_sha_256),
            _ => {}
        }
    }
}

/// Whether RSAES-OAEP-params (RFC 4055 §4.1) name SHA-256 twice: as the hash, and below MGF1. Without parameters
/// SHA-1 is meant, and that is not what is written here.
fn is_sha_256(parameters: AnyRef<'_>) -> bool {
    let read = || -> der::Result<bool> {
        let mut fields = SliceReader::new(parameters.value())?;
        let hash = AnyRef::decode(&mut fields)?;
        let mask = AnyRef::decode(&mut fields)?;
        let mut hash = SliceReader::new(sequence_in(hash)?)?;
        let mut mask = SliceReader::new(sequence_in(mask)?)?;
        let is_hash = Oid::decode(&mut hash)? == SHA_256;
        let is_mask = Oid::decode(&mut mask)? == MGF1;
        let mut below = SliceReader::new(AnyRef::decode(&mut mask)?.value())?;
        Ok(is_hash && is_mask && Oid::decode(&mut below)? == SHA_256 && fields.is_finished())
    };
    read().unwrap_or(false)
}

/// The content of the sequence inside an explicit tag.
fn sequence_in(tagged: AnyRef<'_>) -> der::Result<&[u8]> {
    Ok(AnyRef::from_der(tagged.value())?.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    const OAEP_SHA_256: &str = "303806092a864886f70d010107302ba00d300b0609608648016503040201\
                                a11a301806092a864886f70d010108300b0609608648016503040201";

    #[test]
    fn known_algorithms_are_read_and_unknown_ones_are_passed_over() {
        // AES-256-CBC, triple DES, AES-128-GCM.
        let list = "3022300b060960864801650304012a300a06082a864886f70d03073007";
        let cut = Abilities::from_der(&hex(list));
        assert_eq!(cut, Abilities::default(), "a list that is cut off is no list");
        let list = [
            hex("3026"),
            hex("300b060960864801650304012a"),
            hex("300a06082a864886f70d0307"),
            hex("300b0609608648016503040106"),
        ]
        .concat();
        let found = Abilities::from_der(&list);
        let expected = Abilities {
            aes_256_cbc: true,
            aes_128_gcm: true,
            ..Abilities::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn oaep_counts_with_sha_256_only() {
        let entry = hex(&OAEP_SHA_256.replace(' ', ""));
        let list = [vec![0x30, entry.len() as u8], entry.clone()].concat();
        assert!(Abilities::from_der(&list).oaep_sha_256);
        let bare = hex("300d300b06092a864886f70d010107");
        assert!(!Abilities::from_der(&bare).oaep_sha_256);
        let mut sha_1 = list.clone();
        let at = sha_1.len() - 1;
        sha_1[at] = 2;
        assert!(
            !Abilities::from_der(&sha_1).oaep_sha_256,
            "another hash below MGF1"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_taken(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = Abilities::of(&Capabilities(octets));
        }
    }
}
