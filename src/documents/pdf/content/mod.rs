//! Content streams (ISO 32000-2 §7.8, §8, §9) → text with its places, and pictures.
//!
//! Whatever is drawn is read, seen or not: hidden layers, invisible and white text, text off the page.

mod canvas;
mod inline;
mod matrix;
mod operands;
mod show;
mod state;

use std::rc::Rc;

use super::reader::Reader;
use super::resources::Resources;
use super::syntax::{Lexer, Token};

pub(super) use canvas::{Canvas, Picture, Piece};
pub(super) use matrix::Matrix;

use operands::Operands;
use state::{Pen, State};

/// Forms in forms are followed this deep.
const DEEPEST: usize = 12;
/// What reading a form costs beside its octets.
const FORM: usize = 400;
/// More saved states than this at a time are counted, not kept.
const MOST_STATES: usize = 1_000;

/// Reads one content stream, and the forms that it draws.
pub(super) struct Interpreter<'i, 'r, 'v, 'f> {
    reader: &'i mut Reader<'r, 'v, 'f>,
    pub canvas: &'i mut Canvas,
    resources: Rc<Resources<'f>>,
    state: State,
    saved: Vec<State>,
    /// States that were saved beyond what is kept.
    unsaved: usize,
    pen: Pen,
    /// The rectangle that was added to the path last, told from others.
    rectangle: u32,
    /// Marked content that is open: the first piece in it, and the text that replaces it.
    marks: Vec<(usize, Option<String>)>,
    depth: usize,
}

impl<'i, 'r, 'v, 'f> Interpreter<'i, 'r, 'v, 'f> {
    /// Ready to draw on a canvas.
    pub fn new(
        reader: &'i mut Reader<'r, 'v, 'f>,
        canvas: &'i mut Canvas,
        resources: Rc<Resources<'f>>,
        transformation: Matrix,
        depth: usize,
    ) -> Self {
        Interpreter {
            reader,
            canvas,
            resources,
            state: State::new(transformation),
            saved: Vec::new(),
            unsaved: 0,
            pen: Pen::START,
            rectangle: 0,
            marks: Vec::new(),
            depth,
        }
    }

    /// Reads the whole stream.
    pub fn run(&mut self, content: &[u8]) {
        if !self.reader.work(content.len().saturating_add(FORM)) {
            return;
        }
        let mut lexer = Lexer::new(content, 0);
        let mut operands = Operands::default();
        while let Some(token) = lexer.token() {
            let Token::Word(operator) = token else {
                if operands.push(token) {
                    self.show_all(&operands);
                    operands.clear();
                }
                continue;
            };
            if operator == b"BI" {
                self.inline_picture(&mut lexer, content);
            } else {
                self.operate(operator, &operands);
            }
            operands.clear();
            if self.reader.is_spent() {
                break;
            }
            if self.canvas.is_full() {
                self.marks.clear();
                self.reader.flush(self.canvas);
            }
        }
        // A stream that was cut off lacks the operator of its last string.
        self.show_all(&operands);
        while let Some((first, replacement)) = self.marks.pop() {
            self.end_mark(first, replacement);
        }
    }

    fn operate(&mut self, operator: &[u8], operands: &Operands<'_>) {
        match operator {
            b"q" if self.saved.len() < MOST_STATES => self.saved.push(self.state.clone()),
            b"q" => self.unsaved += 1,
            b"Q" if self.unsaved > 0 => self.unsaved -= 1,
            b"Q" => {
                if let Some(state) = self.saved.pop() {
                    self.state = state;
                }
            }
            b"cm" => {
                if let Some(matrix) = operands.numbers() {
                    self.state.transformation = Matrix(matrix).then(self.state.transformation);
                }
            }
            b"re" => {
                self.canvas.strokes += 1;
                self.rectangle = operands.numbers().map_or(0, |place| self.told_apart(place));
            }
            b"l" | b"c" | b"v" | b"y" => self.canvas.strokes += 1,
            b"W" | b"W*" => self.state.window = self.rectangle,
            b"Do" => self.draw(operands),
            b"gs" => self.set_states(operands),
            b"BDC" => self.begin_mark(operands),
            b"BMC" => self.push_mark(None),
            b"EMC" => {
                if let Some((first, replacement)) = self.marks.pop() {
                    self.end_mark(first, replacement);
                }
            }
            b"DP" => self.note_strings(operands),
            _ => self.operate_text(operator, operands),
        }
    }

    /// A number for a rectangle, which another rectangle hardly ever has.
    fn told_apart(&self, [x, y, width, height]: [f64; 4]) -> u32 {
        let near = |place: (f64, f64)| [place.0 as i32, place.1 as i32];
        let matrix = self.state.transformation;
        let corners = [matrix.apply(x, y), matrix.apply(x + width, y + height)].map(near);
        let mixed = corners.iter().flatten().fold(0x811C_9DC5_u32, |mixed, place| {
            (mixed ^ place.cast_unsigned()).wrapping_mul(0x0100_0193)
        });
        mixed.max(1)
    }

    fn operate_text(&mut self, operator: &[u8], operands: &Operands<'_>) {
        let number = || operands.last_number();
        match operator {
            b"BT" => self.pen = Pen::START,
            b"Tf" => {
                if let Some(name) = operands.name() {
                    self.state.font = self.reader.font(&self.resources, name);
                }
                self.state.size = number();
            }
            b"Tc" => self.state.character_spacing = number(),
            b"Tw" => self.state.word_spacing = number(),
            b"Tz" => self.state.stretch = number() / 100.0,
            b"TL" => self.state.leading = number(),
            b"Ts" => self.state.rise = number(),
            b"Td" | b"TD" => {
                if let Some([x, y]) = operands.numbers() {
                    if operator == b"TD" {
                        self.state.leading = -y;
                    }
                    self.pen.go(x, y);
                }
            }
            b"Tm" => {
                if let Some(matrix) = operands.numbers() {
                    self.pen.set(Matrix(matrix));
                }
            }
            b"T*" => self.pen.go(0.0, -self.state.leading),
            b"Tj" | b"TJ" => self.show_all(operands),
            b"'" => {
                self.pen.go(0.0, -self.state.leading);
                self.show_all(operands);
            }
            b"\"" => {
                if let Some([word, character]) = operands.first_numbers() {
                    self.state.word_spacing = word;
                    self.state.character_spacing = character;
                }
                self.pen.go(0.0, -self.state.leading);
                self.show_strings(operands);
            }
            _ => {}
        }
    }

    /// A form is read where it is drawn; a picture is noted.
    fn draw(&mut self, operands: &Operands<'_>) {
        let object = operands.name().and_then(|name| self.resources.drawing(name));
        let Some(number) = object else { return };
        let Some(index) = self.reader.find(number) else {
            return;
        };
        let Some(drawing) = self.reader.drawing(index) else {
            return;
        };
        if let Some((width, height)) = drawing.picture {
            return self.canvas.picture(Picture {
                definition: Some(index),
                width,
                height,
                area: self.state.transformation.area(),
            });
        }
        if self.depth >= DEEPEST {
            return self.reader.limit();
        }
        let resources = drawing
            .resources
            .clone()
            .unwrap_or_else(|| Rc::clone(&self.resources));
        let transformation = drawing.matrix.then(self.state.transformation);
        let content = Rc::clone(&drawing.content);
        let mut inner = Interpreter::new(
            self.reader,
            self.canvas,
            resources,
            transformation,
            self.depth + 1,
        );
        inner.run(&content);
    }

    /// A parameter dictionary may set the font.
    fn set_states(&mut self, operands: &Operands<'_>) {
        let states = operands.name().and_then(|name| self.resources.state(name));
        if let Some((font, size)) = states.and_then(|states| self.reader.font_of_state(&states)) {
            self.state.font = Some(font);
            self.state.size = size;
        }
    }

    fn begin_mark(&mut self, operands: &Operands<'_>) {
        let mut replacement = operands.text_after(b"ActualText");
        for key in [&b"Alt"[..], b"E"] {
            if let Some(note) = operands.text_after(key) {
                self.canvas.note(&note);
            }
        }
        if let (Some(name), None) = (operands.name(), &replacement) {
            replacement = self.reader.replacement(&self.resources, name);
        }
        self.push_mark(replacement);
    }

    fn push_mark(&mut self, replacement: Option<String>) {
        if self.marks.len() < MOST_STATES {
            self.marks.push((self.canvas.pieces.len(), replacement));
        }
    }

    fn end_mark(&mut self, first: usize, replacement: Option<String>) {
        let shown = self.canvas.pieces.len().saturating_sub(first).saturating_mul(32);
        if let Some(replacement) = replacement.filter(|_| self.reader.work(shown)) {
            let at = self.place();
            self.canvas.replace(first, &replacement, at);
        }
    }

    fn note_strings(&mut self, operands: &Operands<'_>) {
        for key in [&b"ActualText"[..], b"Alt", b"E"] {
            if let Some(note) = operands.text_after(key) {
                self.canvas.note(&note);
            }
        }
    }
}
