//! Which algorithms a message is sealed with.
//!
//! Must not know: who asks for a profile, and why.

use crate::message::Profile;

use super::{Abilities, Key};

/// The shortest RSA modulus of [`Profile::Strict`]: 128 bits of security (NIST SP 800-57 part 1, table 2).
const RSA_STRICT: u32 = 3072;

/// What one message is sealed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Algorithms {
    /// Encrypts the content.
    pub content: ContentCipher,
    /// Encrypts the key of the content.
    pub key: KeyEncryption,
}

/// How content is encrypted (RFC 8551 §2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCipher {
    /// AES-128 in CBC mode, as EnvelopedData.
    Aes128Cbc,
    /// AES-256 in CBC mode, as EnvelopedData: what every client opens.
    Aes256Cbc,
    /// AES-128 in GCM mode, as AuthEnvelopedData: a changed octet is noticed.
    Aes128Gcm,
    /// AES-256 in GCM mode, as AuthEnvelopedData.
    Aes256Gcm,
}

/// How the key of the content is encrypted (RFC 8551 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEncryption {
    /// To an RSA key by PKCS#1 v1.5 (RFC 3370 §4.2.1): what every client opens.
    RsaPkcs1,
    /// To an RSA key by OAEP with SHA-256 and MGF1 with SHA-256 (RFC 3560).
    RsaOaep,
    /// To the key of an elliptic curve by an ephemeral key (RFC 5753 §3.1). There is one way for each curve.
    Ecdh,
    /// To an ML-KEM key (RFC 9936).
    MlKem,
}

impl Algorithms {
    /// What a profile means for a key; `None` when such a key may not be used with it.
    ///
    /// This is the one place that knows. `abilities` are what the recipient's own signed mail says of his client
    /// (SMIMECapabilities, RFC 8551 §2.5.2), if he has sent any. They stand between the profile, which they must
    /// not weaken, and the key, which leaves no choice: under `compatible`, which guesses what a client opens, they
    /// are better than a guess; `modern` and `strict` say what must be, whatever a client says of itself.
    pub fn choose(profile: Profile, key: &Key, abilities: Option<&Abilities>) -> Option<Algorithms> {
        let known = abilities.copied().unwrap_or_default();
        let content = match (profile, key) {
            // Of an AES key, a quantum computer leaves half the strength.
            (Profile::Compatible, Key::MlKem(_)) if !known.aes_256_gcm => ContentCipher::Aes256Cbc,
            (Profile::Compatible, _) => compatible(&known),
            (Profile::Modern | Profile::Strict, _) => ContentCipher::Aes256Gcm,
        };
        let key = match (key, profile) {
            _ if !key.is_strong() => return None,
            (Key::Other(_), _) => return None,
            (Key::Ec(_), _) => KeyEncryption::Ecdh,
            (Key::MlKem(_), _) => KeyEncryption::MlKem,
            (Key::Rsa(_), Profile::Compatible) if known.oaep_sha_256 => KeyEncryption::RsaOaep,
            (Key::Rsa(_), Profile::Compatible) => KeyEncryption::RsaPkcs1,
            (Key::Rsa(bits), Profile::Strict) if *bits < RSA_STRICT => return None,
            (Key::Rsa(_), Profile::Modern | Profile::Strict) => KeyEncryption::RsaOaep,
        };
        Some(Algorithms { content, key })
    }
}

/// The best cipher that a client says it opens; AES-256-CBC when it says nothing of AES.
fn compatible(known: &Abilities) -> ContentCipher {
    match known {
        Abilities {
            aes_256_gcm: true, ..
        } => ContentCipher::Aes256Gcm,
        Abilities {
            aes_128_gcm: true, ..
        } => ContentCipher::Aes128Gcm,
        Abilities {
            aes_256_cbc: false,
            aes_128_cbc: true,
            ..
        } => ContentCipher::Aes128Cbc,
        _ => ContentCipher::Aes256Cbc,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Curve;
    use super::*;

    #[test]
    fn a_profile_and_a_key_give_the_algorithms() {
        use {ContentCipher::*, KeyEncryption::*};
        let rsa = [Key::Rsa(2048), Key::Rsa(3071), Key::Rsa(3072), Key::Rsa(4096)];
        let cases = [
            (Profile::Compatible, Aes256Cbc, [Some(RsaPkcs1); 4]),
            (Profile::Modern, Aes256Gcm, [Some(RsaOaep); 4]),
            (
                Profile::Strict,
                Aes256Gcm,
                [None, None, Some(RsaOaep), Some(RsaOaep)],
            ),
        ];
        for (profile, content, expected) in cases {
            for (size, expected) in rsa.iter().zip(expected) {
                let expected = expected.map(|key| Algorithms { content, key });
                assert_eq!(
                    Algorithms::choose(profile, size, None),
                    expected,
                    "{profile:?} {size}"
                );
            }
            for curve in [Curve::P256, Curve::P384, Curve::P521] {
                let expected = Some(Algorithms { content, key: Ecdh });
                assert_eq!(Algorithms::choose(profile, &Key::Ec(curve), None), expected);
            }
        }
    }

    #[test]
    fn a_weak_or_unknown_key_goes_with_no_profile() {
        for profile in [Profile::Compatible, Profile::Modern, Profile::Strict] {
            for key in [
                Key::Rsa(1024),
                Key::Rsa(1 << 20),
                Key::Other("RSA-PSS".to_owned()),
            ] {
                assert_eq!(Algorithms::choose(profile, &key, None), None, "{profile:?} {key}");
            }
        }
    }

    #[test]
    fn what_a_client_says_of_itself_counts_under_compatible_only() {
        use {ContentCipher::*, KeyEncryption::*};
        let cases = [
            ("", Aes256Cbc, RsaPkcs1),
            ("256-cbc 128-cbc", Aes256Cbc, RsaPkcs1),
            ("128-cbc", Aes128Cbc, RsaPkcs1),
            ("128-cbc oaep", Aes128Cbc, RsaOaep),
            ("128-gcm 256-cbc 128-cbc", Aes128Gcm, RsaPkcs1),
            ("256-gcm 128-gcm 256-cbc 128-cbc oaep", Aes256Gcm, RsaOaep),
        ];
        for (words, content, key) in cases {
            let known = Abilities {
                aes_256_gcm: words.contains("256-gcm"),
                aes_128_gcm: words.contains("128-gcm"),
                aes_256_cbc: words.contains("256-cbc"),
                aes_128_cbc: words.contains("128-cbc"),
                oaep_sha_256: words.contains("oaep"),
                ml_kem: false,
            };
            let chosen = Algorithms::choose(Profile::Compatible, &Key::Rsa(2048), Some(&known));
            assert_eq!(chosen, Some(Algorithms { content, key }), "{words}");
            for profile in [Profile::Modern, Profile::Strict] {
                let chosen = Algorithms::choose(profile, &Key::Rsa(4096), Some(&known));
                assert_eq!(
                    chosen,
                    Algorithms::choose(profile, &Key::Rsa(4096), None),
                    "{words}"
                );
            }
        }
    }
}
