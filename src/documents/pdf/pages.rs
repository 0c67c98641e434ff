//! The pages of a file, in their order: what stands on each, and what lies on top of it.

use std::collections::HashSet;
use std::rc::Rc;

use super::content::{Canvas, Interpreter, Matrix};
use super::layout::Tables;
use super::pictures;
use super::reader::Reader;
use super::resources::Resources;
use super::syntax::{Dictionary, Object, decode_text};
use crate::mime::TextKind;

/// What a page takes from the nodes above it (ISO 32000-2 §7.7.3.4).
#[derive(Clone, Default)]
struct Inherited<'f> {
    resources: Rc<Object<'f>>,
    media_box: Rc<Object<'f>>,
}

/// Glyphs that mean nothing certain; fewer on a page may be bullets and the like.
pub(super) const GUESSED: usize = 5;
/// Lines and curves that may be writing.
const STROKES: usize = 500;
/// The area of a page that states none.
const LETTER: f64 = 612.0 * 792.0;

/// Reads the pages of the tree, then those that stand outside of it.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, outside: &[usize]) -> usize {
    let mut tables = Tables::default();
    let mut seen = HashSet::new();
    let mut number = 0;
    let mut waiting = root(reader);
    while let Some((object, mut inherited)) = waiting.pop() {
        let Some(index) = reader.place(&object) else {
            continue;
        };
        if reader.is_spent() {
            break;
        }
        if !seen.insert(index) {
            continue;
        }
        let dictionary = match reader.object(index) {
            Object::Dictionary(dictionary) => dictionary,
            _ => continue,
        };
        inherited.take(&dictionary);
        let kids = reader.follow(dictionary.get("Kids"));
        if kids.members().is_empty() {
            number += 1;
            read_page(
                reader,
                &dictionary,
                &inherited,
                &format!("page {number}"),
                &mut tables,
            );
        }
        waiting.extend(
            kids.members()
                .iter()
                .rev()
                .map(|kid| (kid.clone(), inherited.clone())),
        );
    }
    tables.finish(reader.visit);
    for index in outside.iter().filter(|index| !seen.contains(index)) {
        if reader.is_spent() {
            break;
        }
        read_outside(reader, *index, &mut tables);
        number += 1;
    }
    tables.finish(reader.visit);
    number
}

/// The resources of a page, its own or those above it.
pub(super) fn resources_of<'f>(reader: &mut Reader<'_, '_, 'f>, page: usize) -> Rc<Resources<'f>> {
    let mut object = reader.object(page);
    for _ in 0..8 {
        let Object::Dictionary(dictionary) = &object else {
            break;
        };
        if dictionary.has("Resources") {
            let resources = dictionary.get("Resources").clone();
            return reader.resources(&resources);
        }
        let parent = dictionary.get("Parent").clone();
        object = reader.follow(&parent);
    }
    Rc::default()
}

fn root<'f>(reader: &mut Reader<'_, '_, 'f>) -> Vec<(Object<'f>, Inherited<'f>)> {
    let Some(root) = reader.file.root else {
        return Vec::new();
    };
    let catalog = reader.dictionary(&Object::Reference(root));
    vec![(catalog.get("Pages").clone(), Inherited::default())]
}

/// A page of an earlier revision, or one that was taken out of the tree.
fn read_outside(reader: &mut Reader<'_, '_, '_>, index: usize, tables: &mut Tables) {
    let at = reader
        .file
        .definitions
        .get(index)
        .map_or(0, |definition| definition.at);
    reader.before = reader.file.revision_end(at);
    if let Object::Dictionary(dictionary) = reader.object(index) {
        let mut inherited = Inherited::default();
        let mut parent = dictionary.get("Parent").clone();
        for _ in 0..8 {
            let above = reader.dictionary(&parent);
            if matches!(*inherited.resources, Object::Null) {
                inherited.take(&above);
            }
            parent = above.get("Parent").clone();
        }
        inherited.take(&dictionary);
        read_page(
            reader,
            &dictionary,
            &inherited,
            "a page that is not shown",
            tables,
        );
    }
    reader.before = usize::MAX;
}

impl<'f> Inherited<'f> {
    fn take(&mut self, dictionary: &Dictionary<'f>) {
        for (slot, key) in [
            (&mut self.resources, "Resources"),
            (&mut self.media_box, "MediaBox"),
        ] {
            if dictionary.has(key) {
                *slot = Rc::new(dictionary.get(key).clone());
            }
        }
    }
}

fn read_page<'f>(
    reader: &mut Reader<'_, '_, 'f>,
    dictionary: &Dictionary<'f>,
    inherited: &Inherited<'f>,
    place: &str,
    tables: &mut Tables,
) {
    let resources = reader.resources(&inherited.resources);
    let content = content(reader, dictionary.get("Contents"));
    let mut canvas = Canvas::default();
    Interpreter::new(reader, &mut canvas, resources, Matrix::IDENTITY, 0).run(&content);
    annotations(reader, dictionary.get("Annots"), &mut canvas);
    reader.flush(&mut canvas);
    let length = reader.page.length;
    hand_over(reader, &canvas, place, tables);
    let area = match reader.follow(&inherited.media_box).numbers() {
        Some([left, bottom, right, top]) => ((right - left) * (top - bottom)).abs(),
        None => LETTER,
    };
    pictures::on_page(reader, &canvas.pictures, area, length);
    if length == 0 && canvas.pictures.is_empty() && canvas.strokes > STROKES {
        pictures::unread(
            reader.visit,
            "holds a page that is drawn and not written, which cannot be checked",
        );
    }
}

/// Hands over what was laid out.
fn hand_over(reader: &mut Reader<'_, '_, '_>, canvas: &Canvas, place: &str, tables: &mut Tables) {
    let page = std::mem::take(&mut reader.page);
    for reading in page.readings {
        reader.visit.text_in(place, TextKind::Body, reading);
    }
    reader.visit.text_in(place, TextKind::Body, canvas.notes.clone());
    tables.add(reader.visit, place, page.grids);
    reader.unreadable |= canvas.guessed >= GUESSED;
}

/// The content of a page: one stream, or several that are one.
fn content<'f>(reader: &mut Reader<'_, '_, 'f>, object: &Object<'f>) -> Vec<u8> {
    let object = match reader.place(object) {
        Some(index) if reader.file.has_stream(index) => return reader.content(index).unwrap_or_default(),
        _ => reader.follow(object),
    };
    let mut content = Vec::new();
    for member in object.members() {
        if content.len() > reader.visit.room() || reader.is_spent() {
            reader.limit();
            break;
        }
        if let Some(part) = reader.place(member).and_then(|index| reader.content(index)) {
            content.extend(part);
            content.push(b'\n');
        }
    }
    content
}

fn annotations<'f>(reader: &mut Reader<'_, '_, 'f>, object: &Object<'f>, canvas: &mut Canvas) {
    let annotations = reader.follow(object);
    for annotation in annotations.members() {
        if reader.is_spent() {
            return;
        }
        let annotation = reader.dictionary(annotation);
        let Some([x1, y1, x2, y2]) = reader.follow(annotation.get("Rect")).numbers() else {
            continue;
        };
        let corner = (x1.min(x2), y1.min(y2));
        let states = reader.dictionary(annotation.get("AP"));
        let shown = appearances(reader, states.get("N"));
        for appearance in &shown {
            draw(reader, *appearance, corner, canvas);
        }
        if shown.is_empty() && annotation.is("Subtype", "Widget") {
            let value = value(reader, annotation);
            let size = (y2 - y1).abs().clamp(4.0, 12.0);
            canvas.place(&value, (corner.0 as f32, (corner.1 + 2.0) as f32), size as f32);
        }
    }
}

/// What a field shows that has no appearance of its own.
fn value<'f>(reader: &mut Reader<'_, '_, 'f>, mut field: Dictionary<'f>) -> String {
    for _ in 0..8 {
        if let Object::String(string) = reader.follow(field.get("V")) {
            return decode_text(&string);
        }
        field = reader.dictionary(field.get("Parent"));
    }
    String::new()
}

/// One appearance, or one for each state.
fn appearances<'f>(reader: &mut Reader<'_, '_, 'f>, object: &Object<'f>) -> Vec<usize> {
    match reader.place(object) {
        Some(index) if reader.file.has_stream(index) => vec![index],
        _ => {
            let states = reader.dictionary(object);
            let states = states
                .0
                .iter()
                .take(100)
                .filter_map(|(_, state)| reader.place(state));
            states.collect()
        }
    }
}

fn draw(reader: &mut Reader<'_, '_, '_>, appearance: usize, corner: (f64, f64), canvas: &mut Canvas) {
    let Some(drawing) = reader
        .drawing(appearance)
        .filter(|drawing| drawing.picture.is_none())
    else {
        return;
    };
    let resources = drawing.resources.clone().unwrap_or_default();
    let origin = drawing.matrix.apply(drawing.corner.0, drawing.corner.1);
    let moved = drawing
        .matrix
        .then(Matrix::moving(corner.0 - origin.0, corner.1 - origin.1));
    Interpreter::new(reader, canvas, resources, moved, 1).run(&drawing.content);
}
