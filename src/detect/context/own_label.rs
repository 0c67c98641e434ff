//! The label of one value, for all who ask for it.

use std::cell::OnceCell;
use std::ops::Range;

use super::super::rule::Rule;
use super::{Scene, aside, label};

/// The label directly before a value. Several patterns of several rules ask for it, so it is kept.
#[derive(Debug)]
pub(in super::super) struct OwnLabel {
    start: usize,
    place: OnceCell<Option<Range<usize>>>,
    impersonal: OnceCell<bool>,
}

impl OwnLabel {
    /// The label of a value that begins at an octet.
    pub fn of(start: usize) -> OwnLabel {
        OwnLabel {
            start,
            place: OnceCell::new(),
            impersonal: OnceCell::new(),
        }
    }

    /// Where the value begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Where the label stands.
    pub(super) fn place(&self, bytes: &[u8]) -> Option<&Range<usize>> {
        let place = self.place.get_or_init(|| label::of(bytes, self.start));
        place.as_ref()
    }

    /// Whether there is one, and it is no person's.
    pub(super) fn is_impersonal(&self, scene: &Scene) -> bool {
        let told = |own| *self.impersonal.get_or_init(|| label::is_impersonal(scene, own));
        self.place(scene.bytes).is_some_and(told)
    }

    /// Whether it names something that is not the element: no keyword stands in it that would speak for the value, it says
    /// more than "number", and it is no person's name.
    pub(super) fn is_foreign(&self, rule: &Rule, scene: &Scene) -> bool {
        let says_else = |own: &Range<usize>| {
            label::says_something_else(rule, scene, own)
                && !aside::is_of_document(rule, scene, own)
                && !label::is_alternative(rule, scene, own.start)
                && !aside::says_what_for(rule, scene, own)
        };
        self.place(scene.bytes).is_some_and(says_else) && self.is_impersonal(scene)
    }
}
