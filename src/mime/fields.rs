//! Header sections → texts to search, and labels.

use super::charset;
use super::content_type::Class;
use super::header::{self, Field, Header};
use super::labels::Labels;
use super::parameters;
use super::place::Position;
use super::walk::Walk;
use super::words;

impl Walk {
    /// Makes texts of a header section and reads its labels.
    pub(super) fn header(&mut self, header: &Header<'_>, at: &Position) -> Labels {
        self.out.budget.fields(header.fields.len() + header.strays.len());
        for field in &header.fields {
            self.field(field, at);
        }
        for stray in &header.strays {
            self.out.beside(stray, "a line in the header section", at);
        }
        if !header.rest.is_empty() {
            self.out.limit(&at.header, "it has too many header fields");
            self.out.beside(header.rest, "the rest of the header section", at);
        }
        let labels = Labels::read(header, at.digest);
        for why in header.oddities.iter().chain(&labels.oddities) {
            self.out.ambiguous(&at.header, why);
        }
        self.out.structure(&labels, labels.may_be(Class::Multipart), at);
        labels
    }

    /// The value of a field as people see it, its encoded parameters, and its raw form where that is in doubt.
    fn field(&mut self, field: &Field<'_>, at: &Position) {
        let name = charset::unlabelled(field.name);
        let place = at.field(&name);
        if !self.out.budget.field(field.value.len()) {
            self.out.limit(&at.header, "its header fields are too long");
            return self
                .out
                .field(&place, charset::unlabelled(field.value).into_owned());
        }
        let value = header::unfold(field.value);
        let decoded = words::decode(&value);
        if decoded.unread {
            let why = "a header field is in a character set that is not known here";
            self.out.ambiguous(&at.header, why);
        }
        let mut others = Vec::new();
        if is_strange(&name) {
            others.push(name.into_owned());
        }
        let parameters = field.is("content-type") || field.is("content-disposition");
        if parameters || has_continuations(&value) {
            let parameters = parameters::read(&value).into_iter();
            others.extend(parameters.map(|parameter| parameter.value).take(100));
        }
        if decoded.doubtful {
            others.push(charset::unlabelled(&value).into_owned());
            others.extend(again(&decoded.text));
        }
        others.extend(decoded.others.iter().filter_map(|other| without_at(other)));
        others.extend(decoded.others);
        others.extend(without_at(&decoded.text));
        others.extend(unescaped(&decoded.text));
        others.retain(|other| !decoded.text.contains(other.as_str()));
        self.out.field(&place, decoded.text);
        for other in others {
            self.out.field(&place, other);
        }
    }
}

/// Whether a field may hold parameters as RFC 2231 writes them.
fn has_continuations(value: &[u8]) -> bool {
    memchr::memchr(b'*', value).is_some() && memchr::memchr(b';', value).is_some()
}

/// What encoded words stand for that were encoded themselves.
fn again(text: &str) -> Option<String> {
    let inner = memchr::memmem::find(text.as_bytes(), b"=?").is_some();
    inner.then(|| words::decode(text.as_bytes()).text)
}

/// A value with its addresses and identifiers taken apart, if one of them may hold a number: what stands before an
/// at sign is part of an address, and numbers in addresses mean nothing.
fn without_at(text: &str) -> Option<String> {
    let digits = |word: &str| word.bytes().filter(u8::is_ascii_digit).count();
    let mut words = text.split([' ', '<', '>', ',']);
    let numbered = words.any(|word| word.contains('@') && digits(word) >= FEWEST_DIGITS);
    numbered.then(|| text.replace('@', " "))
}

/// No number that matters has fewer digits.
const FEWEST_DIGITS: usize = 6;

/// A value without the backslashes that quote characters in it (RFC 5322 §3.2.4).
fn unescaped(text: &str) -> Option<String> {
    let quotes = text.bytes().any(|octet| octet == b'\\');
    quotes.then(|| text.chars().filter(|character| *character != '\\').collect())
}

/// Whether a field's name may hold content itself.
fn is_strange(name: &str) -> bool {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    digits >= 5 || name.len() > 60 || !name.chars().all(|c| c.is_ascii_graphic())
}
