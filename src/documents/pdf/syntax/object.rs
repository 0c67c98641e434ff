//! Objects (ISO 32000-2 §7.3) as they stand in the file; references are not followed here.

use std::borrow::Cow;

/// An object that borrows from the octets it was read from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in super::super) enum Object<'a> {
    /// `null`, and words that mean nothing here.
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// An integer or a real number.
    Number(f64),
    /// A name without its solidus.
    Name(Cow<'a, [u8]>),
    /// The octets of a string.
    String(Cow<'a, [u8]>),
    /// An array.
    Array(Vec<Object<'a>>),
    /// A dictionary.
    Dictionary(Dictionary<'a>),
    /// The number of an indirect object.
    Reference(u32),
}

/// The entries of a dictionary in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in super::super) struct Dictionary<'a>(pub Vec<(Cow<'a, [u8]>, Object<'a>)>);

impl<'a> Dictionary<'a> {
    /// The value of a key; of several the last, as most viewers have it.
    pub fn get(&self, key: &str) -> &Object<'a> {
        let mut entries = self.0.iter().rev();
        entries
            .find(|(name, _)| **name == *key.as_bytes())
            .map_or(&Object::Null, |(_, value)| value)
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| **name == *key.as_bytes())
    }

    /// Whether the value of a key is this name.
    pub fn is(&self, key: &str, name: &str) -> bool {
        self.get(key).name() == Some(name.as_bytes())
    }
}

impl<'a> Object<'a> {
    /// About how many octets a copy takes; the parser bounds how deep objects nest.
    pub fn weight(&self) -> usize {
        match self {
            Object::Array(members) => members.iter().map(Object::weight).sum::<usize>() + 32,
            Object::Dictionary(dictionary) => {
                let values = dictionary.0.iter().map(|(_, value)| value.weight() + 32);
                values.sum::<usize>() + 32
            }
            Object::String(string) => string.len() + 32,
            _ => 32,
        }
    }

    /// A number.
    pub fn number(&self) -> Option<f64> {
        match self {
            Object::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A number that counts something.
    pub fn count(&self) -> Option<usize> {
        let number = self.number()?;
        (0.0..9e15).contains(&number).then_some(number as usize)
    }

    /// A name.
    pub fn name(&self) -> Option<&[u8]> {
        match self {
            Object::Name(name) => Some(name),
            _ => None,
        }
    }

    /// A string.
    pub fn string(&self) -> Option<&[u8]> {
        match self {
            Object::String(string) => Some(string),
            _ => None,
        }
    }

    /// The members of an array; none of anything else.
    pub fn members(&self) -> &[Object<'a>] {
        match self {
            Object::Array(members) => members,
            _ => &[],
        }
    }

    /// A dictionary.
    pub fn dictionary(&self) -> Option<&Dictionary<'a>> {
        match self {
            Object::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    /// The number of the object that is meant.
    pub fn reference(&self) -> Option<u32> {
        match self {
            Object::Reference(number) => Some(*number),
            _ => None,
        }
    }

    /// Its references: of an array all, of a reference itself.
    pub fn references(&self) -> impl Iterator<Item = u32> {
        let one = self.reference().into_iter();
        one.chain(self.members().iter().filter_map(Object::reference))
    }

    /// Up to six numbers of an array: a rectangle or a matrix.
    pub fn numbers<const COUNT: usize>(&self) -> Option<[f64; COUNT]> {
        let mut numbers = [0.0; COUNT];
        let members = self.members();
        if members.len() < COUNT {
            return None;
        }
        for (slot, member) in numbers.iter_mut().zip(members) {
            *slot = member.number()?;
        }
        Some(numbers)
    }
}
