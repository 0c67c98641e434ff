//! Where things stand, for programs (part paths) and for people (descriptions).
//!
//! Descriptions reach notices and logs. A name that the sender chose is shown only while it holds fewer digits
//! than any number worth protecting.

use crate::message::Place;

use super::labels::Labels;

/// The position of an entity: a message or a part, with its header section.
#[derive(Debug, Clone)]
pub(super) struct Position {
    /// Path of the entity's header section.
    pub header: String,
    /// Path of its content, if it has no parts.
    pub content: String,
    /// What the paths of its parts begin with.
    prefix: String,
    /// How many containers enclose it.
    pub depth: usize,
    /// Whether it lies inside another message.
    pub nested: bool,
    /// Whether it is a message, with header fields that people see.
    pub message: bool,
    /// Whether it stands in a `multipart/digest`.
    pub digest: bool,
}

impl Position {
    /// The message itself.
    pub fn top() -> Self {
        Position {
            header: Place::MESSAGE.to_owned(),
            content: "1".to_owned(),
            prefix: String::new(),
            depth: 0,
            nested: false,
            message: true,
            digest: false,
        }
    }

    /// The part with this number, counted from 1.
    pub fn part(&self, number: usize, digest: bool) -> Self {
        let path = format!("{}{number}", self.prefix);
        Position {
            prefix: format!("{path}."),
            header: path.clone(),
            content: path,
            depth: self.depth + 1,
            nested: self.nested,
            message: false,
            digest,
        }
    }

    /// The message that is this part's content. `number` counts them, where one part holds several.
    pub fn message(&self, number: usize) -> Self {
        let prefix = format!("{}.", self.content);
        Position {
            header: self.content.clone(),
            content: format!("{prefix}{number}"),
            prefix,
            depth: self.depth + 1,
            nested: true,
            message: true,
            digest: false,
        }
    }

    /// The place of a header field.
    pub fn field(&self, name: &str) -> Place {
        let shown = match (is_harmless(name, 40), self.message) {
            (false, _) => "a field".to_owned(),
            (true, true) if name.eq_ignore_ascii_case("subject") => "the Subject".to_owned(),
            (true, _) => format!("the {name} field"),
        };
        let description = match (self.message, self.nested) {
            (true, false) => shown,
            (true, true) => format!("{shown} of the nested message"),
            (false, _) => format!("{shown} of part {}", self.header),
        };
        Place {
            part: self.header.clone(),
            field: Some(name.to_owned()),
            description,
            span: (0, 0),
        }
    }

    /// The place of something that stands beside the parts or fields of this entity.
    pub fn beside(&self, description: &str) -> Place {
        let part = self.header.clone();
        Place {
            part,
            field: None,
            description: description.to_owned(),
            span: (0, 0),
        }
    }

    /// The same position for things that stand inside the content.
    pub fn inside(&self) -> Self {
        Position {
            header: self.content.clone(),
            ..self.clone()
        }
    }

    /// The place of the content.
    pub fn content(&self, labels: &Labels) -> Place {
        let part = self.content.clone();
        Place {
            description: describe(labels, &part),
            part,
            field: None,
            span: (0, 0),
        }
    }
}

/// What a part is, for people: "the text", "attachment 'list.csv'".
fn describe(labels: &Labels, part: &str) -> String {
    match (&labels.file_name, labels.media_type.as_str()) {
        (Some(name), _) if is_harmless(name, 60) => format!("attachment '{}'", name.replace('\'', "’")),
        (Some(_), _) => format!("attachment {part}"),
        (None, _) if labels.attachment => format!("attachment {part}"),
        (None, "text/plain") => "the text".to_owned(),
        (None, "text/html") => "the HTML text".to_owned(),
        (None, _) => format!("part {part}"),
    }
}

/// Whether a name may be shown: no room for a number that matters, nothing that disturbs a terminal or a line.
pub fn is_harmless(name: &str, most: usize) -> bool {
    let digits = name.chars().filter(|c| c.is_numeric()).count();
    let legible = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' '..='~'));
    !name.is_empty() && digits < 5 && legible && name.chars().count() <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(name: &str) -> String {
        let labels = Labels {
            file_name: Some(name.to_owned()),
            ..Labels::default()
        };
        Position::top().part(2, false).content(&labels).description
    }

    #[test]
    fn paths_follow_imap() {
        let top = Position::top();
        assert_eq!((top.header.as_str(), top.content.as_str()), ("0", "1"));
        let part = top.part(2, false);
        assert_eq!((part.header.as_str(), part.content.as_str()), ("2", "2"));
        let nested = part.message(1);
        assert_eq!((nested.header.as_str(), nested.content.as_str()), ("2", "2.1"));
        assert_eq!(nested.part(3, false).content, "2.3");
        assert_eq!(part.part(1, false).part(4, false).content, "2.1.4");
    }

    #[test]
    fn descriptions_show_names_without_long_numbers_only() {
        assert_eq!(attachment("list 2024.csv"), "attachment 'list 2024.csv'");
        assert_eq!(attachment("536-22-8145.csv"), "attachment 2");
        assert_eq!(attachment("５３６２２.csv"), "attachment 2");
        assert_eq!(attachment("a\r\nb.csv"), "attachment 2");
        assert_eq!(attachment("o'b.csv"), "attachment 'o’b.csv'");
        assert_eq!(Position::top().field("Subject").description, "the Subject");
        assert_eq!(Position::top().field("X-536228145").description, "a field");
        let nested = Position::top().message(1);
        assert_eq!(
            nested.field("To").description,
            "the To field of the nested message"
        );
    }
}
