//! Number formats that change which digits are seen: leading zeros and dashes (ECMA-376 part 1 §18.8.31).

/// A format like `000-00-0000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Format {
    sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    /// The largest number it is for, as in `[<=9999999]`.
    most: Option<u64>,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// A digit that is always shown, as 0 if need be.
    Digit,
    /// A digit that is shown if there is one.
    Optional,
    Literal(char),
}

/// Longer formats are not for numbers of people.
const LONGEST: usize = 200;

impl Format {
    /// Understands a format code, if it only places digits.
    pub fn parse(code: &str) -> Option<Format> {
        if code.len() > LONGEST {
            return None;
        }
        let sections: Option<Vec<Section>> = code.split(';').take(2).map(section).collect();
        let sections = sections?;
        sections
            .iter()
            .any(|section| {
                section
                    .pieces
                    .iter()
                    .filter(|piece| !matches!(piece, Piece::Literal(_)))
                    .count()
                    > 1
            })
            .then_some(Format { sections })
    }

    /// How a whole number is shown, when that differs from its digits alone.
    pub fn show(&self, digits: &str) -> Option<String> {
        let value: u64 = digits.parse().ok()?;
        let section = self
            .sections
            .iter()
            .find(|section| section.most.is_none_or(|most| value <= most))
            .or(self.sections.last())?;
        let mut left = digits.chars().rev();
        let mut shown = Vec::new();
        for (at, piece) in section.pieces.iter().enumerate().rev() {
            match piece {
                Piece::Literal(literal) => shown.push(*literal),
                Piece::Digit => shown.push(left.next().unwrap_or('0')),
                Piece::Optional => shown.extend(left.next()),
            }
            // Digits for which there is no place stand before the first one.
            let first = !section
                .pieces
                .iter()
                .take(at)
                .any(|piece| !matches!(piece, Piece::Literal(_)));
            if first && !matches!(piece, Piece::Literal(_)) {
                shown.extend(left.by_ref());
            }
        }
        let shown: String = shown.into_iter().rev().collect();
        let kept: String = shown.chars().filter(char::is_ascii_digit).collect();
        (shown != digits && kept.ends_with(digits)).then_some(shown)
    }
}

fn section(code: &str) -> Option<Section> {
    let mut section = Section {
        most: None,
        pieces: Vec::new(),
    };
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            '0' => section.pieces.push(Piece::Digit),
            '#' | '?' => section.pieces.push(Piece::Optional),
            '[' => {
                let inner: String = characters.by_ref().take_while(|c| *c != ']').collect();
                let most = inner.strip_prefix("<=").or_else(|| inner.strip_prefix('<'));
                section.most = most.and_then(|most| most.parse().ok()).or(section.most);
            }
            '"' => {
                let quoted = characters.by_ref().take_while(|c| *c != '"');
                section.pieces.extend(quoted.map(Piece::Literal));
            }
            '\\' => section.pieces.extend(characters.next().map(Piece::Literal)),
            '_' | '*' => {
                characters.next();
            }
            '-' | ' ' | '(' | ')' | ':' | '+' | '$' => section.pieces.push(Piece::Literal(character)),
            _ => return None,
        }
    }
    Some(section)
}

/// A number as a cell stores it → plain digits, as far as that loses nothing: `5.36228145E8` is 536228145.
pub(super) fn plain(stored: &str) -> String {
    let stored = stored.trim();
    let scientific = stored.contains(['e', 'E', '.']);
    match stored.parse::<f64>() {
        Ok(value) if scientific && value.is_finite() && value.abs() < 1e21 && value.fract() == 0.0 => {
            format!("{value:.0}")
        }
        Ok(value) if stored.contains(['e', 'E']) && (1e-9..1e21).contains(&value.abs()) => value.to_string(),
        _ => stored.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, digits: &str) -> Option<String> {
        Format::parse(code)?.show(digits)
    }

    #[test]
    fn digits_are_shown_as_the_format_says() {
        assert_eq!(shown("000-00-0000", "53622814").as_deref(), Some("053-62-2814"));
        assert_eq!(
            shown("000\\-00\\-0000", "536228145").as_deref(),
            Some("536-22-8145")
        );
        assert_eq!(shown("000000000", "53622814").as_deref(), Some("053622814"));
        assert_eq!(
            shown("[$-409]0000 0000 0000 0000", "4539148803436467").as_deref(),
            Some("4539 1488 0343 6467")
        );
        let phone = "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####";
        assert_eq!(shown(phone, "6175550123").as_deref(), Some("(617) 555-0123"));
        assert_eq!(shown(phone, "5550123").as_deref(), Some("555-0123"));
        assert_eq!(shown("00-00", "536228145").as_deref(), Some("5362281-45"));
        for (code, digits) in [
            ("0", "536"),
            ("General", "536"),
            ("0.00", "536"),
            ("yyyy-mm-dd", "45000"),
            ("000", "-5"),
        ] {
            assert_eq!(shown(code, digits), None, "{code}");
        }
    }

    #[test]
    fn numbers_are_written_out() {
        for (stored, written) in [
            ("5.36228145E8", "536228145"),
            ("4.53914880343646E+15", "4539148803436460"),
            ("536228145", "536228145"),
            ("53622814.0", "53622814"),
            ("0.1", "0.1"),
            ("1E300", "1E300"),
            ("4539148803436467", "4539148803436467"),
            ("nan", "nan"),
            ("", ""),
        ] {
            assert_eq!(plain(stored), written);
        }
    }
}
