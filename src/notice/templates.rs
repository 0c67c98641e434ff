//! The texts of notices, parsed once and tried out before the first mail needs them.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, context};
use serde::Serialize;

use super::story::plain;
use super::{BUILT_IN, NoticeError};

/// How many characters a subject may have; longer ones are cut.
const SUBJECT: usize = 200;

/// A notice's words.
#[derive(Debug)]
pub(super) struct Words {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Parses the templates; built-in ones stand in for those that are missing.
pub(super) fn parse(templates: &[(String, String)]) -> Result<Environment<'static>, NoticeError> {
    let mut environment = Environment::new();
    // A variable that is misspelt shall be found now, and not leave a gap in a notice.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Tags may stand on lines of their own and leave nothing behind.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.map_err(|error| failure("syntax", &error))?);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html.jinja") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    if let Some((name, _)) = templates.iter().find(|(name, _)| !is_known(name)) {
        return Err(NoticeError(format!("{name} is no template of a notice")));
    }
    for (name, built_in) in BUILT_IN {
        let own = templates.iter().find(|(other, _)| other == name);
        let text = own.map_or((*built_in).to_owned(), |(_, text)| text.clone());
        environment
            .add_template_owned(*name, text)
            .map_err(|error| failure(name, &error))?;
    }
    Ok(environment)
}

/// Writes the notice `name` (`refused`, `failed`) with these facts.
pub(super) fn write(
    environment: &Environment<'static>,
    name: &str,
    facts: &impl Serialize,
) -> Result<Words, NoticeError> {
    let facts = Value::from(Serde(facts));
    let (subject, text) = written(environment, name, &facts)?;
    let facts = context! { subject => subject.as_str(), ..facts };
    Ok(Words {
        html: render(environment, &format!("{name}.html.jinja"), &facts)?,
        text: text.trim().to_owned() + "\n",
        subject,
    })
}

/// The subject and the text that a template gives.
fn written(
    environment: &Environment<'static>,
    name: &str,
    facts: &Value,
) -> Result<(String, String), NoticeError> {
    let file = format!("{name}.txt.jinja");
    let written = render(environment, &file, facts)?;
    let (first, text) = written.split_once('\n').unwrap_or((&written, ""));
    let subject = first
        .strip_prefix("Subject:")
        .map(|subject| plain(subject, SUBJECT))
        .filter(|subject| !subject.is_empty())
        .ok_or_else(|| NoticeError(format!("{file}:1: the first line must be `Subject: …`")))?;
    Ok((subject, text.to_owned()))
}

/// Writes a letter: its own text, and HTML made of the text's paragraphs.
pub(super) fn write_letter(
    environment: &Environment<'static>,
    name: &str,
    facts: &impl Serialize,
) -> Result<Words, NoticeError> {
    let (subject, text) = written(environment, name, &Value::from(Serde(facts)))?;
    let lines = |paragraph: &str| -> Vec<String> {
        let lines = paragraph.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    let paragraphs = text.split("\n\n").map(lines).filter(|lines| !lines.is_empty());
    let paragraphs: Vec<Vec<String>> = paragraphs.collect();
    let facts = context! { subject => subject.as_str(), paragraphs => paragraphs };
    Ok(Words {
        html: render(environment, "letter.html.jinja", &facts)?,
        text: text.trim().to_owned() + "\n",
        subject,
    })
}

fn render(environment: &Environment<'static>, file: &str, facts: &Value) -> Result<String, NoticeError> {
    environment
        .get_template(file)
        .and_then(|template| template.render(facts))
        .map_err(|error| failure(file, &error))
}

fn is_known(name: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == name)
}

/// `refused.txt.jinja:3: …`. Names of variables may show, their values never do.
fn failure(file: &str, error: &minijinja::Error) -> NoticeError {
    let line = error.line().unwrap_or(1);
    let reason = match (error.kind(), error.detail()) {
        (ErrorKind::UndefinedError, _) => "a variable is used that does not exist".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    NoticeError(format!("{file}:{line}: {reason}"))
}
