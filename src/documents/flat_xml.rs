//! Office documents that are one XML file: flat OpenDocument, Word and Excel of Office 2003, and Word's package in
//! one file. Other XML is left to the other readers of text.

use super::{Visit, office_xml, ooxml, opendocument};
use crate::mime::charset;

const WORD_2003: &[&str] = &[
    "schemas.microsoft.com/office/word/2003",
    "schemas.microsoft.com/office/2006/xmlPackage",
];
const EXCEL_2003: &[&str] = &["urn:schemas-microsoft-com:office:spreadsheet"];

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let text = readings.text.as_str();
    let is = |root: &str, namespaces: &[&str]| {
        office_xml::root(text, namespaces).is_some_and(|(found, known)| known && found == root)
    };
    // The content alone is what converters write.
    if is("document", opendocument::NAMESPACES) || is("document-content", opendocument::NAMESPACES) {
        visit.notes(readings);
        opendocument::read_flat(visit, text);
        return true;
    }
    let found = [
        ("wordDocument", WORD_2003),
        ("package", WORD_2003),
        ("Workbook", EXCEL_2003),
    ]
    .into_iter()
    .find(|(root, namespaces)| is(root, namespaces));
    if let Some((root, _)) = found {
        visit.notes(readings);
        ooxml::read_flat(visit, root, text);
    }
    found.is_some()
}
