//! Resource dictionaries (ISO 32000-2 §7.8.3): what the names in a content stream mean.

use std::collections::HashMap;
use std::rc::Rc;

use super::syntax::{Dictionary, Object};

/// Names with what they mean.
pub(super) type Names<'f> = HashMap<Vec<u8>, Object<'f>>;

/// The resources of a page or form.
#[derive(Default)]
pub(super) struct Resources<'f> {
    pub fonts: Rc<Names<'f>>,
    pub drawings: Rc<Names<'f>>,
    pub states: Rc<Names<'f>>,
    pub properties: Rc<Names<'f>>,
}

impl<'f> Resources<'f> {
    /// The object number of a form or picture.
    pub fn drawing(&self, name: &[u8]) -> Option<u32> {
        self.drawings.get(name)?.reference()
    }

    /// A graphics state parameter dictionary, or a reference to one.
    pub fn state(&self, name: &[u8]) -> Option<Object<'f>> {
        self.states.get(name).cloned()
    }
}

/// The entries of a dictionary by name.
pub(super) fn names<'f>(dictionary: Dictionary<'f>) -> Names<'f> {
    let entries = dictionary.0.into_iter();
    entries.map(|(name, value)| (name.into_owned(), value)).collect()
}
