//! Certificates from the register: what was imported, harvested and enrolled.

use std::sync::Arc;

use crate::message::{Address, Boxed};

use super::super::naming::Naming;
use super::super::register::{Entry, Register};
use super::super::{Candidate, Directory, LookupError};

/// The register as a source. Every question goes to the store: what was put is found at once, by every gateway.
pub struct Registered {
    register: Arc<dyn Register>,
    naming: Naming,
}

impl Registered {
    pub(in crate::smime) fn new(register: Arc<dyn Register>, naming: Naming) -> Registered {
        Registered { register, naming }
    }

    /// The register itself.
    pub(in crate::smime) fn register(&self) -> &Arc<dyn Register> {
        &self.register
    }
}

impl Directory for Registered {
    fn candidates<'a>(&'a self, address: &'a Address) -> Boxed<'a, Result<Vec<Candidate>, LookupError>> {
        Box::pin(async move {
            let keys = self.naming.look_up(address);
            let found = self.register.look_up(&keys).await;
            let found = found.map_err(|error| LookupError(error.to_string()))?;
            Ok(found.into_iter().map(Candidate::from).collect())
        })
    }
}

impl From<Entry> for Candidate {
    fn from(entry: Entry) -> Candidate {
        Candidate {
            certificate: entry.certificate,
            origin: entry.origin,
            state: entry.state,
            capabilities: entry.capabilities,
        }
    }
}
