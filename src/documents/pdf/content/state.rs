//! The graphics state, as far as text needs it (ISO 32000-2 §8.4, §9.3).

use std::rc::Rc;

use super::Matrix;
use crate::documents::pdf::font::Font;

/// What `q` keeps and `Q` brings back.
#[derive(Clone)]
pub(super) struct State {
    pub transformation: Matrix,
    pub font: Option<Rc<Font>>,
    pub size: f64,
    pub character_spacing: f64,
    pub word_spacing: f64,
    /// 1 is the plain width.
    pub stretch: f64,
    pub leading: f64,
    pub rise: f64,
    /// Tells the clipping path from others; nought is none.
    pub window: u32,
}

impl State {
    pub fn new(transformation: Matrix) -> Self {
        State {
            transformation,
            font: None,
            size: 1.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            window: 0,
        }
    }
}

/// Where text goes next.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub line: Matrix,
    pub now: Matrix,
}

impl Pen {
    pub const START: Pen = Pen {
        line: Matrix::IDENTITY,
        now: Matrix::IDENTITY,
    };

    /// To the start of another line.
    pub fn go(&mut self, x: f64, y: f64) {
        self.set(Matrix::moving(x, y).then(self.line));
    }

    /// To a matrix of its own.
    pub fn set(&mut self, matrix: Matrix) {
        self.line = matrix;
        self.now = matrix;
    }

    /// On along the line.
    pub fn advance(&mut self, x: f64, y: f64) {
        self.now = Matrix::moving(x, y).then(self.now);
    }
}
