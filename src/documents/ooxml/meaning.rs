//! What an element means for the flow of text, by its local name. The names of Word, of drawings and of Office 2003
//! do not contradict each other.

use super::super::flow::Layer;
use super::super::office_xml::Element;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Character data that goes on without a gap.
    Text,
    /// Character data beside the flow.
    Code,
    /// A measure.
    Measure,
    /// A file in base64.
    Data,
    /// Character data that is a line of its own.
    Line,
    Layer(Layer),
    Box,
    Paragraph,
    ParagraphProperties,
    Run,
    Table,
    Row,
    Cell,
    /// A list of tab stops.
    Definitions,
    Other,
}

pub(super) fn meaning(element: &Element<'_>) -> Meaning {
    match element.local() {
        "t" | "delText" | "font" | "span" | "b" | "i" | "u" => Meaning::Text,
        "instrText" | "delInstrText" | "f" | "formatCode" => Meaning::Code,
        "posOffset" | "pctWidth" | "pctHeight" | "pctPosHOffset" | "pctPosVOffset" | "align" => {
            Meaning::Measure
        }
        "binData" | "binaryData" => Meaning::Data,
        "del" | "moveFrom" => Meaning::Layer(Layer::Deleted),
        "ins" | "moveTo" => Meaning::Layer(Layer::Inserted),
        "Choice" => Meaning::Layer(Layer::Choice),
        "Fallback" => Meaning::Layer(Layer::Fallback),
        "annotation" => annotation(element),
        "txbxContent" | "footnote" | "endnote" | "comment" => Meaning::Box,
        "p" => Meaning::Paragraph,
        "pPr" => Meaning::ParagraphProperties,
        "r" => Meaning::Run,
        "tbl" => Meaning::Table,
        "tr" => Meaning::Row,
        "tc" => Meaning::Cell,
        "tabs" | "tabLst" => Meaning::Definitions,
        "div" | "si" | "text" => Meaning::Line,
        _ => Meaning::Other,
    }
}

/// Tracked changes and comments of Word 2003.
fn annotation(element: &Element<'_>) -> Meaning {
    match element.attribute("type").as_deref() {
        Some("Word.Deletion") => Meaning::Layer(Layer::Deleted),
        Some("Word.Insertion") => Meaning::Layer(Layer::Inserted),
        Some("Word.Comment") => Meaning::Box,
        _ => Meaning::Other,
    }
}
