//! What is signed of a message, and the signatures that its copies share: a private key works once for each kind of
//! signature, not for each recipient.

use std::collections::HashMap;
use std::sync::Arc;

use crate::message::{Profile, SignatureForm};
use crate::smime::signing::{Signed, Signer};
use crate::smime::{Certificate, Payload};

use super::NotMade;

/// What is asked for beside the ways. The default asks for nothing.
#[derive(Clone, Default)]
pub struct Signing {
    /// Who signs, if anybody.
    pub signer: Option<Signer>,
    /// Whether a copy that cannot be signed must not leave. If not, it leaves sealed and unsigned.
    pub required: bool,
    /// Whether what passes in clear is signed, too.
    pub clear: bool,
    /// How each recipient's copy is signed, by the place in the envelope.
    pub wishes: HashMap<u32, Wish>,
    /// The sender's own certificate, when sealed copies are made readable for him.
    pub copy_to: Option<Arc<Certificate>>,
}

impl Signing {
    /// How the copy of the recipient at this place is signed.
    pub(super) fn wish(&self, place: u32) -> Wish {
        self.wishes.get(&place).copied().unwrap_or_default()
    }
}

/// How one recipient's copy is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// The form.
    pub form: SignatureForm,
    /// How strong, where nothing is sealed that says it.
    pub profile: Profile,
}

/// The signatures of one message, made when they are first needed.
pub(super) struct Signatures<'a> {
    signing: &'a Signing,
    made: Vec<((SignatureForm, Profile), Option<Signed<'a>>)>,
    /// Why something is unsigned that should not be.
    pub(super) failure: Option<String>,
}

impl<'a> Signatures<'a> {
    pub(super) fn new(signing: &'a Signing) -> Signatures<'a> {
        Signatures {
            signing,
            made: Vec::new(),
            failure: None,
        }
    }

    /// The signature of this kind on the payload; `None` when nothing is to be signed, or it cannot be and need not.
    /// The payload must be the same each time.
    pub(super) fn on(
        &mut self,
        payload: &'a Payload<'_>,
        form: SignatureForm,
        profile: Profile,
    ) -> Result<Option<&Signed<'a>>, NotMade> {
        let Some(signer) = &self.signing.signer else {
            return Ok(None);
        };
        let kind = (form, profile);
        if !self.made.iter().any(|(other, _)| *other == kind) {
            let signed = match signer.sign(payload, form, profile) {
                Ok(signed) => Some(signed),
                Err(error) if self.signing.required => return Err(error.into()),
                Err(error) => {
                    self.failure.get_or_insert(error.0);
                    None
                }
            };
            self.made.push((kind, signed));
        }
        let found = self.made.iter().find(|(other, _)| *other == kind);
        Ok(found.and_then(|(_, signed)| signed.as_ref()))
    }
}
