//! Loads the fonts that text is shown in, each once.

use std::rc::Rc;

use super::font::{CMap, Font, Glyphs, Source};
use super::reader::Reader;
use super::resources::Resources;
use super::syntax::{Dictionary, Object};

/// More fonts than this are not loaded.
const MOST_FONTS: usize = 20_000;

impl<'f> Reader<'_, '_, 'f> {
    /// The font of a name.
    pub fn font(&mut self, resources: &Rc<Resources<'f>>, name: &[u8]) -> Option<Rc<Font>> {
        let object = resources.fonts.get(name)?;
        self.load(object)
    }

    /// The font and size of a graphics state.
    pub fn font_of_state(&mut self, state: &Object<'f>) -> Option<(Rc<Font>, f64)> {
        let state = self.dictionary(state);
        match state.get("Font").members() {
            [font, size, ..] => Some((self.load(font)?, size.number()?)),
            _ => None,
        }
    }

    /// The font of text that names none.
    pub fn unnamed_font(&mut self) -> Rc<Font> {
        Rc::clone(self.unnamed.get_or_insert_with(|| Rc::new(Font::unnamed())))
    }

    fn load(&mut self, object: &Object<'f>) -> Option<Rc<Font>> {
        let place = self.place(object);
        if let Some(known) = place.and_then(|place| self.fonts.get(&place)) {
            return Some(Rc::clone(known));
        }
        if self.fonts.len() >= MOST_FONTS {
            self.limit();
            return None;
        }
        let dictionary = self.dictionary(object);
        let source = self.source(dictionary);
        let widths = source.descendant.get("W").weight();
        if !self.work(widths) {
            return None;
        }
        let font = Rc::new(Font::new(&source));
        self.over |= font.is_cut();
        if let Some(place) = place {
            self.fonts.insert(place, Rc::clone(&font));
        }
        Some(font)
    }

    fn source(&mut self, mut dictionary: Dictionary<'f>) -> Source<'f> {
        let to_unicode = self.map(dictionary.get("ToUnicode"));
        let encoding = self.map(dictionary.get("Encoding"));
        for key in ["Encoding", "Widths", "FontMatrix"] {
            self.look_up(&mut dictionary, key);
        }
        if let Some(Object::Dictionary(encoding)) = entry(&mut dictionary, "Encoding") {
            self.look_up(encoding, "Differences");
        }
        let descendant = match self.follow(dictionary.get("DescendantFonts")) {
            Object::Array(members) => members.first().map(|first| self.dictionary(first)),
            other => other.dictionary().cloned(),
        };
        let mut descendant = descendant.unwrap_or_default();
        for key in ["W", "DW", "CIDSystemInfo"] {
            self.look_up(&mut descendant, key);
        }
        let glyph_map = self
            .place(descendant.get("CIDToGIDMap"))
            .and_then(|map| self.stream(map));
        let holder = if descendant.0.is_empty() {
            &dictionary
        } else {
            &descendant
        };
        let descriptor = holder.get("FontDescriptor").clone();
        let descriptor = self.dictionary(&descriptor);
        let composite = dictionary.is("Subtype", "Type0");
        let stated = matches!(
            dictionary.get("Encoding"),
            Object::Dictionary(_) | Object::Name(_)
        );
        let type1 = (!composite && !stated)
            .then(|| self.program(&descriptor, "FontFile"))
            .flatten();
        Source {
            glyphs: composite.then(|| self.glyphs(&descriptor)).flatten(),
            dictionary,
            to_unicode,
            encoding,
            descendant,
            glyph_map,
            descriptor,
            type1,
        }
    }

    /// Puts what a reference means in its place.
    fn look_up(&mut self, dictionary: &mut Dictionary<'f>, key: &str) {
        if let Some(value) = entry(dictionary, key)
            && value.reference().is_some()
        {
            *value = self.follow(value);
        }
    }

    fn map(&mut self, object: &Object<'f>) -> Option<Rc<CMap>> {
        let place = self.place(object).filter(|place| self.file.has_stream(*place))?;
        if let Some(known) = self.maps.get(&place) {
            return known.clone();
        }
        let map = self.stream(place).map(|stream| Rc::new(CMap::read(&stream)));
        self.maps.insert(place, map.clone());
        map
    }

    fn glyphs(&mut self, descriptor: &Dictionary<'f>) -> Option<Rc<Glyphs>> {
        let place = ["FontFile2", "FontFile3"]
            .iter()
            .find_map(|key| self.place(descriptor.get(key)))?;
        if let Some(known) = self.glyphs.get(&place) {
            return Some(Rc::clone(known));
        }
        let glyphs = Rc::new(Glyphs::read(&self.stream(place)?));
        self.work(glyphs.count().saturating_mul(8));
        self.glyphs.insert(place, Rc::clone(&glyphs));
        Some(glyphs)
    }

    fn program(&mut self, descriptor: &Dictionary<'f>, key: &str) -> Option<Vec<u8>> {
        let place = self.place(descriptor.get(key))?;
        self.stream(place)
    }
}

fn entry<'d, 'f>(dictionary: &'d mut Dictionary<'f>, key: &str) -> Option<&'d mut Object<'f>> {
    let mut entries = dictionary.0.iter_mut().rev();
    entries
        .find(|(name, _)| **name == *key.as_bytes())
        .map(|(_, value)| value)
}
