//! What is kept of a password: salt, and keys that prove it without being it (RFC 5802 §3, RFC 7677).
//! The form is that of RFC 5803, which PostgreSQL writes as well: `SCRAM-SHA-256$20000:salt$stored:server`.

use std::fmt;
use std::str::FromStr;

use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sha::sha256;
use openssl::sign::Signer;
use zeroize::Zeroizing;

use super::base64;

/// Rounds of PBKDF2 for new passwords. RFC 7677 §4 asks for 4,096 at least; this is about ten milliseconds.
pub(super) const ROUNDS: u32 = 20_000;
/// The fewest and the most rounds that are read: fewer are no protection, and more would be work for strangers to order.
const LEAST_ROUNDS: u32 = 4_096;
const MOST_ROUNDS: u32 = 1_000_000;
const SALT: usize = 16;

pub(in crate::smtp) type Digest = [u8; 32];

/// Proves a password.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::smtp) struct Verifier {
    pub(super) rounds: u32,
    pub(super) salt: Vec<u8>,
    stored: Digest,
    server: Digest,
}

/// The text is no verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no line of `sealgate user hash`: name:SCRAM-SHA-256$rounds:salt$key:key")]
pub(in crate::smtp) struct NoVerifier;

impl Verifier {
    /// For a new password, with a salt of its own.
    ///
    /// # Errors
    /// When OpenSSL has no random octets.
    pub(super) fn new(password: &str) -> Result<Verifier, openssl::error::ErrorStack> {
        let mut salt = [0; SALT];
        openssl::rand::rand_bytes(&mut salt)?;
        Verifier::salted(password, &salt, ROUNDS)
    }

    pub(super) fn salted(
        password: &str,
        salt: &[u8],
        rounds: u32,
    ) -> Result<Verifier, openssl::error::ErrorStack> {
        let mut salted = Zeroizing::new([0; 32]);
        let rounds_of_openssl = usize::try_from(rounds).unwrap_or(usize::MAX);
        pbkdf2_hmac(
            password.as_bytes(),
            salt,
            rounds_of_openssl,
            MessageDigest::sha256(),
            &mut *salted,
        )?;
        Ok(Verifier {
            rounds,
            salt: salt.to_vec(),
            stored: sha256(&hmac(&*salted, b"Client Key")?),
            server: hmac(&*salted, b"Server Key")?,
        })
    }

    /// One that no password fits, but which answers like one of a user. `seed` decides on its salt.
    pub(super) fn of_nobody(seed: &Digest, rounds: u32) -> Verifier {
        Verifier {
            rounds,
            salt: seed.iter().copied().take(SALT).collect(),
            // Nobody knows what these are the hash of.
            stored: sha256(&[&seed[..], b"stored"].concat()),
            server: sha256(&[&seed[..], b"server"].concat()),
        }
    }

    /// Whether it is this password. Takes as long for a wrong one.
    pub(super) fn is(&self, password: &str) -> bool {
        let other = Verifier::salted(password, &self.salt, self.rounds);
        other.is_ok_and(|other| openssl::memcmp::eq(&other.stored, &self.stored))
    }

    /// Whether `proof` is what the password makes of this exchange (RFC 5802 §3).
    pub(super) fn is_proved(&self, exchange: &[u8], proof: &Digest) -> bool {
        let Ok(signature) = hmac(&self.stored, exchange) else {
            return false;
        };
        let mut key = *proof;
        for (octet, mask) in key.iter_mut().zip(signature) {
            *octet ^= mask;
        }
        openssl::memcmp::eq(&sha256(&key), &self.stored)
    }

    /// What proves to the client that the server knows its keys.
    pub(super) fn signature(&self, exchange: &[u8]) -> Option<Digest> {
        hmac(&self.server, exchange).ok()
    }
}

pub(super) fn hmac(key: &[u8], text: &[u8]) -> Result<Digest, openssl::error::ErrorStack> {
    let key = PKey::hmac(key)?;
    let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
    let mut digest = [0; 32];
    signer.update(text)?;
    signer.sign(&mut digest)?;
    Ok(digest)
}

impl FromStr for Verifier {
    type Err = NoVerifier;

    fn from_str(text: &str) -> Result<Verifier, NoVerifier> {
        let read = || {
            let rest = text.strip_prefix("SCRAM-SHA-256$")?;
            let (head, keys) = rest.split_once('$')?;
            let (rounds, salt) = head.split_once(':')?;
            let (stored, server) = keys.split_once(':')?;
            let rounds: u32 = rounds.parse().ok()?;
            let salt = base64::decode(salt)?;
            let fits = (LEAST_ROUNDS..=MOST_ROUNDS).contains(&rounds) && (8..=64).contains(&salt.len());
            fits.then_some(())?;
            Some(Verifier {
                rounds,
                salt,
                stored: base64::decode(stored)?.try_into().ok()?,
                server: base64::decode(server)?.try_into().ok()?,
            })
        };
        read().ok_or(NoVerifier)
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [salt, stored, server] = [&self.salt[..], &self.stored, &self.server].map(base64::encode);
        write!(f, "SCRAM-SHA-256${}:{salt}${stored}:{server}", self.rounds)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_survives_its_text_and_knows_its_password() {
        let verifier = Verifier::new("correct horse").unwrap();
        let read: Verifier = verifier.to_string().parse().unwrap();
        assert!(read == verifier && read.is("correct horse"));
        assert!(!read.is("correct horse ") && !read.is(""));
        assert!(!verifier.to_string().contains("horse"));
        assert_ne!(
            Verifier::new("correct horse").unwrap().to_string(),
            verifier.to_string()
        );
    }

    #[test]
    fn what_postgresql_writes_is_read() {
        // CREATE ROLE … PASSWORD 'pencil' in PostgreSQL 15, with the salt and rounds of RFC 7677 §3.
        let salt = base64::decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let text = Verifier::salted("pencil", &salt, 4096).unwrap().to_string();
        assert_eq!(
            text,
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
             wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }

    #[test]
    fn what_is_no_verifier_is_refused() {
        let good = Verifier::new("x").unwrap().to_string();
        let weak = good.replace("20000", "1000");
        for wrong in [
            "",
            "x",
            "SCRAM-SHA-1$1:a$b:c",
            &weak,
            &good[..good.len() - 1],
            &format!("{good} "),
        ] {
            assert!(wrong.parse::<Verifier>().is_err(), "{wrong}");
        }
    }
}
