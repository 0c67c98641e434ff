//! Reads objects of a file for its content: follows references, unpacks streams, loads fonts, all once and
//! within limits.

use std::collections::HashMap;
use std::rc::Rc;

use super::content::{Canvas, Matrix};
use super::file::File;
use super::filters::Encoding;
use super::font::{CMap, Font, Glyphs};
use super::layout::Page;
use super::resources::{Names, Resources, names};
use super::syntax::{Dictionary, Object, decode_text};
use crate::documents::Visit;

/// Octets of objects and contents that may be read again and again.
const WORK: usize = 256 << 20;
/// Octets of drawn forms that are kept.
const KEPT: usize = 48 << 20;

/// What reads.
pub(super) struct Reader<'r, 'v, 'f> {
    pub file: &'f File<'v>,
    pub visit: &'r mut Visit<'v>,
    /// Definitions whose stream has been read.
    pub visited: Vec<bool>,
    /// The end of the revision that is read; objects that came later do not count.
    pub before: usize,
    /// What has been laid out of the page at hand.
    pub page: Page,
    /// Something was too much.
    pub over: bool,
    /// A stream was damaged.
    pub damaged: bool,
    /// Text is shown in a font that cannot be read.
    pub unreadable: bool,
    /// Pictures that were handed on.
    pub pictures: usize,
    work: usize,
    kept: usize,
    pub(super) fonts: HashMap<usize, Rc<Font>>,
    pub(super) maps: HashMap<usize, Option<Rc<CMap>>>,
    pub(super) glyphs: HashMap<usize, Rc<Glyphs>>,
    pub(super) unnamed: Option<Rc<Font>>,
    names: HashMap<usize, Rc<Names<'f>>>,
    resources: HashMap<usize, Rc<Resources<'f>>>,
    drawings: HashMap<usize, Rc<Drawing<'f>>>,
}

/// What `Do` draws.
pub(super) struct Drawing<'f> {
    /// Width and height, when it is a picture.
    pub picture: Option<(usize, usize)>,
    pub content: Rc<Vec<u8>>,
    pub resources: Option<Rc<Resources<'f>>>,
    pub matrix: Matrix,
    /// The lower left corner of its box.
    pub corner: (f64, f64),
}

impl<'r, 'v, 'f> Reader<'r, 'v, 'f> {
    /// Nothing read yet.
    pub fn new(file: &'f File<'v>, visit: &'r mut Visit<'v>) -> Self {
        Reader {
            file,
            visit,
            visited: vec![false; file.definitions.len()],
            before: usize::MAX,
            page: Page::default(),
            over: false,
            damaged: false,
            unreadable: false,
            pictures: 0,
            work: WORK,
            kept: 0,
            fonts: HashMap::new(),
            maps: HashMap::new(),
            glyphs: HashMap::new(),
            unnamed: None,
            names: HashMap::new(),
            resources: HashMap::new(),
            drawings: HashMap::new(),
        }
    }

    /// Takes some of the work that may be done; `false` when there is none left.
    pub fn work(&mut self, octets: usize) -> bool {
        let enough = octets <= self.work;
        self.work = self.work.saturating_sub(octets);
        self.over |= !enough;
        enough
    }

    /// Whether there is no work left. Whoever loops ends then.
    pub fn is_spent(&self) -> bool {
        self.work == 0
    }

    /// Something is nested or repeated beyond what is followed.
    pub fn limit(&mut self) {
        self.over = true;
    }

    /// The definition of a number in the revision that is read.
    pub fn find(&self, number: u32) -> Option<usize> {
        match self.before {
            usize::MAX => self.file.find(number),
            before => self.file.find_before(number, before),
        }
    }

    /// The object of a definition; nothing when there is no work left.
    pub fn object(&mut self, index: usize) -> Object<'f> {
        if self.work(self.file.cost(index)) {
            self.file.object(index)
        } else {
            Object::Null
        }
    }

    /// The object itself, or the one that a reference means.
    pub fn follow(&mut self, object: &Object<'f>) -> Object<'f> {
        match self.place(object) {
            Some(index) => self.object(index),
            None if object.reference().is_none() && !self.is_spent() && self.work(object.weight()) => {
                object.clone()
            }
            None => Object::Null,
        }
    }

    /// The dictionary itself, or the one that a reference means.
    pub fn dictionary(&mut self, object: &Object<'f>) -> Dictionary<'f> {
        match self.follow(object) {
            Object::Dictionary(dictionary) => dictionary,
            _ => Dictionary::default(),
        }
    }

    /// The definition that a reference means in the end.
    pub fn place(&mut self, object: &Object<'f>) -> Option<usize> {
        let mut index = self.find(object.reference()?)?;
        for _ in 0..8 {
            // Only a short object can be a reference to another one.
            if self.file.cost(index) > 40 {
                return Some(index);
            }
            match self.file.object(index).reference() {
                Some(number) => index = self.find(number)?,
                None => return Some(index),
            }
        }
        None
    }

    /// The data of a stream whose filters are all undone.
    pub fn stream(&mut self, index: usize) -> Option<Vec<u8>> {
        let Object::Dictionary(dictionary) = self.object(index) else {
            return None;
        };
        match self.unpack(index, &dictionary)? {
            (data, None) => Some(data),
            _ => None,
        }
    }

    /// The data of a stream, and the encoding that is left.
    pub fn unpack(
        &mut self,
        index: usize,
        dictionary: &Dictionary<'f>,
    ) -> Option<(Vec<u8>, Option<Encoding>)> {
        let room = self.visit.room();
        let length = self.file.stream_length(index);
        if !self.work(length) {
            return None;
        }
        let decoded = self.file.stream(index, dictionary, room)?;
        let spent = decoded.spent.max(length);
        self.damaged |= decoded.damaged;
        self.over |= decoded.cut || !self.visit.spend(spent);
        Some((decoded.bytes.into_owned(), decoded.rest))
    }

    /// The resources that an object states.
    pub fn resources(&mut self, object: &Object<'f>) -> Rc<Resources<'f>> {
        let place = self.place(object);
        if let Some(known) = place.and_then(|place| self.resources.get(&place)) {
            return Rc::clone(known);
        }
        let dictionary = self.dictionary(object);
        let resources = Rc::new(Resources {
            fonts: self.names(dictionary.get("Font")),
            drawings: self.names(dictionary.get("XObject")),
            states: self.names(dictionary.get("ExtGState")),
            properties: self.names(dictionary.get("Properties")),
        });
        if let Some(place) = place {
            self.resources.insert(place, Rc::clone(&resources));
        }
        resources
    }

    fn names(&mut self, object: &Object<'f>) -> Rc<Names<'f>> {
        let place = self.place(object);
        if let Some(known) = place.and_then(|place| self.names.get(&place)) {
            return Rc::clone(known);
        }
        let names = Rc::new(names(self.dictionary(object)));
        if let Some(place) = place {
            self.names.insert(place, Rc::clone(&names));
        }
        names
    }

    /// The form or picture of a definition.
    pub fn drawing(&mut self, index: usize) -> Option<Rc<Drawing<'f>>> {
        if let Some(known) = self.drawings.get(&index) {
            return Some(Rc::clone(known));
        }
        let Object::Dictionary(dictionary) = self.object(index) else {
            return None;
        };
        let drawing = Rc::new(if dictionary.is("Subtype", "Image") {
            let side = |key: &str| dictionary.get(key).count().unwrap_or(0);
            Drawing {
                picture: Some((side("Width"), side("Height"))),
                content: Rc::default(),
                resources: None,
                matrix: Matrix::IDENTITY,
                corner: (0.0, 0.0),
            }
        } else {
            self.form(index, &dictionary)?
        });
        self.kept = self.kept.saturating_add(drawing.content.len());
        if self.kept <= KEPT {
            self.drawings.insert(index, Rc::clone(&drawing));
        }
        Some(drawing)
    }

    /// The content of a page.
    pub fn content(&mut self, index: usize) -> Option<Vec<u8>> {
        if let Some(visited) = self.visited.get_mut(index) {
            *visited = true;
        }
        self.stream(index)
    }

    fn form(&mut self, index: usize, dictionary: &Dictionary<'f>) -> Option<Drawing<'f>> {
        let (content, _) = self.unpack(index, dictionary)?;
        if let Some(visited) = self.visited.get_mut(index) {
            *visited = true;
        }
        let own = dictionary.get("Resources");
        let resources = (*own != Object::Null).then(|| self.resources(own));
        let matrix = self.follow(dictionary.get("Matrix")).numbers();
        Some(Drawing {
            picture: None,
            content: Rc::new(content),
            resources,
            matrix: matrix.map_or(Matrix::IDENTITY, Matrix),
            corner: match self.follow(dictionary.get("BBox")).numbers() {
                Some([x1, y1, x2, y2]) => (f64::min(x1, x2), f64::min(y1, y2)),
                None => (0.0, 0.0),
            },
        })
    }

    /// The text that replaces what a property list marks.
    pub fn replacement(&mut self, resources: &Resources<'f>, name: &[u8]) -> Option<String> {
        let text = match resources.properties.get(name)? {
            Object::Dictionary(properties) if self.work(64 + 4 * properties.0.len()) => {
                properties.get("ActualText").string().map(decode_text)
            }
            other => self.dictionary(other).get("ActualText").string().map(decode_text),
        };
        text.filter(|text| self.work(text.len()))
    }

    /// Lays out what a canvas holds, and clears it.
    pub fn flush(&mut self, canvas: &mut Canvas) {
        self.page.add(canvas);
        canvas.pieces.clear();
        canvas.text.clear();
    }
}
