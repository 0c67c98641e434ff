//! Cells of OpenDocument tables, and what stands in attributes (ODF 1.3 part 3 §9.1.4, §19.385).

use super::super::office_xml::Element;
use super::super::ooxml::decoded;

/// What a cell holds, as far as it is a number or a text.
pub(super) fn value(element: &Element<'_>) -> Option<String> {
    let attribute = |name: &str| element.attribute(name).map(|value| value.into_owned());
    attribute("string-value").or_else(|| attribute("value").map(|value| plain(&value)))
}

/// How many columns a cell takes: repeated cells stand for as many.
pub(super) fn columns(element: &Element<'_>) -> usize {
    let count = element.number("number-columns-repeated").unwrap_or(1);
    usize::try_from(count).unwrap_or(1)
}

/// Whether what a cell shows has all digits, or all words, of what it holds.
pub(super) fn shows(shown: &str, value: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let own = digits(value);
    shown.contains(value)
        || (value.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.')
            && digits(shown).contains(&own))
        || (own.len() < 5 && !value.contains(' '))
}

/// A number as plain digits.
fn plain(stored: &str) -> String {
    match stored.parse::<f64>() {
        Ok(value) if stored.contains(['e', 'E']) && value.fract() == 0.0 && value.abs() < 1e21 => {
            format!("{value:.0}")
        }
        _ => stored.to_owned(),
    }
}

/// Attributes that are numbers of the format's own.
const INNER: [&str; 14] = [
    "id",
    "value",
    "string-value",
    "d",
    "viewBox",
    "points",
    "enhanced-path",
    "date-value",
    "time-value",
    "rsid",
    "paragraph-rsid",
    "checksum",
    "transform",
    "version",
];

/// Writes a line with the attributes of an element when one of them may hold something to find.
pub(super) fn aside(element: &Element<'_>, into: &mut String) {
    let start = into.len();
    let cell = matches!(element.local(), "table-cell" | "covered-table-cell");
    let mut telling = false;
    for (name, value) in element.attributes() {
        // Values of cells stand in the cells; values of fields and forms stand nowhere else.
        let inner = INNER.contains(&name) && (cell || !name.ends_with("value"));
        if inner || value.is_empty() || is_measure(&value) || value.len() > 32 << 10 {
            continue;
        }
        let hidden = matches!(
            name,
            "string-value" | "current-value" | "title" | "author-name" | "description" | "help-message"
        );
        telling |= hidden || value.chars().filter(|c| c.is_numeric()).count() >= 5;
        for piece in [" ", name, ": ", &value] {
            into.push_str(piece);
        }
        if name == "href" && value.contains('%') {
            into.push(' ');
            into.push_str(&decoded(&value));
        }
    }
    match telling {
        true => into.push('\n'),
        false => into.truncate(start),
    }
}

/// A length, a colour, or a time.
fn is_measure(value: &str) -> bool {
    let units = ["cm", "mm", "in", "pt", "pc", "px", "%", "em"];
    let number = units.iter().find_map(|unit| value.strip_suffix(unit));
    let is_number = |text: &str| {
        text.bytes()
            .all(|octet| octet.is_ascii_digit() || b".- ".contains(&octet))
    };
    number.is_some_and(is_number)
        || (value.len() == 7 && value.starts_with('#'))
        || (value.len() >= 19
            && value.as_bytes().get(10) == Some(&b'T')
            && value
                .bytes()
                .all(|octet| octet.is_ascii_digit() || b"-:TZ.+".contains(&octet)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_shows_is_compared_with_what_it_holds() {
        assert!(shows("536-22-8145", "536228145"));
        assert!(shows("$1,234.00", "1234"));
        assert!(!shows("#####", "536228145"));
        assert!(!shows("5.36E+08", "536228145"));
        assert!(shows("TRUE", "true"));
    }
}
