//! Text as it flows through a document of paragraphs, tables and boxes, whatever markup it was written in.
//!
//! One number may be hidden in another's tracks: deleted, marked as hidden, or in a variant for older programs. So a
//! block of text has several views, and those that differ from the first one are searched beside it.

mod table;

use std::collections::BTreeSet;

use super::Visit;
use crate::mime::TextKind;

use table::Table;

pub(super) use table::spell;

/// Who sees a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// Text that a tracked change took away.
    Deleted,
    /// Text that a tracked change brought.
    Inserted,
    /// Text that is not shown.
    Hidden,
    /// Text for programs that know a newer feature, and for those that do not.
    Choice,
    Fallback,
}

const LAYERS: usize = 5;

/// As it stands; before tracked changes; without hidden text; for older programs; what is in none of these.
const VIEWS: usize = 5;

/// How people call each view.
const VIEW_NAMES: [&str; VIEWS] = [
    "",
    "the text before tracked changes",
    "the text without what is hidden",
    "the text for older programs",
    "text that was inserted and deleted",
];

/// Boxes and tables that stand in each other; deeper ones are taken as one.
const DEEPEST: usize = 64;

/// The texts of a part while it is read.
#[derive(Default)]
pub(super) struct Flow {
    /// Each view of all finished blocks.
    views: [String; VIEWS],
    /// Tables as rows and columns.
    tables: Vec<String>,
    /// What is not in the flow: alternative texts, names, field codes.
    pub aside: String,
    /// What is open; the first one is the page.
    frames: Vec<Frame>,
    excess: usize,
    layers: [usize; LAYERS],
    /// Boxes that were seen, since a box for newer programs comes again for older ones.
    boxes: BTreeSet<String>,
}

#[derive(Default)]
struct Frame {
    views: [String; VIEWS],
    tables: Vec<Table>,
    excess: usize,
    /// A paragraph of a cell ended; the line ends when another one follows.
    ends_line: bool,
}

impl Flow {
    pub fn new() -> Self {
        Flow {
            frames: vec![Frame::default()],
            ..Flow::default()
        }
    }

    /// Text that goes on where the last one ended.
    pub fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.end_pending_line();
        let layers = self.layers;
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let on = |layer: Layer| layers.get(layer as usize).is_some_and(|count| *count > 0);
        let sees = [
            !on(Layer::Deleted) && !on(Layer::Fallback),
            !on(Layer::Inserted) && !on(Layer::Fallback),
            !on(Layer::Deleted) && !on(Layer::Hidden) && !on(Layer::Fallback),
            !on(Layer::Deleted) && !on(Layer::Choice),
        ];
        let nowhere = !sees.contains(&true);
        for (view, sees) in frame.views.iter_mut().zip(sees.into_iter().chain([nowhere])) {
            if sees {
                view.push_str(text);
            }
        }
    }

    /// A separator, which every view shows.
    fn mark(&mut self, separator: char) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        for (number, view) in frame.views.iter_mut().enumerate() {
            if number + 1 < VIEWS || !view.is_empty() {
                view.push(separator);
            }
        }
    }

    /// Ends a line. Outside of tables it ends a block.
    pub fn line(&mut self) {
        let in_cell = |frame: &Frame| frame.tables.last().is_some_and(Table::is_in_cell);
        match self.frames.last_mut() {
            Some(frame) if in_cell(frame) => frame.ends_line = true,
            _ => {
                self.mark('\n');
                self.finish_block();
            }
        }
    }

    fn end_pending_line(&mut self) {
        let pending = self
            .frames
            .last_mut()
            .map(|frame| std::mem::take(&mut frame.ends_line));
        if pending == Some(true) {
            self.mark('\n');
        }
    }

    /// A gap inside of a line.
    pub fn tab(&mut self) {
        self.end_pending_line();
        self.mark('\t');
    }

    /// The end of a paragraph that only some views have: a tracked change joined it with the next.
    pub fn joined_line(&mut self, joined: Layer) {
        self.enter(joined);
        self.text("\n");
        self.leave(joined);
    }

    pub fn enter(&mut self, layer: Layer) {
        if let Some(count) = self.layers.get_mut(layer as usize) {
            *count += 1;
        }
    }

    pub fn leave(&mut self, layer: Layer) {
        if let Some(count) = self.layers.get_mut(layer as usize) {
            *count = count.saturating_sub(1);
        }
    }

    /// A line beside the flow.
    pub fn aside(&mut self, text: &str) {
        self.aside.push_str(text);
        self.aside.push('\n');
    }

    /// Begins a box that stands in a line without being part of it: a text box, a note.
    pub fn begin_box(&mut self) {
        match self.frames.len() > DEEPEST {
            true => self.excess += 1,
            false => self.frames.push(Frame::default()),
        }
    }

    pub fn end_box(&mut self) {
        self.mark('\n');
        let twin = self
            .layers
            .get(Layer::Fallback as usize)
            .is_some_and(|count| *count > 0);
        let Some(frame) = self.take_box() else {
            return;
        };
        // Who sees the box sees all of it; where it stands was settled when its text came.
        let [shown, _, _, older, _] = &frame.views;
        let known = if twin { older } else { shown };
        if twin && self.boxes.contains(known) {
            return;
        }
        if self.layers.iter().any(|count| *count > 0) {
            self.boxes.insert(known.clone());
        }
        self.add(&frame.views);
    }

    /// Ends a box whose text does not stand where the box does.
    pub fn take_box_text(&mut self) -> String {
        let [text, ..] = self.take_box().map(|frame| frame.views).unwrap_or_default();
        text
    }

    fn take_box(&mut self) -> Option<Frame> {
        if self.excess > 0 {
            self.excess -= 1;
            return None;
        }
        if self.frames.len() < 2 {
            return None;
        }
        while self.frames.last().is_some_and(|frame| !frame.tables.is_empty()) {
            self.end_table();
        }
        self.frames.pop()
    }

    pub fn begin_table(&mut self) {
        self.end_pending_line();
        self.with_frame(|frame| match frame.tables.len() >= DEEPEST {
            true => frame.excess += 1,
            false => frame.tables.push(Table::default()),
        });
    }

    pub fn begin_row(&mut self) {
        self.end_cell();
        self.with_frame(|frame| {
            if let Some(table) = frame.tables.last_mut() {
                table.begin_row();
            }
        });
    }

    /// Begins a cell behind `skipped` columns that have none.
    pub fn begin_cell(&mut self, skipped: usize) {
        self.end_cell();
        let behind = self
            .frames
            .last()
            .and_then(|frame| frame.tables.last())
            .is_some_and(Table::is_in_row);
        if behind {
            self.mark('\t');
        }
        self.with_frame(|frame| {
            let start = frame.views.first().map_or(0, String::len);
            if let Some(table) = frame.tables.last_mut() {
                table.begin_cell(start, skipped);
            }
        });
    }

    /// The cell covers this many columns.
    pub fn span(&mut self, columns: usize) {
        self.with_frame(|frame| {
            if let Some(table) = frame.tables.last_mut() {
                table.span(columns);
            }
        });
    }

    /// What stands in the open cell so far.
    pub fn open_cell(&self) -> String {
        let frame = self.frames.last();
        let start = frame
            .and_then(|frame| frame.tables.last())
            .and_then(Table::cell_start);
        let text = frame.and_then(|frame| frame.views.first()).zip(start);
        let text = text.and_then(|(view, start)| view.get(start..));
        text.unwrap_or_default().to_owned()
    }

    pub fn end_cell(&mut self) {
        self.with_frame(|frame| {
            // The end of the last paragraph is the end of the cell.
            frame.ends_line = false;
            let end = frame.views.first().map_or(0, String::len);
            if let Some(table) = frame.tables.last_mut() {
                table.end_cell(end);
            }
        });
    }

    pub fn end_row(&mut self) {
        self.end_cell();
        match self.frames.last_mut() {
            Some(frame) if frame.tables.len() > 1 => frame.ends_line = true,
            Some(frame) if !frame.tables.is_empty() => self.mark('\n'),
            _ => {}
        }
    }

    pub fn end_table(&mut self) {
        self.end_cell();
        let (mut text, mut spelled) = (None, String::new());
        self.with_frame(|frame| {
            if frame.excess > 0 {
                frame.excess -= 1;
                return;
            }
            let Some(table) = frame.tables.pop() else {
                return;
            };
            let page = frame.views.first().map(String::as_str).unwrap_or_default();
            text = table.text(page);
            spelled = table.spelled(page);
            if let Some(outer) = frame.tables.last_mut() {
                outer.holds_table = true;
            }
        });
        self.tables.extend(text);
        self.aside.push_str(&spelled);
        self.finish_block();
    }

    /// Ends whatever is open.
    pub fn finish(&mut self) {
        self.excess = 0;
        while self.frames.len() > 1 {
            self.end_box();
        }
        while self.frames.last().is_some_and(|frame| !frame.tables.is_empty()) {
            self.with_frame(|frame| frame.excess = 0);
            self.end_table();
        }
        self.mark('\n');
        self.finish_block();
    }

    /// Hands all texts over. `place` is the part they stand in; none for the document itself.
    pub fn tell(self, visit: &mut Visit<'_>, place: Option<&str>) {
        for (view, name) in self.views.into_iter().zip(VIEW_NAMES) {
            super::coded::read(visit, &view);
            match (place, name) {
                (None, "") => visit.text(TextKind::Body, view),
                (Some(place), "") => visit.text_in(place, TextKind::Body, view),
                (None, name) => visit.text_in(name, TextKind::Body, view),
                (Some(place), name) => visit.text_in(&format!("{name} of {place}"), TextKind::Body, view),
            }
        }
        for table in self.tables {
            visit.text_in(place.unwrap_or("a table"), TextKind::Table, table);
        }
        visit.text_in(place.unwrap_or("names and codes"), TextKind::Body, self.aside);
    }

    fn with_frame(&mut self, act: impl FnOnce(&mut Frame)) {
        if let Some(frame) = self.frames.last_mut() {
            act(frame);
        }
    }

    /// Hands a block of the page over: the first view, and those that differ from it. A box is handed over whole.
    fn finish_block(&mut self) {
        let page = self.frames.len() == 1 && self.excess == 0;
        let Some(frame) = self
            .frames
            .last_mut()
            .filter(|frame| page && frame.tables.is_empty())
        else {
            return;
        };
        let mut views = std::mem::take(&mut frame.views);
        self.add(&views);
        // The page's own strings keep their room.
        if let Some(frame) = self.frames.last_mut() {
            views.iter_mut().for_each(String::clear);
            frame.views = views;
        }
    }

    fn add(&mut self, views: &[String; VIEWS]) {
        let [first, others @ ..] = views;
        let [all, rest @ ..] = &mut self.views;
        all.push_str(first);
        for (view, into) in others.iter().zip(rest) {
            if view != first && !view.trim().is_empty() {
                into.push_str(view);
            }
        }
    }
}

#[cfg(test)]
mod tests;
