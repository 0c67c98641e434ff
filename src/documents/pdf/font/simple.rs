//! Simple fonts (ISO 32000-2 §9.6): one octet, one glyph.

use super::encoding::Base;
use super::{Character, Glyph, Source, disagree, is_embedded, is_symbolic, metrics, name_of, names, program};
use crate::documents::pdf::syntax::{Dictionary, Object};

/// A simple font.
pub(super) struct Simple {
    slots: Vec<Slot>,
}

#[derive(Clone, Default)]
struct Slot {
    text: Option<Meaning>,
    other: Option<char>,
    guessed: bool,
    width: f64,
}

#[derive(Clone)]
enum Meaning {
    One(char),
    Many(Box<str>),
}

impl Simple {
    pub fn new(source: &Source<'_>) -> Simple {
        let encoding = Encoding::of(source);
        let widths = Widths::of(source);
        let slots = (0..=255_u8).map(|code| {
            let (own, named) = encoding.character(code);
            let mapped = source
                .to_unicode
                .as_ref()
                .and_then(|map| map.text(u32::from(code)));
            let (text, other) = match (mapped, own) {
                (Some(mapped), Some(own)) if named && disagree(mapped, Character::One(own)) => {
                    (Some(Meaning::of(mapped)), Some(own))
                }
                (Some(mapped), _) => (Some(Meaning::of(mapped)), None),
                (None, own) => (own.map(Meaning::One), None),
            };
            Slot {
                text,
                other,
                guessed: mapped.is_none() && !named,
                width: widths.of_code(code, own),
            }
        });
        Simple {
            slots: slots.collect(),
        }
    }

    pub fn glyph(&self, code: u8, scale: f64) -> Glyph<'_> {
        let slot = self.slots.get(usize::from(code));
        let text = slot.and_then(|slot| slot.text.as_ref()).map(|text| match text {
            Meaning::One(character) => Character::One(*character),
            Meaning::Many(characters) => Character::Many(characters),
        });
        Glyph {
            text,
            other: slot.and_then(|slot| slot.other).map(Character::One),
            guessed: slot.is_some_and(|slot| slot.guessed),
            width: slot.map_or(0.0, |slot| slot.width) * scale,
            is_space: code == b' ',
        }
    }
}

impl Meaning {
    fn of(character: Character<'_>) -> Meaning {
        match character {
            Character::One(character) => Meaning::One(character),
            Character::Many(characters) => Meaning::Many(characters.into()),
        }
    }
}

/// What codes mean without `ToUnicode`.
struct Encoding {
    base: Base,
    /// The base is the font's own, which is not known here.
    unknown_base: bool,
    differences: Vec<Option<Difference>>,
}

#[derive(Clone, Copy)]
enum Difference {
    Known(char),
    Unknown,
    Nothing,
}

impl Encoding {
    fn of(source: &Source<'_>) -> Encoding {
        let dictionary = &source.dictionary;
        let entry = dictionary.get("Encoding");
        let name = match entry {
            Object::Dictionary(entry) => entry.get("BaseEncoding").name(),
            other => other.name(),
        };
        let stated = name.and_then(Base::named);
        let true_type = dictionary.is("Subtype", "TrueType");
        let mut encoding = Encoding {
            base: stated.unwrap_or(if true_type { Base::WinAnsi } else { Base::Standard }),
            unknown_base: stated.is_none()
                && (dictionary.is("Subtype", "Type3")
                    || (is_embedded(&source.descriptor) && is_symbolic(&source.descriptor))),
            differences: vec![None; 256],
        };
        for (code, name) in source.type1.as_deref().map(program::built_in).unwrap_or_default() {
            if stated.is_none() {
                encoding.set(usize::from(code), &name);
            }
        }
        if let Object::Dictionary(entry) = entry {
            encoding.differ(entry);
        }
        encoding
    }

    fn differ(&mut self, entry: &Dictionary<'_>) {
        let mut code = 0_usize;
        for member in entry.get("Differences").members().iter().take(1_000) {
            match member {
                Object::Number(_) => code = member.count().unwrap_or(0),
                Object::Name(name) => {
                    self.set(code, &String::from_utf8_lossy(name));
                    code = code.saturating_add(1);
                }
                _ => {}
            }
        }
    }

    fn set(&mut self, code: usize, name: &str) {
        let difference = match names::character(name) {
            Some(character) => Difference::Known(character),
            None if name == ".notdef" || name == "nbspace" => Difference::Nothing,
            None => Difference::Unknown,
        };
        if let Some(slot) = self.differences.get_mut(code) {
            *slot = Some(difference);
        }
    }

    /// The character of a code, and whether it is more than a guess.
    fn character(&self, code: u8) -> (Option<char>, bool) {
        match self.differences.get(usize::from(code)).copied().flatten() {
            Some(Difference::Known(character)) => (Some(character), true),
            Some(Difference::Nothing) => (Some(' '), true),
            // Names like `a53` often number the codes of the original font, in which digits are digits.
            Some(Difference::Unknown) => (Base::WinAnsi.character(code), false),
            None => {
                let character = self.base.character(code);
                (
                    character,
                    !self.unknown_base && (character.is_some() || code < 32),
                )
            }
        }
    }
}

/// Widths in thousandths, or in glyph space of a Type 3 font.
struct Widths<'s> {
    first: usize,
    listed: &'s [Object<'s>],
    missing: f64,
    font: &'s str,
}

impl<'s> Widths<'s> {
    fn of(source: &'s Source<'_>) -> Widths<'s> {
        let dictionary = &source.dictionary;
        Widths {
            first: dictionary.get("FirstChar").count().unwrap_or(0),
            listed: dictionary.get("Widths").members(),
            missing: source.descriptor.get("MissingWidth").number().unwrap_or(0.0),
            font: name_of(dictionary),
        }
    }

    fn of_code(&self, code: u8, character: Option<char>) -> f64 {
        if self.listed.is_empty() {
            return metrics::width(self.font, character.unwrap_or('n'));
        }
        let place = usize::from(code).checked_sub(self.first);
        let listed = place.and_then(|place| self.listed.get(place)?.number());
        listed.unwrap_or(self.missing)
    }
}
