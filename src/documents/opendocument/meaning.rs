//! What an element means for the flow of text, by its local name.

use super::super::office_xml::Element;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Paragraph,
    /// Text that belongs to the line around it.
    Inline,
    /// A box that stands in a line without being part of it.
    Box,
    /// Text that is not shown, and stands in an attribute.
    Hidden,
    /// Text whose style hides it.
    HiddenSpan,
    /// Text that a tracked change took away; it stood where a mark in the flow refers to it.
    Deletion,
    Table,
    Row,
    Cell,
    /// The same in a sheet, whose cells are many and stand in no text.
    Sheet,
    SheetRow,
    SheetCell,
    /// A file in base64.
    Data,
    /// Character data that is a line of its own.
    Line,
    Other,
}

pub(super) fn meaning(element: &Element<'_>) -> Meaning {
    match element.local() {
        "p" | "h" => Meaning::Paragraph,
        "span" | "a" | "ruby" | "ruby-base" | "meta" | "meta-field" | "s" | "tab" | "line-break"
        | "bookmark-ref" | "sequence" | "page-number" | "date" | "time" | "user-defined" | "text-input"
        | "placeholder" => Meaning::Inline,
        "hidden-text" | "hidden-paragraph" => Meaning::Hidden,
        "note" | "annotation" | "frame" | "text-box" | "custom-shape" | "rect" | "ellipse" | "circle"
        | "line" | "g" | "connector" | "path" | "polygon" | "polyline" | "caption" | "control"
        | "change-info" | "ruby-text" | "header" | "footer" | "measure" => Meaning::Box,
        "deletion" => Meaning::Deletion,
        "table" => Meaning::Table,
        "table-row" => Meaning::Row,
        "table-cell" | "covered-table-cell" => Meaning::Cell,
        "binary-data" => Meaning::Data,
        _ => Meaning::Other,
    }
}
