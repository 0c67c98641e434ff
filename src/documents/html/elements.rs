//! What the names of elements and attributes mean for the text of a page.

/// What an element does to the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Its text goes on without a gap.
    Inline,
    /// It begins and ends a line.
    Block,
    Preformatted,
    Table,
    Row,
    Cell,
    Label,
    /// It shows a value that stands in an attribute.
    Field,
}

/// What the value of an attribute may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    /// How something looks or behaves.
    Plain,
    /// A style, which may hold a picture.
    Style,
    /// What people see, or programs keep for them.
    Telling,
    /// The same, and the value of a field.
    Value,
    /// What a value is.
    Naming,
    /// A whole page.
    Page,
    /// Anything else.
    Other,
}

/// The longest name that means something.
const LONGEST: usize = 16;

/// Calls `read` with a name in lower case; a longer name comes as an empty one.
fn lower<T>(name: &str, read: impl FnOnce(&str) -> T) -> T {
    let mut buffer = [0; LONGEST];
    let Some(lower) = buffer.get_mut(..name.len()) else {
        return read("");
    };
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    read(std::str::from_utf8(lower).unwrap_or_default())
}

/// What an element called `name` does.
pub(super) fn element(name: &str) -> Element {
    lower(name, |name| match name {
        // The most frequent ones first.
        "a" | "b" | "i" | "u" | "font" | "span" | "img" | "strong" | "em" | "small" | "big" => {
            Element::Inline
        }
        "td" | "th" => Element::Cell,
        "tr" => Element::Row,
        "table" => Element::Table,
        "br" | "p" | "div" | "li" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" | "dd"
        | "dt" | "dl" | "center" | "blockquote" | "body" | "head" | "html" | "title" | "form" | "address"
        | "article" | "aside" | "caption" | "details" | "dialog" | "dir" | "fieldset" | "figcaption"
        | "figure" | "footer" | "header" | "legend" | "main" | "nav" | "section" | "select" | "summary"
        | "textarea" | "text" => Element::Block,
        "pre" | "listing" | "plaintext" | "xmp" => Element::Preformatted,
        "label" => Element::Label,
        "input" | "button" | "option" | "output" | "data" | "meter" => Element::Field,
        _ => Element::Inline,
    })
}

/// What the value of an attribute called `name` may be.
pub(super) fn attribute(name: &str) -> Attribute {
    lower(name, |name| match name {
        "style" => Attribute::Style,
        "class" | "width" | "height" | "border" | "cellpadding" | "cellspacing" | "align" | "valign"
        | "bgcolor" | "color" | "face" | "size" | "rel" | "target" | "lang" | "dir" | "type" | "role"
        | "xmlns" | "colspan" | "rowspan" | "nowrap" | "method" | "for" | "http-equiv" | "charset"
        | "media" | "hspace" | "vspace" | "link" | "vlink" | "alink" | "tabindex" => Attribute::Plain,
        "value" | "content" => Attribute::Value,
        "alt" | "action" | "cite" | "data" | "href" | "longdesc" | "summary" | "src" | "background"
        | "poster" => Attribute::Telling,
        "title" | "label" | "placeholder" | "aria-label" | "name" | "id" | "property" | "itemprop"
        | "data-label" => Attribute::Naming,
        "srcdoc" => Attribute::Page,
        _ => Attribute::Other,
    })
}

/// Whether a name or value has room for a number that matters.
pub(super) fn has_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).take(5).count() == 5
}
