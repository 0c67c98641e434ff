//! Text-showing operators (ISO 32000-2 §9.4.3).

use std::rc::Rc;

use super::operands::{Operands, Shown};
use super::{Interpreter, Matrix, Piece};
use crate::documents::pdf::font::Font;

/// A step of this many thousandths may be a space; what is shown behind it is another piece.
const STEP: f64 = 90.0;

impl Interpreter<'_, '_, '_, '_> {
    /// Shows the strings with the steps between them.
    pub(super) fn show_all(&mut self, operands: &Operands<'_>) {
        let mut pending = None;
        let font = self.current_font();
        for shown in operands.shown() {
            match shown {
                Shown::Text(string) => self.show(&font, &string, &mut pending),
                Shown::Step(step) => {
                    if step.abs() > STEP {
                        self.close(&mut pending);
                    }
                    let back = -step / 1000.0 * self.state.size;
                    self.go_on(&font, back * if font.vertical { 1.0 } else { self.state.stretch });
                }
            }
        }
        self.close(&mut pending);
    }

    /// Shows the strings alone.
    pub(super) fn show_strings(&mut self, operands: &Operands<'_>) {
        let mut pending = None;
        let font = self.current_font();
        for shown in operands.shown() {
            if let Shown::Text(string) = shown {
                self.show(&font, &string, &mut pending);
            }
        }
        self.close(&mut pending);
    }

    /// Where the pen is on the page.
    pub(super) fn place(&self) -> (f32, f32) {
        let (x, y) = self.matrix().apply(0.0, self.state.rise);
        (tame(x), tame(y))
    }

    fn current_font(&mut self) -> Rc<Font> {
        match &self.state.font {
            Some(font) => Rc::clone(font),
            None => self.reader.unnamed_font(),
        }
    }

    fn matrix(&self) -> Matrix {
        self.pen.now.then(self.state.transformation)
    }

    fn show(&mut self, font: &Rc<Font>, string: &[u8], pending: &mut Option<Piece>) {
        let start = self.canvas.text.len();
        let mut piece = pending.take().unwrap_or_else(|| self.open(font, start));
        let state = &self.state;
        let (size, stretch) = (state.size, if font.vertical { 1.0 } else { state.stretch });
        let (spacing, word_spacing) = (state.character_spacing, state.word_spacing);
        let canvas = &mut *self.canvas;
        let mut length = 0.0;
        let mut other = piece.other.take().map(String::from);
        font.read(string, |glyph| {
            if glyph.other.is_some() && other.is_none() {
                other = canvas.text.get(piece.text.0..).map(str::to_owned);
            }
            if let Some(text) = glyph.text {
                text.push_to(&mut canvas.text);
            }
            if let (Some(other), Some(meaning)) = (&mut other, glyph.other.or(glyph.text)) {
                meaning.push_to(other);
            }
            canvas.guessed += usize::from(glyph.guessed);
            let word = if glyph.is_space { word_spacing } else { 0.0 };
            length += (glyph.width * size + spacing + word) * stretch;
        });
        piece.other = other.map(String::into_boxed_str);
        self.go_on(font, length);
        piece.text.1 = self.canvas.text.len();
        *pending = Some(piece);
    }

    fn go_on(&mut self, font: &Font, length: f64) {
        if font.vertical {
            self.pen.advance(0.0, -length);
        } else {
            self.pen.advance(length, 0.0);
        }
    }

    fn open(&self, font: &Font, start: usize) -> Piece {
        let [a, b, c, d, ..] = self.matrix().0;
        let size = self.state.size;
        let height = size.abs() * c.hypot(d);
        let (x, y) = if font.vertical { (-c, -d) } else { (a, b) };
        let angle = (y * size).atan2(x * size).to_degrees();
        Piece {
            text: (start, start),
            other: None,
            start: self.place(),
            end: self.place(),
            size: tame(if height > 0.0 {
                height
            } else {
                size.abs() * a.hypot(b)
            })
            .max(0.01),
            angle: if angle.is_finite() {
                angle.round() as i16
            } else {
                0
            },
            window: self.state.window,
        }
    }

    fn close(&mut self, pending: &mut Option<Piece>) {
        if let Some(mut piece) = pending.take() {
            piece.end = self.place();
            if piece.text.1 > piece.text.0 || piece.other.is_some() {
                self.canvas.pieces.push(piece);
            }
        }
    }
}

/// A place that can be reckoned with.
fn tame(place: f64) -> f32 {
    if place.is_finite() {
        place.clamp(-1e7, 1e7) as f32
    } else {
        0.0
    }
}
