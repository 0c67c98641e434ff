//! A private key in an HSM, by PKCS#11.
//!
//! States of a key's session: *none* (not opened yet, or lost), *open*, *locked out*. Whatever fails on an open session
//! ends it, and it is opened anew for the same signature: sessions end when a token is pulled or its network is
//! interrupted. Where that does not help, the library is set up anew, once for each signature. A PIN that was refused is
//! not tried again before the settings are read again, for tokens lock themselves after a few wrong ones.
//!
//! What fails slowly would hold up all mail. So after a failure the key rests ten times as long as the failure took, a
//! minute at most; meanwhile it says at once that it cannot sign.

mod module;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use der::Encode;
use der::asn1::OctetString;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::PointConversionForm;
use openssl::ecdsa::EcdsaSig;
use openssl::pkey::{PKey, Public as PublicHalf};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};

use super::super::signing::{Hash, Scheme};
use super::super::{Certificate, Key};
use super::{Hsm, Secret, SigningKey};

/// A private key in an HSM, found by its public key.
pub struct HsmKey {
    settings: Hsm,
    public: Public,
    half: PKey<PublicHalf>,
    state: Mutex<State>,
}

/// What a private key is found by.
#[derive(Debug, Clone)]
enum Public {
    Rsa(Vec<u8>),
    /// The point, as CKA_EC_POINT has it: in an octet string.
    Ec(Vec<u8>),
}

enum State {
    None,
    /// With the number of times that the library had been set up: handles of an earlier time may mean something else.
    Open(Session, ObjectHandle, u64),
    LockedOut(String),
    Resting(Instant),
}

/// How long a key rests at most.
const REST: Duration = Duration::from_secs(60);

impl HsmKey {
    /// The private key to a certificate. It is looked for now; where that fails because the HSM does not answer, it is
    /// looked for again when it is needed, and the log says so.
    ///
    /// # Errors
    /// When the library cannot be loaded, the PIN cannot be read, or the certificate has a key that signs no mail.
    pub fn new(settings: &Hsm, certificate: &Certificate) -> Result<HsmKey, String> {
        let key = HsmKey {
            settings: settings.clone(),
            public: Public::of(certificate)?,
            half: certificate.x509().public_key().map_err(words)?,
            state: Mutex::new(State::None),
        };
        key.pin()?;
        let mut state = key.state.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = module::with(key.library(), |module, time| key.open(&mut state, module, time))?;
        if let Err(error) = opened {
            let certificate = certificate.fingerprint();
            tracing::warn!(certificate, %error, "the key in the HSM cannot be used now");
        }
        drop(state);
        Ok(key)
    }

    fn library(&self) -> &Path {
        self.settings.module.as_deref().unwrap_or(Path::new(""))
    }

    fn pin(&self) -> Result<AuthPin, String> {
        let file = self.settings.pin_file.as_deref().unwrap_or(Path::new(""));
        let pin = Secret::read(file)?;
        let text = std::str::from_utf8(pin.as_bytes());
        let text = text.map_err(|_| format!("{}: the PIN is no UTF-8 text", file.display()))?;
        Ok(AuthPin::from(text.to_owned()))
    }

    fn open(&self, state: &mut State, module: &Pkcs11, time: u64) -> Result<(), String> {
        if let State::LockedOut(reason) = state {
            return Err(reason.clone());
        }
        close(state, time);
        let token = &self.settings.token;
        let slots = module.get_slots_with_initialized_token().map_err(words)?;
        let named = |slot: &cryptoki::slot::Slot| {
            let info = module.get_token_info(*slot);
            info.is_ok_and(|info| info.label() == token)
        };
        let slot = slots.into_iter().find(named);
        let slot = slot.ok_or_else(|| format!("the HSM has no token with the label {token:?}"))?;
        let session = module.open_ro_session_no_drop(slot).map_err(words)?;
        match session.login(UserType::User, Some(&self.pin()?)) {
            // All sessions of the process share the login.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Error::Pkcs11(
                error @ (RvError::PinIncorrect | RvError::PinLocked | RvError::PinExpired),
                _,
            )) => {
                let reason = format!("the HSM refuses the PIN ({error}); mend pin_file and send SIGHUP");
                *state = State::LockedOut(reason.clone());
                return Err(reason);
            }
            Err(error) => return Err(words(error)),
        }
        let key = self.public.find(&session)?;
        *state = State::Open(session, key, time);
        Ok(())
    }

    /// Signs with the session that is there, or a new one.
    fn attempt(&self, state: &mut State, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
        module::with(self.library(), |module, time| {
            if !matches!(state, State::Open(_, _, of) if *of == time) {
                self.open(state, module, time)?;
            }
            let State::Open(session, key, _) = state else {
                return Err("the HSM has no session".to_owned());
            };
            let signature = sign(session, *key, scheme, message)?;
            // Whatever the HSM took for the key: a wrong signature must not leave.
            match self.verifies(scheme, message, &signature).map_err(words)? {
                true => Ok(signature),
                false => Err("the HSM gave a signature that is wrong".to_owned()),
            }
        })?
    }

    fn verifies(
        &self,
        scheme: Scheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, openssl::error::ErrorStack> {
        let mut verifier = Verifier::new(scheme.hash().openssl(), &self.half)?;
        if let Scheme::RsaPss(hash) = scheme {
            verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
            verifier.set_rsa_mgf1_md(hash.openssl())?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        }
        verifier.verify_oneshot(signature, message)
    }

    /// Signs, if need be with a new session, and then with a library that was set up anew.
    fn persist(&self, state: &mut State, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
        let was_open = matches!(state, State::Open(..));
        let mut answer = self.attempt(state, scheme, message);
        if answer.is_err() && was_open {
            module::with(self.library(), |_, time| close(state, time))?;
            answer = self.attempt(state, scheme, message);
        }
        if answer.is_err() && !matches!(state, State::LockedOut(_)) {
            module::set_up_anew(self.library())?;
            answer = self.attempt(state, scheme, message);
        }
        answer
    }
}

impl SigningKey for HsmKey {
    fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = Instant::now();
        if let State::Resting(until) = &*state {
            if begin < *until {
                return Err("the HSM did not answer a moment ago; it is asked again soon".to_owned());
            }
            *state = State::None;
        }
        let answer = self.persist(&mut state, scheme, message);
        if answer.is_err() && !matches!(*state, State::LockedOut(_)) {
            let _ = module::with(self.library(), |_, time| close(&mut state, time));
            *state = State::Resting(Instant::now() + (begin.elapsed() * 10).min(REST));
        }
        answer
    }
}

/// Ends the session, if it is one of this time; handles of another time are not ours any more.
fn close(state: &mut State, time: u64) {
    if let State::Open(session, _, of) = std::mem::replace(state, State::None)
        && of == time
    {
        let _ = session.close();
    }
}

fn sign(session: &Session, key: ObjectHandle, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
    match scheme {
        Scheme::Ecdsa(hash) => {
            let digest = openssl::hash::hash(hash.openssl(), message).map_err(words)?;
            let signature = session.sign(&Mechanism::Ecdsa, key, &digest).map_err(words)?;
            ecdsa(&signature)
        }
        _ => session.sign(&mechanism(scheme), key, message).map_err(words),
    }
}

impl Public {
    fn of(certificate: &Certificate) -> Result<Public, String> {
        let key = certificate.x509().public_key().map_err(words)?;
        match certificate.key() {
            Key::Rsa(_) => Ok(Public::Rsa(key.rsa().map_err(words)?.n().to_vec())),
            Key::Ec(_) => {
                let key = key.ec_key().map_err(words)?;
                let mut numbers = BigNumContext::new().map_err(words)?;
                let form = PointConversionForm::UNCOMPRESSED;
                let point = key.public_key().to_bytes(key.group(), form, &mut numbers);
                let point = OctetString::new(point.map_err(words)?).map_err(words)?;
                Ok(Public::Ec(point.to_der().map_err(words)?))
            }
            other @ (Key::MlKem(_) | Key::Other(_)) => {
                Err(format!("the certificate has a key that signs no mail: {other}"))
            }
        }
    }

    /// A private RSA key tells its modulus. A private key of an elliptic curve is found by the public one beside it,
    /// which has the same CKA_ID.
    fn find(&self, session: &Session) -> Result<ObjectHandle, String> {
        let class = Attribute::Class(ObjectClass::PRIVATE_KEY);
        let found = match self {
            Public::Rsa(modulus) => {
                let kind = Attribute::KeyType(KeyType::RSA);
                session.find_objects(&[class, kind, Attribute::Modulus(modulus.clone())])
            }
            Public::Ec(point) => {
                let public = Attribute::Class(ObjectClass::PUBLIC_KEY);
                let public = session.find_objects(&[public, Attribute::EcPoint(point.clone())]);
                let first = public.map_err(words)?.first().copied();
                let id = match first {
                    Some(public) => session
                        .get_attributes(public, &[AttributeType::Id])
                        .map_err(words)?,
                    None => return Err(NOT_THERE.to_owned()),
                };
                session.find_objects(&id.into_iter().chain([class]).collect::<Vec<_>>())
            }
        };
        found
            .map_err(words)?
            .first()
            .copied()
            .ok_or_else(|| NOT_THERE.to_owned())
    }
}

const NOT_THERE: &str = "the token has no private key that belongs to the certificate (an elliptic curve's needs its \
    public key beside it, with the same CKA_ID)";

fn mechanism(scheme: Scheme) -> Mechanism<'static> {
    let pss = |hash_alg, mgf, hash: Hash| PkcsPssParams {
        hash_alg,
        mgf,
        s_len: u64::from(hash.size()).into(),
    };
    match scheme {
        Scheme::RsaPkcs1(Hash::Sha256) => Mechanism::Sha256RsaPkcs,
        Scheme::RsaPkcs1(Hash::Sha384) => Mechanism::Sha384RsaPkcs,
        Scheme::RsaPkcs1(Hash::Sha512) => Mechanism::Sha512RsaPkcs,
        Scheme::RsaPss(hash @ Hash::Sha256) => {
            Mechanism::Sha256RsaPkcsPss(pss(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, hash))
        }
        Scheme::RsaPss(hash @ Hash::Sha384) => {
            Mechanism::Sha384RsaPkcsPss(pss(MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, hash))
        }
        Scheme::RsaPss(hash @ Hash::Sha512) => {
            Mechanism::Sha512RsaPkcsPss(pss(MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, hash))
        }
        Scheme::Ecdsa(_) => Mechanism::Ecdsa,
    }
}

/// PKCS#11 gives both numbers behind each other; CMS wants them in DER (RFC 5753 §2.1.1).
fn ecdsa(signature: &[u8]) -> Result<Vec<u8>, String> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let number = |bytes| BigNum::from_slice(bytes).map_err(words);
    let signature = EcdsaSig::from_private_components(number(r)?, number(s)?).map_err(words)?;
    signature.to_der().map_err(words)
}

fn words(error: impl std::fmt::Display) -> String {
    format!("the HSM: {error}")
}
