//! Streams that no page shows: files, forms, scripts, appearances, earlier revisions, and what nobody refers to.

use std::rc::Rc;

use encoding_rs::WINDOWS_1252;

use super::content::{Canvas, Interpreter, Matrix};
use super::layout::Tables;
use super::reader::Reader;
use super::resources::Resources;
use super::survey::{Role, Survey};
use super::syntax::{Dictionary, Object, decode_text};
use super::{markup, pages, pictures};
use crate::documents::text;
use crate::mime::TextKind;

/// Marks of streams that hold no text: fonts, colours, functions.
const DULL: [&str; 6] = [
    "FunctionType",
    "ShadingType",
    "Length1",
    "Length2",
    "HalftoneType",
    "CIDSystemInfo",
];
/// Starts of files that may lie in any stream.
const FILES: [&[u8]; 7] = [
    b"PK\x03\x04",
    b"%PDF-",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"{\\rtf",
];
/// What people call it.
const OUTSIDE: &str = "content outside of the pages";
/// Definitions whose fonts serve content that has none of its own.
const LENDERS: usize = 50;

/// Reads every stream that has not been read.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, survey: &Survey) {
    let mut rest = Rest {
        survey,
        lent: None,
        tables: Tables::default(),
        outside: String::new(),
    };
    for index in 0..reader.file.definitions.len() {
        let visited = reader.visited.get(index).copied().unwrap_or(true);
        if reader.is_spent() {
            break;
        }
        if !visited && reader.file.has_stream(index) {
            rest.read(reader, index);
        }
    }
    rest.tables.finish(reader.visit);
    reader.visit.text_in(OUTSIDE, TextKind::Body, rest.outside);
}

struct Rest<'s, 'f> {
    survey: &'s Survey,
    /// Fonts for content that has none of its own.
    lent: Option<Rc<Resources<'f>>>,
    tables: Tables,
    /// What stands outside of the pages.
    outside: String,
}

impl<'f> Rest<'_, 'f> {
    fn read(&mut self, reader: &mut Reader<'_, '_, 'f>, index: usize) {
        let Object::Dictionary(dictionary) = reader.object(index) else {
            return;
        };
        let number = reader
            .file
            .definitions
            .get(index)
            .map_or(0, |definition| definition.number);
        let is = |key: &str, name: &str| dictionary.is(key, name);
        if is("Type", "XRef") || is("Type", "ObjStm") {
            return;
        }
        let role = self.survey.roles.get(&number);
        if let Some(Role::File(name)) = role {
            return file(reader, index, &dictionary, name.as_deref());
        }
        if is("Type", "EmbeddedFile") {
            return file(reader, index, &dictionary, None);
        }
        if is("Subtype", "Image") {
            return;
        }
        let form = is("Subtype", "Form") || dictionary.has("PatternType") || role == Some(&Role::Content);
        let dull = role == Some(&Role::Dull) || DULL.iter().any(|key| dictionary.has(key));
        if form {
            self.show(reader, index, &dictionary, number);
        } else if role == Some(&Role::Markup) || is("Type", "Metadata") || is("Subtype", "XML") {
            self.text(reader, index, &dictionary, true);
        } else if role == Some(&Role::Text) {
            self.text(reader, index, &dictionary, false);
        } else if !dull {
            self.unknown(reader, index, &dictionary, number);
        }
    }

    fn show(
        &mut self,
        reader: &mut Reader<'_, '_, 'f>,
        index: usize,
        dictionary: &Dictionary<'f>,
        number: u32,
    ) {
        if let Some((content, None)) = reader.unpack(index, dictionary) {
            self.show_content(reader, &content, dictionary, number);
        }
    }

    fn show_content(
        &mut self,
        reader: &mut Reader<'_, '_, 'f>,
        content: &[u8],
        dictionary: &Dictionary<'f>,
        number: u32,
    ) {
        let own = dictionary.get("Resources");
        let resources = if *own != Object::Null {
            reader.resources(own)
        } else if let Some(page) = self.survey.owners.get(&number) {
            pages::resources_of(reader, *page)
        } else {
            self.lent(reader)
        };
        let mut canvas = Canvas::default();
        Interpreter::new(reader, &mut canvas, resources, Matrix::IDENTITY, 1).run(content);
        reader.flush(&mut canvas);
        let page = std::mem::take(&mut reader.page);
        for reading in page
            .readings
            .iter()
            .chain([&canvas.notes])
            .filter(|reading| !reading.is_empty())
        {
            self.outside.push_str(reading);
            self.outside.push('\n');
        }
        self.tables.add(reader.visit, OUTSIDE, page.grids);
        reader.unreadable |= canvas.guessed >= pages::GUESSED;
        pictures::on_page(reader, &canvas.pictures, f64::MAX, page.length);
    }

    /// All fonts of the file under their names; of several the first.
    fn lent(&mut self, reader: &mut Reader<'_, '_, 'f>) -> Rc<Resources<'f>> {
        if let Some(lent) = &self.lent {
            return Rc::clone(lent);
        }
        let mut fonts = super::resources::Names::new();
        for index in self.survey.font_holders.iter().take(LENDERS) {
            let holder = match reader.object(*index) {
                Object::Dictionary(holder) => holder,
                _ => continue,
            };
            let inner = [holder.get("Resources"), holder.get("DR")].map(Clone::clone);
            let mut found = vec![reader.dictionary(holder.get("Font"))];
            for inner in inner {
                let inner = reader.dictionary(&inner);
                found.push(reader.dictionary(inner.get("Font")));
            }
            for (name, font) in found.into_iter().flat_map(|found| found.0) {
                fonts.entry(name.into_owned()).or_insert(font);
            }
        }
        let lent = Rc::new(Resources {
            fonts: Rc::new(fonts),
            ..Resources::default()
        });
        self.lent = Some(Rc::clone(&lent));
        lent
    }

    fn text(
        &mut self,
        reader: &mut Reader<'_, '_, 'f>,
        index: usize,
        dictionary: &Dictionary<'f>,
        xml: bool,
    ) {
        let Some((bytes, None)) = reader.unpack(index, dictionary) else {
            return;
        };
        let text = decode_text(&bytes);
        if xml || text.trim_start().starts_with('<') {
            reader
                .visit
                .text_in("a form or description", TextKind::Body, markup::read(&text));
        } else {
            reader.visit.text_in("a script or value", TextKind::Body, text);
        }
    }

    /// Nobody says what it is: its start and its looks do.
    fn unknown(
        &mut self,
        reader: &mut Reader<'_, '_, 'f>,
        index: usize,
        dictionary: &Dictionary<'f>,
        number: u32,
    ) {
        let Some((bytes, None)) = reader.unpack(index, dictionary) else {
            return;
        };
        if FILES.iter().any(|start| bytes.starts_with(start)) {
            return reader.visit.file(None, bytes);
        }
        let has = |word: &str| memchr::memmem::find(&bytes, word.as_bytes()).is_some();
        if has("begincmap") {
            return;
        }
        if has("Tj") || has("TJ") || has(" Do") {
            self.show_content(reader, &bytes, dictionary, number);
        }
        if text::is_text(&bytes) {
            let text = match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => WINDOWS_1252
                    .decode_without_bom_handling(error.as_bytes())
                    .0
                    .into_owned(),
            };
            reader.visit.text_in("a stream", TextKind::Body, text);
        }
    }
}

fn file<'f>(reader: &mut Reader<'_, '_, 'f>, index: usize, dictionary: &Dictionary<'f>, name: Option<&str>) {
    match reader.unpack(index, dictionary) {
        Some((bytes, _)) => reader.visit.file(name, bytes),
        None => reader.limit(),
    }
}
