//! A walk over every object of a file, used or not: its strings, and what its streams are for.

use std::collections::HashMap;

use super::file::File;
use super::markup;
use super::syntax::{Dictionary, Object, decode_text};

/// What a walk found.
#[derive(Default)]
pub(super) struct Survey {
    /// Strings by the place where people would look for them.
    pub sections: [String; Section::ALL.len()],
    /// What streams are for, by object number.
    pub roles: HashMap<u32, Role>,
    /// Definitions that are pages.
    pub pages: Vec<usize>,
    /// A page for each object number of its content.
    pub owners: HashMap<u32, usize>,
    /// Definitions that hold fonts under names.
    pub font_holders: Vec<usize>,
    pub fields: Vec<Field>,
}

/// Where strings stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Properties,
    Comments,
    Fields,
    Scripts,
    Other,
}

impl Section {
    /// Every section with what people call it.
    pub const ALL: [(Section, &'static str); 5] = [
        (Section::Properties, "the document properties"),
        (Section::Comments, "the comments"),
        (Section::Fields, "the form fields"),
        (Section::Scripts, "the scripts"),
        (Section::Other, "the bookmarks, labels and other strings"),
    ];
}

/// What a stream is for. The greatest of several counts, so that nothing is hidden by a second, duller use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Fonts, colours and the like.
    Dull,
    /// Something that is drawn.
    Content,
    /// Plain text.
    Text,
    /// XML.
    Markup,
    /// A file of this name.
    File(Option<String>),
}

/// A form field (ISO 32000-2 §12.7.4).
pub(super) struct Field {
    pub number: u32,
    pub parent: Option<u32>,
    pub label: String,
    pub values: Vec<String>,
}

/// More fields, pages and holders of fonts than this are not told apart.
const MOST: usize = 500_000;
/// Labels of fields are repeated with every value below them; what is longer is no label.
const LONGEST_LABEL: usize = 100;
/// Strings of these keys are names of the format itself, or no text.
const DULL_STRINGS: [&[u8]; 10] = [
    b"Registry",
    b"Ordering",
    b"Lang",
    b"CharSet",
    b"FontFamily",
    b"CheckSum",
    b"Cert",
    b"Panose",
    b"Supplement",
    b"OutputConditionIdentifier",
];

/// Walks over all objects.
pub(super) fn survey(file: &File<'_>) -> Survey {
    let mut survey = Survey::default();
    for index in 0..file.definitions.len() {
        let number = file
            .definitions
            .get(index)
            .map_or(0, |definition| definition.number);
        let object = file.object(index);
        if let Object::Dictionary(dictionary) = &object {
            survey.page(index, dictionary);
        }
        survey.walk(&object, Place::top(index, number));
    }
    survey
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct Place<'k> {
    index: usize,
    number: u32,
    key: &'k [u8],
    section: Section,
}

impl Place<'_> {
    fn top(index: usize, number: u32) -> Self {
        Place {
            index,
            number,
            key: b"",
            section: Section::Other,
        }
    }
}

impl Survey {
    /// Adds a string to a section.
    pub fn add(&mut self, section: Section, text: &str) {
        if let Some(slot) = self.sections.get_mut(section as usize)
            && !text.trim().is_empty()
        {
            slot.push_str(text);
            slot.push('\n');
        }
    }

    fn page(&mut self, index: usize, dictionary: &Dictionary<'_>) {
        let looks = dictionary.has("Contents") && dictionary.has("MediaBox") && !dictionary.has("Subtype");
        if (dictionary.is("Type", "Page") || looks) && self.pages.len() < MOST {
            self.pages.push(index);
            for number in dictionary.get("Contents").references() {
                self.owners.entry(number).or_insert(index);
                self.role(number, Role::Content);
            }
        }
    }

    fn role(&mut self, number: u32, role: Role) {
        let slot = self.roles.entry(number).or_insert(Role::Dull);
        *slot = slot.clone().max(role);
    }

    // The parser bounds how deep objects nest.
    fn walk(&mut self, object: &Object<'_>, place: Place<'_>) {
        match object {
            Object::String(string) => self.string(string, place),
            Object::Name(name) if name.iter().filter(|octet| octet.is_ascii_digit()).count() >= 5 => {
                let section = place.section;
                self.add(section, &decode_text(name));
            }
            Object::Array(members) => {
                for member in members {
                    self.walk(member, place);
                }
            }
            Object::Dictionary(dictionary) => self.dictionary(dictionary, place),
            _ => {}
        }
    }

    fn dictionary(&mut self, dictionary: &Dictionary<'_>, place: Place<'_>) {
        let section = section(dictionary).unwrap_or(place.section);
        self.note_roles(dictionary);
        self.note_field(dictionary, place);
        if dictionary.has("Font") && self.font_holders.len() < MOST {
            self.font_holders.push(place.index);
        }
        let signed = dictionary.has("ByteRange");
        let locks = dictionary.is("Filter", "Standard");
        let table = dictionary.is("Type", "XRef");
        for (key, value) in &dictionary.0 {
            let dull = (signed && **key == *b"Contents")
                || (table && **key == *b"ID")
                || (locks && matches!(&**key, b"O" | b"U" | b"OE" | b"UE" | b"Perms"))
                || DULL_STRINGS.contains(&&**key);
            if !dull {
                self.walk(
                    value,
                    Place {
                        key,
                        section,
                        ..place
                    },
                );
            }
            if let (Section::Properties, Some(number)) = (section, value.number()) {
                self.add(section, &format!("{}: {number}", String::from_utf8_lossy(key)));
            }
        }
    }

    fn string(&mut self, string: &[u8], place: Place<'_>) {
        let text = decode_text(string);
        let text = date(&text).unwrap_or(text);
        if text.trim_start().starts_with('<') {
            let read = markup::read(&text);
            self.add(place.section, &read);
        }
        if place.section == Section::Properties {
            self.add(
                place.section,
                &format!("{}: {text}", String::from_utf8_lossy(place.key)),
            );
        } else {
            self.add(place.section, &text);
        }
    }

    fn note_roles(&mut self, dictionary: &Dictionary<'_>) {
        if let Object::Dictionary(files) = dictionary.get("EF") {
            let names = ["UF", "F", "Unix", "DOS", "Mac"];
            let name = names.iter().find_map(|key| dictionary.get(key).string());
            for (_, value) in files.0.iter().take(10) {
                for number in value.references() {
                    self.role(number, Role::File(name.map(decode_text)));
                }
            }
        }
        for (key, value) in &dictionary.0 {
            let role = match &**key {
                b"JS" | b"V" | b"DV" => Role::Text,
                b"RV" | b"RC" | b"XFA" | b"Metadata" => Role::Markup,
                b"AP" | b"CharProcs" | b"N" | b"D" | b"R" => Role::Content,
                b"FontFile" | b"FontFile2" | b"FontFile3" | b"ToUnicode" | b"CIDToGIDMap" | b"CIDSet" => {
                    Role::Dull
                }
                _ => {
                    self.note_profile(value);
                    continue;
                }
            };
            let inner = value.dictionary().into_iter().flat_map(|inner| inner.0.iter());
            let inner = inner.filter_map(|(_, value)| value.reference());
            let numbers: Vec<u32> = value.references().chain(inner).collect();
            for number in numbers {
                self.role(number, role.clone());
            }
        }
    }

    /// `[/ICCBased 7 0 R]`
    fn note_profile(&mut self, value: &Object<'_>) {
        if let [Object::Name(name), Object::Reference(number), ..] = value.members()
            && **name == *b"ICCBased"
        {
            self.role(*number, Role::Dull);
        }
    }

    fn note_field(&mut self, dictionary: &Dictionary<'_>, place: Place<'_>) {
        let is_field = dictionary.has("FT") || dictionary.has("T") || dictionary.has("V");
        if !is_field || dictionary.has("S") || self.fields.len() >= MOST {
            return;
        }
        let text = |key: &str| match dictionary.get(key) {
            Object::String(string) | Object::Name(string) => decode_text(string),
            Object::Number(number) => number.to_string(),
            other => {
                let members = other.members().iter().filter_map(Object::string);
                members.map(decode_text).collect::<Vec<_>>().join(", ")
            }
        };
        let label = [text("TU"), text("T")].join(" ");
        let values = ["V", "DV"].map(text);
        self.fields.push(Field {
            number: if place.key.is_empty() { place.number } else { 0 },
            parent: dictionary.get("Parent").reference(),
            label: label.trim().chars().take(LONGEST_LABEL).collect(),
            values: values.into_iter().filter(|value| !value.is_empty()).collect(),
        });
    }

    /// Fields with their values, each after its label and those of the fields around it.
    pub fn name_fields(&mut self) {
        let places = self.fields.iter().enumerate();
        let by_number: HashMap<u32, usize> = places
            .filter(|(_, field)| field.number != 0)
            .map(|(place, field)| (field.number, place))
            .collect();
        let mut lines = String::new();
        for field in self.fields.iter().filter(|field| !field.values.is_empty()) {
            let mut labels = vec![field.label.as_str()];
            let mut parent = field.parent;
            // Fields nest a few levels deep; a loop ends here.
            while let Some(around) = parent
                .filter(|_| labels.len() < 8)
                .and_then(|number| self.fields.get(*by_number.get(&number)?))
            {
                labels.push(&around.label);
                parent = around.parent;
            }
            labels.reverse();
            for value in &field.values {
                lines.push_str(&format!("{}: {value}\n", labels.join(" ").trim()));
            }
        }
        self.add(Section::Fields, &lines);
    }
}

fn section(dictionary: &Dictionary<'_>) -> Option<Section> {
    let has = |keys: &[&str]| keys.iter().any(|key| dictionary.has(key));
    if has(&["JS"]) || dictionary.is("S", "JavaScript") {
        Some(Section::Scripts)
    } else if has(&["Producer", "Creator", "CreationDate"]) {
        Some(Section::Properties)
    } else if has(&["FT", "DV", "TU"]) || (has(&["V"]) && has(&["T", "Parent"])) {
        Some(Section::Fields)
    } else if has(&["Rect"]) || dictionary.is("Type", "Annot") {
        Some(Section::Comments)
    } else {
        None
    }
}

/// `D:20261122133000+01'00'` as people read it; fourteen digits in a row look like a number of something.
fn date(text: &str) -> Option<String> {
    let digits = text.strip_prefix("D:")?;
    let zone = digits.get(14..).unwrap_or_default();
    let plain = zone.chars().all(|c| c.is_ascii_digit() || "+-Z'".contains(c)) && zone.len() <= 7;
    let field = |start: usize, end: usize| digits.get(start..end)?.parse::<u32>().ok();
    let [year, month, day] = [field(0, 4)?, field(4, 6)?, field(6, 8)?];
    let [hour, minute, second] = [field(8, 10)?, field(10, 12)?, field(12, 14)?];
    let valid = (1900..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let valid = valid && hour < 24 && minute < 60 && second <= 60 && plain;
    valid.then(|| format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn only_what_is_a_date_is_written_as_one() {
        assert_eq!(date("D:20261122133000+01'00'").unwrap(), "2026-11-22 13:30:00");
        assert_eq!(date("D:20261122133000Z").unwrap(), "2026-11-22 13:30:00");
        for other in [
            "D:536228145",
            "D:53622814512345",
            "20261122133000",
            "D:20261122133000 536-22-8145",
        ] {
            assert_eq!(date(other), None, "{other}");
        }
    }
}
