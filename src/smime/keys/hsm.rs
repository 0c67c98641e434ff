//! A private key in an HSM, by PKCS#11.
//!
//! States of a key's session: *none* (not opened yet, or lost), *open*, *locked out*. Whatever fails on an open session
//! closes it, and it is opened anew once for the same signature: sessions end when a token is pulled or its network is
//! interrupted. A PIN that was refused is not tried again before the settings are read again, for tokens lock
//! themselves after a few wrong ones.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
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

use super::super::signing::{Hash, Scheme};
use super::super::{Certificate, Key};
use super::{Hsm, Secret, SigningKey};

/// A private key in an HSM, found by its public key.
pub struct HsmKey {
    settings: Hsm,
    public: Public,
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
    Open(Session, ObjectHandle),
    LockedOut(String),
}

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
            state: Mutex::new(State::None),
        };
        key.module()?;
        key.pin()?;
        let mut state = key.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = key.open(&mut state) {
            let certificate = certificate.fingerprint();
            tracing::warn!(certificate, %error, "the key in the HSM cannot be used now");
        }
        drop(state);
        Ok(key)
    }

    fn module(&self) -> Result<Pkcs11, String> {
        let path = self.settings.module.as_deref().unwrap_or(Path::new(""));
        module(path)
    }

    fn pin(&self) -> Result<AuthPin, String> {
        let file = self.settings.pin_file.as_deref().unwrap_or(Path::new(""));
        let pin = Secret::read(file)?;
        let text = std::str::from_utf8(pin.as_bytes());
        let text = text.map_err(|_| format!("{}: the PIN is no UTF-8 text", file.display()))?;
        Ok(AuthPin::from(text.to_owned()))
    }

    fn open(&self, state: &mut State) -> Result<(), String> {
        if let State::LockedOut(reason) = state {
            return Err(reason.clone());
        }
        *state = State::None;
        let module = self.module()?;
        let token = &self.settings.token;
        let slots = module.get_slots_with_initialized_token().map_err(words)?;
        let named = |slot: &cryptoki::slot::Slot| {
            let info = module.get_token_info(*slot);
            info.is_ok_and(|info| info.label() == token)
        };
        let slot = slots.into_iter().find(named);
        let slot = slot.ok_or_else(|| format!("the HSM has no token with the label {token:?}"))?;
        let session = module.open_ro_session(slot).map_err(words)?;
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
        *state = State::Open(session, key);
        Ok(())
    }

    fn attempt(&self, state: &mut State, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
        if !matches!(state, State::Open(..)) {
            self.open(state)?;
        }
        let State::Open(session, key) = state else {
            return Err("the HSM has no session".to_owned());
        };
        match scheme {
            Scheme::Ecdsa(hash) => {
                let digest = openssl::hash::hash(hash.openssl(), message).map_err(words)?;
                let signature = session.sign(&Mechanism::Ecdsa, *key, &digest).map_err(words)?;
                ecdsa(&signature)
            }
            _ => session.sign(&mechanism(scheme), *key, message).map_err(words),
        }
    }
}

impl SigningKey for HsmKey {
    fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let was_open = matches!(*state, State::Open(..));
        let first = self.attempt(&mut state, scheme, message);
        if first.is_ok() || !was_open {
            return first;
        }
        *state = State::None;
        let second = self.attempt(&mut state, scheme, message);
        if second.is_err() && matches!(*state, State::Open(..)) {
            *state = State::None;
        }
        second
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
            Key::Other(kind) => Err(format!("the certificate has a key that signs no mail: {kind}")),
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
        s_len: u64::from(hash.size()).try_into().unwrap_or_else(|_| 32.into()),
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

/// Libraries that are loaded. They stay: a library can be set up only once in a process, and an old key ring must not
/// take it away from the new one.
static MODULES: Mutex<Option<HashMap<PathBuf, Pkcs11>>> = Mutex::new(None);

fn module(path: &Path) -> Result<Pkcs11, String> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let modules = modules.get_or_insert_default();
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let failed = |error: Error| format!("the PKCS#11 library {} cannot be used: {error}", path.display());
    let module = Pkcs11::new(path).map_err(failed)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(failed(error)),
    }
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn words(error: impl std::fmt::Display) -> String {
    format!("the HSM: {error}")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use openssl::sign::Verifier;

    use super::super::super::issue::KeyKind;
    use super::super::super::tests::{counterparts, pki::*, signing::Agency, signing::CLERK};
    use super::*;
    use crate::smime::Curve;

    const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

    /// The library reads its settings from the environment, which a process of many threads must not change: the test
    /// proper runs in a process of its own.
    #[test]
    fn keys_of_each_kind_sign_and_outlive_their_session_and_a_wrong_pin_is_tried_once() {
        let name = "keys_of_each_kind_sign_and_outlive_their_session_and_a_wrong_pin_is_tried_once";
        if !counterparts::have(name, &["softhsm2-util", MODULE]) {
            return;
        }
        let agency = Agency::new();
        let path = agency.folder.0.display().to_string();
        std::fs::create_dir(agency.folder.0.join("tokens")).unwrap();
        agency
            .folder
            .write("conf", format!("directories.tokendir = {path}/tokens\n"));
        let curves = [Curve::P256, Curve::P384].map(KeyKind::Ec);
        for (number, kind) in [RSA].into_iter().chain(curves).enumerate() {
            let issued = agency.issue(CLERK, kind);
            agency.folder.write(&format!("{number}.key"), &issued.key_pem);
            agency
                .folder
                .write(&format!("{number}.pem"), &issued.certificate_pem);
        }
        let here = |command: &mut Command| {
            let output = command
                .env("SOFTHSM2_CONF", format!("{path}/conf"))
                .current_dir(&path)
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                output.status.success(),
                "{told}{}",
                String::from_utf8_lossy(&output.stderr)
            );
        };
        let softhsm = |arguments: &str| here(Command::new("softhsm2-util").args(arguments.split(' ')));
        softhsm("--init-token --free --label t --pin 4711 --so-pin 0815");
        for number in 0..3 {
            softhsm(&format!(
                "--import {number}.key --token t --label k --id 0{number} --pin 4711"
            ));
        }
        let inner = "smime::keys::hsm::tests::inside_of_the_process_with_the_token";
        let program = std::env::current_exe().unwrap();
        here(Command::new(program).args(["--exact", inner, "--ignored", "--test-threads", "1"]));
    }

    fn private(name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(name, content).unwrap();
        std::fs::set_permissions(name, std::fs::Permissions::from_mode(0o600)).unwrap();
        PathBuf::from(name)
    }

    #[test]
    #[ignore = "runs in a process of its own"]
    fn inside_of_the_process_with_the_token() {
        let mut settings = Hsm {
            module: Some(PathBuf::from(MODULE)),
            token: "t".to_owned(),
            pin_file: Some(private("pin", "4711\n")),
        };
        let certificate = |number: usize| {
            let pem = std::fs::read(format!("{number}.pem")).unwrap();
            let x509 = openssl::x509::X509::from_pem(&pem).unwrap();
            Certificate::from_der(&x509.to_der().unwrap()).unwrap()
        };
        let rsa = [
            Scheme::RsaPkcs1(Hash::Sha256),
            Scheme::RsaPss(Hash::Sha256),
            Scheme::RsaPss(Hash::Sha384),
        ];
        let cases = [
            (0, rsa.to_vec()),
            (1, vec![Scheme::Ecdsa(Hash::Sha256)]),
            (2, vec![Scheme::Ecdsa(Hash::Sha384)]),
        ];
        for (number, schemes) in cases {
            let certificate = certificate(number);
            let key = HsmKey::new(&settings, &certificate).unwrap();
            for scheme in schemes {
                check(&certificate, scheme, &key.sign(scheme, b"message").unwrap());
                // The session loses its login; all of the process do.
                match &*key.state.lock().unwrap() {
                    State::Open(session, _) => session.logout().unwrap(),
                    _ => panic!("no session"),
                }
                check(&certificate, scheme, &key.sign(scheme, b"message").unwrap());
            }
        }
        let certificate = certificate(0);
        let key = HsmKey::new(&settings, &certificate).unwrap();
        match &*key.state.lock().unwrap() {
            State::Open(session, _) => session.logout().unwrap(),
            _ => panic!("no session"),
        }
        settings.pin_file = Some(private("wrong", "0000\n"));
        let key = HsmKey::new(&settings, &certificate).unwrap();
        for _ in 0..2 {
            let told = key.sign(Scheme::RsaPkcs1(Hash::Sha256), b"message").unwrap_err();
            assert!(told.contains("refuses the PIN"), "{told}");
            // Even with the right one: it counts when the settings are read again.
            private("wrong", "4711\n");
        }
        settings.token = "other".to_owned();
        let key = HsmKey::new(&settings, &certificate).unwrap();
        let told = key.sign(Scheme::RsaPkcs1(Hash::Sha256), b"message").unwrap_err();
        assert!(told.contains("no token with the label"), "{told}");
        settings.module = Some(PathBuf::from("/nonexistent.so"));
        assert!(HsmKey::new(&settings, &certificate).is_err());
    }

    fn check(certificate: &Certificate, scheme: Scheme, signature: &[u8]) {
        let key = certificate.x509().public_key().unwrap();
        let mut verifier = Verifier::new(scheme.hash().openssl(), &key).unwrap();
        if let Scheme::RsaPss(_) = scheme {
            verifier
                .set_rsa_padding(openssl::rsa::Padding::PKCS1_PSS)
                .unwrap();
            verifier
                .set_rsa_pss_saltlen(openssl::sign::RsaPssSaltlen::DIGEST_LENGTH)
                .unwrap();
        }
        assert!(
            verifier.verify_oneshot(signature, b"message").unwrap(),
            "{scheme}"
        );
    }
}
