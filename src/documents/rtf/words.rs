//! What control words mean: characters, destinations, character sets (RTF 1.9.1).

/// Where text goes that is not in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aside {
    /// The font table, which also says how octets are to be read.
    Fonts,
    Header,
    Note,
    Comment,
    Field,
    Properties,
    TextBox,
    /// Anything else that is not shown, or only by some programs.
    Other,
    /// A piece of the HTML that the document was made from ([MS-OXRTFEX] §2.1.3.1.4).
    Html,
    /// Hexadecimal data of a picture.
    Picture,
    /// Hexadecimal data of an embedded object.
    Object,
}

impl Aside {
    /// Those that hold text, in the order of their numbers.
    pub const TEXTS: [(Aside, &'static str); 8] = [
        (Aside::Fonts, "the font table"),
        (Aside::Header, "the headers and footers"),
        (Aside::Note, "the notes"),
        (Aside::Comment, "the comments"),
        (Aside::Field, "the field codes"),
        (Aside::Properties, "the properties"),
        (Aside::TextBox, "the text boxes"),
        (Aside::Other, "the hidden data"),
    ];
}

/// The aside that a destination's word begins.
pub(super) fn destination(word: &[u8]) -> Option<Aside> {
    let aside = match word {
        b"fonttbl" => Aside::Fonts,
        b"header" | b"headerl" | b"headerr" | b"headerf" | b"footer" | b"footerl" | b"footerr"
        | b"footerf" => Aside::Header,
        b"footnote" | b"ftnsep" | b"ftnsepc" | b"ftncn" | b"aftnsep" | b"aftnsepc" | b"aftncn" => Aside::Note,
        b"annotation" | b"atnauthor" | b"atnid" | b"atndate" | b"atnref" | b"atntime" | b"atnparent" => {
            Aside::Comment
        }
        b"fldinst" | b"datafield" | b"formfield" => Aside::Field,
        b"info" | b"title" | b"subject" | b"author" | b"manager" | b"company" | b"operator" | b"category"
        | b"keywords" | b"comment" | b"doccomm" | b"hlinkbase" | b"propname" | b"staticval" | b"linkval"
        | b"docvar" | b"userprops" => Aside::Properties,
        b"shptxt" | b"dptxbxtext" => Aside::TextBox,
        b"htmltag" | b"mhtmltag" => Aside::Html,
        b"pict" => Aside::Picture,
        b"objdata" => Aside::Object,
        b"colortbl" | b"stylesheet" | b"listtable" | b"listoverridetable" | b"revtbl" | b"rsidtbl"
        | b"filetbl" | b"bkmkstart" | b"bkmkend" | b"objclass" | b"objname" | b"sn" | b"sv" | b"xe"
        | b"tc" | b"rxe" | b"txe" | b"private" | b"template" | b"generator" | b"passwordhash" | b"panose"
        | b"falt" => Aside::Other,
        _ => return None,
    };
    Some(aside)
}

/// Words that stand for text.
pub(super) fn character(word: &[u8]) -> Option<&'static str> {
    let text = match word {
        b"par" | b"line" | b"sect" | b"page" | b"column" | b"softline" | b"softpage" | b"softcol"
        | b"nestrow" | b"lbr" => "\n",
        b"tab" | b"nestcell" => "\t",
        b"emdash" => "\u{2014}",
        b"endash" => "\u{2013}",
        b"bullet" => "\u{2022}",
        b"lquote" => "\u{2018}",
        b"rquote" => "\u{2019}",
        b"ldblquote" => "\u{201c}",
        b"rdblquote" => "\u{201d}",
        b"enspace" => "\u{2002}",
        b"emspace" => "\u{2003}",
        b"qmspace" => "\u{2005}",
        b"zwj" => "\u{200d}",
        b"zwnj" => "\u{200c}",
        b"zwbo" => "\u{200b}",
        b"zwnbo" => "\u{2060}",
        _ => return None,
    };
    Some(text)
}

/// Symbols that stand for text. A soft hyphen is no gap.
pub(super) fn symbol(symbol: u8) -> Option<&'static str> {
    let text = match symbol {
        b'\n' => "\n",
        b'\t' => "\t",
        b'~' => "\u{a0}",
        b'_' => "\u{2011}",
        b'{' => "{",
        b'}' => "}",
        b'\\' => "\\",
        _ => return None,
    };
    Some(text)
}

/// The code page of a font's character set; none for the one of the whole document.
pub(super) fn page_of_charset(charset: i32) -> Option<u32> {
    let page = match charset {
        77 => 10_000,
        128 => 932,
        129 => 949,
        130 => 1361,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        254 => 437,
        255 => 850,
        _ => return None,
    };
    Some(page)
}
