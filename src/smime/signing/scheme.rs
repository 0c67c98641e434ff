//! Which signature a key makes (RFC 8551 §2.1, §2.2).

use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_MGF_1, ID_RSASSA_PSS, ID_SHA_256,
    ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION,
};
use der::Sequence;
use der::asn1::Any;
use openssl::hash::MessageDigest;
use spki::AlgorithmIdentifierOwned;

use crate::message::Profile;

use super::super::{Curve, Key};

/// A kind of signature, with its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// RSA PKCS#1 v1.5 (RFC 3370 §3.2): what every client verifies.
    RsaPkcs1(Hash),
    /// RSA-PSS with a salt as long as the hash (RFC 4056).
    RsaPss(Hash),
    /// ECDSA (RFC 5753 §2.1).
    Ecdsa(Hash),
}

/// A hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Scheme {
    /// What a profile means for a key; `None` when the key cannot sign mail.
    pub fn choose(profile: Profile, key: &Key) -> Option<Scheme> {
        match (key, profile) {
            _ if !key.is_strong() => None,
            (Key::Rsa(_), Profile::Compatible) => Some(Scheme::RsaPkcs1(Hash::Sha256)),
            (Key::Rsa(_), Profile::Modern) => Some(Scheme::RsaPss(Hash::Sha256)),
            (Key::Rsa(_), Profile::Strict) => Some(Scheme::RsaPss(Hash::Sha384)),
            // A hash as strong as the curve (RFC 5753 §8).
            (Key::Ec(Curve::P256), _) => Some(Scheme::Ecdsa(Hash::Sha256)),
            (Key::Ec(Curve::P384), _) => Some(Scheme::Ecdsa(Hash::Sha384)),
            (Key::Ec(Curve::P521), _) => Some(Scheme::Ecdsa(Hash::Sha512)),
            (Key::MlKem(_) | Key::Other(_), _) => None,
        }
    }

    /// Its hash.
    pub fn hash(self) -> Hash {
        match self {
            Scheme::RsaPkcs1(hash) | Scheme::RsaPss(hash) | Scheme::Ecdsa(hash) => hash,
        }
    }

    /// `digestAlgorithm`, without parameters (RFC 5754 §2).
    pub(in crate::smime) fn digest_identifier(self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned {
            oid: self.hash().oid(),
            parameters: None,
        }
    }

    /// `signatureAlgorithm`.
    pub(in crate::smime) fn identifier(self) -> der::Result<AlgorithmIdentifierOwned> {
        let (oid, parameters) = match self {
            Scheme::RsaPkcs1(_) => (RSA_ENCRYPTION, Some(Any::null())),
            Scheme::RsaPss(hash) => (ID_RSASSA_PSS, Some(Any::encode_from(&PssParameters::of(hash)?)?)),
            Scheme::Ecdsa(Hash::Sha256) => (ECDSA_WITH_SHA_256, None),
            Scheme::Ecdsa(Hash::Sha384) => (ECDSA_WITH_SHA_384, None),
            Scheme::Ecdsa(Hash::Sha512) => (ECDSA_WITH_SHA_512, None),
        };
        Ok(AlgorithmIdentifierOwned { oid, parameters })
    }
}

impl Hash {
    /// `micalg` of multipart/signed (RFC 8551 §3.5.3.2).
    pub(in crate::smime) fn micalg(self) -> &'static str {
        match self {
            Hash::Sha256 => "sha-256",
            Hash::Sha384 => "sha-384",
            Hash::Sha512 => "sha-512",
        }
    }

    pub(in crate::smime) fn openssl(self) -> MessageDigest {
        match self {
            Hash::Sha256 => MessageDigest::sha256(),
            Hash::Sha384 => MessageDigest::sha384(),
            Hash::Sha512 => MessageDigest::sha512(),
        }
    }

    /// Its length in octets.
    pub(in crate::smime) fn size(self) -> u8 {
        match self {
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Hash::Sha256 => ID_SHA_256,
            Hash::Sha384 => ID_SHA_384,
            Hash::Sha512 => ID_SHA_512,
        }
    }
}

/// RSASSA-PSS-params (RFC 4055 §3.1). The trailer field stays out: it is the default.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    hash: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    mask: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    salt_length: u8,
}

impl PssParameters {
    fn of(hash: Hash) -> der::Result<PssParameters> {
        let algorithm = AlgorithmIdentifierOwned {
            oid: hash.oid(),
            parameters: Some(Any::null()),
        };
        Ok(PssParameters {
            mask: AlgorithmIdentifierOwned {
                oid: ID_MGF_1,
                parameters: Some(Any::encode_from(&algorithm)?),
            },
            hash: algorithm,
            salt_length: hash.size(),
        })
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, hash) = match self {
            Scheme::RsaPkcs1(hash) => ("RSA PKCS#1 v1.5", hash),
            Scheme::RsaPss(hash) => ("RSA-PSS", hash),
            Scheme::Ecdsa(hash) => ("ECDSA", hash),
        };
        write!(f, "{words} with {hash}")
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hash::Sha256 => "SHA-256",
            Hash::Sha384 => "SHA-384",
            Hash::Sha512 => "SHA-512",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_and_a_key_give_the_signature() {
        use Hash::*;
        let rsa = Key::Rsa(2048);
        let choose = Scheme::choose;
        assert_eq!(choose(Profile::Compatible, &rsa), Some(Scheme::RsaPkcs1(Sha256)));
        assert_eq!(choose(Profile::Modern, &rsa), Some(Scheme::RsaPss(Sha256)));
        assert_eq!(choose(Profile::Strict, &rsa), Some(Scheme::RsaPss(Sha384)));
        for profile in [Profile::Compatible, Profile::Modern, Profile::Strict] {
            let curve = |curve| choose(profile, &Key::Ec(curve));
            assert_eq!(curve(Curve::P256), Some(Scheme::Ecdsa(Sha256)));
            assert_eq!(curve(Curve::P384), Some(Scheme::Ecdsa(Sha384)));
            assert_eq!(curve(Curve::P521), Some(Scheme::Ecdsa(Sha512)));
            assert_eq!(choose(profile, &Key::Rsa(1024)), None);
            assert_eq!(choose(profile, &Key::Other("EdDSA".to_owned())), None);
        }
    }
}
