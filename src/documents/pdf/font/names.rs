//! Names of glyphs → characters (Adobe Glyph List: Latin, Greek, punctuation, and digits in every style).

/// The character that the name of a glyph means.
pub(super) fn character(name: &str) -> Option<char> {
    let plain = name.split('.').next().filter(|plain| !plain.is_empty())?;
    listed(plain).or_else(|| numbered(plain)).or_else(|| {
        // A ligature reads like its first part; digits are never joined.
        let part = plain.split('_').next()?;
        listed(part).filter(|_| part.len() < plain.len())
    })
}

fn listed(name: &str) -> Option<char> {
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) if only.is_ascii_alphabetic() => Some(only),
        _ => {
            let place = NAMES.binary_search_by(|(other, _)| (*other).cmp(name)).ok()?;
            NAMES.get(place).map(|(_, character)| *character)
        }
    }
}

/// `uni0035`, `u1D7D3`.
fn numbered(name: &str) -> Option<char> {
    let digits = match name.strip_prefix("uni") {
        Some(digits) => digits.get(..4),
        None => name
            .strip_prefix('u')
            .filter(|digits| (4..=6).contains(&digits.len())),
    };
    let value = u32::from_str_radix(digits?, 16).ok()?;
    char::from_u32(value).filter(|character| !character.is_control())
}

#[rustfmt::skip]
const NAMES: &[(&str, char)] = &[
    ("AE", 'Æ'), ("Aacute", 'Á'), ("Abreve", 'Ă'), ("Acircumflex", 'Â'), ("Adieresis", 'Ä'),
    ("Agrave", 'À'), ("Alpha", 'Α'), ("Amacron", 'Ā'), ("Aogonek", 'Ą'), ("Aring", 'Å'), ("Asmall", 'A'),
    ("Atilde", 'Ã'), ("Beta", 'Β'), ("Bsmall", 'B'), ("Cacute", 'Ć'), ("Ccaron", 'Č'), ("Ccedilla", 'Ç'),
    ("Ccircumflex", 'Ĉ'), ("Cdot", 'Ċ'), ("Cdotaccent", 'Ċ'), ("Chi", 'Χ'), ("Csmall", 'C'),
    ("Dcaron", 'Ď'), ("Dcroat", 'Đ'), ("Deltagreek", 'Δ'), ("Dslash", 'Đ'), ("Dsmall", 'D'),
    ("Eacute", 'É'), ("Ebreve", 'Ĕ'), ("Ecaron", 'Ě'), ("Ecircumflex", 'Ê'), ("Edieresis", 'Ë'),
    ("Edot", 'Ė'), ("Edotaccent", 'Ė'), ("Egrave", 'È'), ("Emacron", 'Ē'), ("Eng", 'Ŋ'), ("Eogonek", 'Ę'),
    ("Epsilon", 'Ε'), ("Esmall", 'E'), ("Eta", 'Η'), ("Eth", 'Ð'), ("Euro", '€'), ("Fsmall", 'F'),
    ("Gamma", 'Γ'), ("Gbreve", 'Ğ'), ("Gcedilla", 'Ģ'), ("Gcircumflex", 'Ĝ'), ("Gcommaaccent", 'Ģ'),
    ("Gdot", 'Ġ'), ("Gdotaccent", 'Ġ'), ("Gsmall", 'G'), ("Hbar", 'Ħ'), ("Hcircumflex", 'Ĥ'),
    ("Hsmall", 'H'), ("IJ", 'Ĳ'), ("Iacute", 'Í'), ("Ibreve", 'Ĭ'), ("Icircumflex", 'Î'),
    ("Idieresis", 'Ï'), ("Idot", 'İ'), ("Idotaccent", 'İ'), ("Igrave", 'Ì'), ("Imacron", 'Ī'),
    ("Iogonek", 'Į'), ("Iota", 'Ι'), ("Iotadieresis", 'Ϊ'), ("Ismall", 'I'), ("Itilde", 'Ĩ'),
    ("Jcircumflex", 'Ĵ'), ("Jsmall", 'J'), ("Kappa", 'Κ'), ("Kcedilla", 'Ķ'), ("Kcommaaccent", 'Ķ'),
    ("Ksmall", 'K'), ("Lacute", 'Ĺ'), ("Lambda", 'Λ'), ("Lcaron", 'Ľ'), ("Lcedilla", 'Ļ'),
    ("Lcommaaccent", 'Ļ'), ("Ldot", 'Ŀ'), ("Ldotaccent", 'Ŀ'), ("Lslash", 'Ł'), ("Lsmall", 'L'),
    ("Msmall", 'M'), ("Mu", 'Μ'), ("Nacute", 'Ń'), ("Ncaron", 'Ň'), ("Ncedilla", 'Ņ'),
    ("Ncommaaccent", 'Ņ'), ("Nsmall", 'N'), ("Ntilde", 'Ñ'), ("Nu", 'Ν'), ("OE", 'Œ'), ("Oacute", 'Ó'),
    ("Obreve", 'Ŏ'), ("Ocircumflex", 'Ô'), ("Odblacute", 'Ő'), ("Odieresis", 'Ö'), ("Ograve", 'Ò'),
    ("Ohungarumlaut", 'Ő'), ("Omacron", 'Ō'), ("Omegagreek", 'Ω'), ("Omicron", 'Ο'), ("Oslash", 'Ø'),
    ("Osmall", 'O'), ("Otilde", 'Õ'), ("Phi", 'Φ'), ("Pi", 'Π'), ("Psi", 'Ψ'), ("Psmall", 'P'),
    ("Qsmall", 'Q'), ("Racute", 'Ŕ'), ("Rcaron", 'Ř'), ("Rcedilla", 'Ŗ'), ("Rcommaaccent", 'Ŗ'),
    ("Rho", 'Ρ'), ("Rsmall", 'R'), ("Sacute", 'Ś'), ("Scaron", 'Š'), ("Scedilla", 'Ş'),
    ("Scircumflex", 'Ŝ'), ("Sigma", 'Σ'), ("Ssmall", 'S'), ("Tau", 'Τ'), ("Tbar", 'Ŧ'), ("Tcaron", 'Ť'),
    ("Tcedilla", 'Ţ'), ("Tcommaaccent", 'Ţ'), ("Theta", 'Θ'), ("Thorn", 'Þ'), ("Tsmall", 'T'),
    ("Uacute", 'Ú'), ("Ubreve", 'Ŭ'), ("Ucircumflex", 'Û'), ("Udblacute", 'Ű'), ("Udieresis", 'Ü'),
    ("Ugrave", 'Ù'), ("Uhungarumlaut", 'Ű'), ("Umacron", 'Ū'), ("Uogonek", 'Ų'), ("Upsilon", 'Υ'),
    ("Upsilondieresis", 'Ϋ'), ("Uring", 'Ů'), ("Usmall", 'U'), ("Utilde", 'Ũ'), ("Vsmall", 'V'),
    ("Wcircumflex", 'Ŵ'), ("Wsmall", 'W'), ("Xi", 'Ξ'), ("Xsmall", 'X'), ("Yacute", 'Ý'),
    ("Ycircumflex", 'Ŷ'), ("Ydieresis", 'Ÿ'), ("Ysmall", 'Y'), ("Zacute", 'Ź'), ("Zcaron", 'Ž'),
    ("Zdot", 'Ż'), ("Zdotaccent", 'Ż'), ("Zeta", 'Ζ'), ("Zsmall", 'Z'), ("aacute", 'á'), ("abreve", 'ă'),
    ("acircumflex", 'â'), ("acute", '´'), ("adieresis", 'ä'), ("ae", 'æ'), ("afii00208", '―'),
    ("afii299", '\u{200e}'), ("afii300", '\u{200f}'), ("afii301", '\u{200d}'), ("afii61573", '\u{202c}'),
    ("afii61574", '\u{202d}'), ("afii61575", '\u{202e}'), ("afii61664", '\u{200c}'), ("agrave", 'à'),
    ("alpha", 'α'), ("alphatonos", 'ά'), ("amacron", 'ā'), ("ampersand", '&'), ("aogonek", 'ą'),
    ("aring", 'å'), ("asciicircum", '^'), ("asciitilde", '~'), ("asterisk", '*'), ("asterism", '⁂'),
    ("at", '@'), ("atilde", 'ã'), ("backslash", '\\'), ("bar", '|'), ("beta", 'β'), ("braceleft", '{'),
    ("braceright", '}'), ("bracketleft", '['), ("bracketright", ']'), ("breve", '˘'), ("brokenbar", '¦'),
    ("bullet", '•'), ("cacute", 'ć'), ("caron", 'ˇ'), ("ccaron", 'č'), ("ccedilla", 'ç'),
    ("ccircumflex", 'ĉ'), ("cdot", 'ċ'), ("cdotaccent", 'ċ'), ("cedilla", '¸'), ("cent", '¢'), ("chi", 'χ'),
    ("circlecopyrt", '©'), ("circumflex", 'ˆ'), ("colon", ':'), ("comma", ','), ("controlDEL", '\u{7f}'),
    ("copyright", '©'), ("currency", '¤'), ("dagger", '†'), ("daggerdbl", '‡'), ("dbllowline", '‗'),
    ("dblverticalbar", '‖'), ("dcaron", 'ď'), ("dcroat", 'đ'), ("degree", '°'), ("delta", 'δ'),
    ("dieresis", '¨'), ("divide", '÷'), ("dmacron", 'đ'), ("dollar", '$'), ("dotaccent", '˙'),
    ("dotlessi", 'ı'), ("dotlessj", 'ȷ'), ("eacute", 'é'), ("ebreve", 'ĕ'), ("ecaron", 'ě'),
    ("ecircumflex", 'ê'), ("edieresis", 'ë'), ("edot", 'ė'), ("edotaccent", 'ė'), ("egrave", 'è'),
    ("eight", '8'), ("eightarabic", '٨'), ("eightbengali", '৮'), ("eightdeva", '८'),
    ("eighthackarabic", '٨'), ("eightinferior", '₈'), ("eightmonospace", '８'), ("eightoldstyle", '8'),
    ("eightpersian", '۸'), ("eightsuperior", '⁸'), ("ellipsis", '…'), ("emacron", 'ē'), ("emdash", '—'),
    ("endash", '–'), ("eng", 'ŋ'), ("enspace", '\u{2002}'), ("eogonek", 'ę'), ("epsilon", 'ε'),
    ("epsilontonos", 'έ'), ("equal", '='), ("equalsuperior", '⁼'), ("eta", 'η'), ("etatonos", 'ή'),
    ("eth", 'ð'), ("exclam", '!'), ("exclamdbl", '‼'), ("exclamdown", '¡'), ("ff", 'ﬀ'), ("ffi", 'ﬃ'),
    ("ffl", 'ﬄ'), ("fi", 'ﬁ'), ("figuredash", '‒'), ("five", '5'), ("fivearabic", '٥'),
    ("fivebengali", '৫'), ("fivedeva", '५'), ("fivehackarabic", '٥'), ("fiveinferior", '₅'),
    ("fivemonospace", '５'), ("fiveoldstyle", '5'), ("fivepersian", '۵'), ("fivesuperior", '⁵'), ("fl", 'ﬂ'),
    ("florin", 'ƒ'), ("four", '4'), ("fourarabic", '٤'), ("fourbengali", '৪'), ("fourdeva", '४'),
    ("fourhackarabic", '٤'), ("fourinferior", '₄'), ("fourmonospace", '４'), ("fouroldstyle", '4'),
    ("fourpersian", '۴'), ("foursuperior", '⁴'), ("fraction", '⁄'), ("gamma", 'γ'), ("gbreve", 'ğ'),
    ("gcedilla", 'ģ'), ("gcircumflex", 'ĝ'), ("gcommaaccent", 'ģ'), ("gdot", 'ġ'), ("gdotaccent", 'ġ'),
    ("germandbls", 'ß'), ("grave", '`'), ("greater", '>'), ("guillemotleft", '«'), ("guillemotright", '»'),
    ("guilsinglleft", '‹'), ("guilsinglright", '›'), ("hbar", 'ħ'), ("hcircumflex", 'ĥ'),
    ("horizontalbar", '―'), ("hungarumlaut", '˝'), ("hyphen", '-'), ("hyphenchar", '-'), ("hyphentwo", '‐'),
    ("iacute", 'í'), ("ibreve", 'ĭ'), ("icircumflex", 'î'), ("idieresis", 'ï'), ("igrave", 'ì'),
    ("ij", 'ĳ'), ("imacron", 'ī'), ("iogonek", 'į'), ("iota", 'ι'), ("iotatonos", 'ί'), ("itilde", 'ĩ'),
    ("jcircumflex", 'ĵ'), ("kappa", 'κ'), ("kcedilla", 'ķ'), ("kcommaaccent", 'ķ'), ("kgreenlandic", 'ĸ'),
    ("lacute", 'ĺ'), ("lambda", 'λ'), ("lcaron", 'ľ'), ("lcedilla", 'ļ'), ("lcommaaccent", 'ļ'),
    ("ldot", 'ŀ'), ("ldotaccent", 'ŀ'), ("less", '<'), ("logicalnot", '¬'), ("longs", 'ſ'), ("longst", 'ﬅ'),
    ("lslash", 'ł'), ("macron", '¯'), ("middot", '·'), ("minus", '−'), ("minute", '′'), ("mu", 'µ'),
    ("mu1", 'µ'), ("mugreek", 'μ'), ("multiply", '×'), ("nacute", 'ń'), ("napostrophe", 'ŉ'),
    ("nbspace", '\u{a0}'), ("ncaron", 'ň'), ("ncedilla", 'ņ'), ("ncommaaccent", 'ņ'), ("nine", '9'),
    ("ninearabic", '٩'), ("ninebengali", '৯'), ("ninedeva", '९'), ("ninehackarabic", '٩'),
    ("nineinferior", '₉'), ("ninemonospace", '９'), ("nineoldstyle", '9'), ("ninepersian", '۹'),
    ("ninesuperior", '⁹'), ("nonbreakingspace", '\u{a0}'), ("nsuperior", 'ⁿ'), ("ntilde", 'ñ'), ("nu", 'ν'),
    ("numbersign", '#'), ("oacute", 'ó'), ("obreve", 'ŏ'), ("ocircumflex", 'ô'), ("odblacute", 'ő'),
    ("odieresis", 'ö'), ("oe", 'œ'), ("ogonek", '˛'), ("ograve", 'ò'), ("ohungarumlaut", 'ő'),
    ("omacron", 'ō'), ("omega", 'ω'), ("omicron", 'ο'), ("one", '1'), ("onearabic", '١'),
    ("onebengali", '১'), ("onedeva", '१'), ("onedotenleader", '․'), ("onehackarabic", '١'),
    ("onehalf", '½'), ("oneinferior", '₁'), ("onemonospace", '１'), ("oneoldstyle", '1'),
    ("onepersian", '۱'), ("onequarter", '¼'), ("onesuperior", '¹'), ("ordfeminine", 'ª'),
    ("ordmasculine", 'º'), ("oslash", 'ø'), ("otilde", 'õ'), ("overline", '‾'), ("overscore", '¯'),
    ("paragraph", '¶'), ("parenleft", '('), ("parenleftinferior", '₍'), ("parenleftsuperior", '⁽'),
    ("parenright", ')'), ("parenrightinferior", '₎'), ("parenrightsuperior", '⁾'), ("percent", '%'),
    ("period", '.'), ("periodcentered", '·'), ("perthousand", '‰'), ("phi", 'φ'), ("pi", 'π'),
    ("plus", '+'), ("plusminus", '±'), ("plussuperior", '⁺'), ("primereversed", '‵'), ("psi", 'ψ'),
    ("question", '?'), ("questiondown", '¿'), ("quotedbl", '"'), ("quotedblbase", '„'),
    ("quotedblleft", '“'), ("quotedblright", '”'), ("quoteleft", '‘'), ("quoteleftreversed", '‛'),
    ("quotereversed", '‛'), ("quoteright", '’'), ("quoterightn", 'ŉ'), ("quotesinglbase", '‚'),
    ("quotesingle", '\''), ("racute", 'ŕ'), ("rcaron", 'ř'), ("rcedilla", 'ŗ'), ("rcommaaccent", 'ŗ'),
    ("referencemark", '※'), ("registered", '®'), ("rho", 'ρ'), ("ring", '˚'), ("sacute", 'ś'),
    ("scaron", 'š'), ("scedilla", 'ş'), ("scircumflex", 'ŝ'), ("second", '″'), ("section", '§'),
    ("semicolon", ';'), ("seven", '7'), ("sevenarabic", '٧'), ("sevenbengali", '৭'), ("sevendeva", '७'),
    ("sevenhackarabic", '٧'), ("seveninferior", '₇'), ("sevenmonospace", '７'), ("sevenoldstyle", '7'),
    ("sevenpersian", '۷'), ("sevensuperior", '⁷'), ("sfthyphen", '\u{ad}'), ("sigma", 'σ'), ("sigma1", 'ς'),
    ("sigmafinal", 'ς'), ("six", '6'), ("sixarabic", '٦'), ("sixbengali", '৬'), ("sixdeva", '६'),
    ("sixhackarabic", '٦'), ("sixinferior", '₆'), ("sixmonospace", '６'), ("sixoldstyle", '6'),
    ("sixpersian", '۶'), ("sixsuperior", '⁶'), ("slash", '/'), ("slong", 'ſ'), ("softhyphen", '\u{ad}'),
    ("space", '\u{20}'), ("spacehackarabic", '\u{20}'), ("st", 'ﬆ'), ("sterling", '£'), ("tau", 'τ'),
    ("tbar", 'ŧ'), ("tcaron", 'ť'), ("tcedilla", 'ţ'), ("tcommaaccent", 'ţ'), ("theta", 'θ'),
    ("thorn", 'þ'), ("three", '3'), ("threearabic", '٣'), ("threebengali", '৩'), ("threedeva", '३'),
    ("threehackarabic", '٣'), ("threeinferior", '₃'), ("threemonospace", '３'), ("threeoldstyle", '3'),
    ("threepersian", '۳'), ("threequarters", '¾'), ("threesuperior", '³'), ("tilde", '˜'),
    ("trademark", '™'), ("two", '2'), ("twoarabic", '٢'), ("twobengali", '২'), ("twodeva", '२'),
    ("twodotenleader", '‥'), ("twodotleader", '‥'), ("twohackarabic", '٢'), ("twoinferior", '₂'),
    ("twomonospace", '２'), ("twooldstyle", '2'), ("twopersian", '۲'), ("twosuperior", '²'), ("uacute", 'ú'),
    ("ubreve", 'ŭ'), ("ucircumflex", 'û'), ("udblacute", 'ű'), ("udieresis", 'ü'), ("ugrave", 'ù'),
    ("uhungarumlaut", 'ű'), ("umacron", 'ū'), ("underscore", '_'), ("underscoredbl", '‗'), ("uogonek", 'ų'),
    ("upsilon", 'υ'), ("upsilondieresistonos", 'ΰ'), ("uring", 'ů'), ("utilde", 'ũ'), ("verticalbar", '|'),
    ("visiblespace", '\u{20}'), ("wcircumflex", 'ŵ'), ("xi", 'ξ'), ("yacute", 'ý'), ("ycircumflex", 'ŷ'),
    ("ydieresis", 'ÿ'), ("yen", '¥'), ("zacute", 'ź'), ("zcaron", 'ž'), ("zdot", 'ż'), ("zdotaccent", 'ż'),
    ("zero", '0'), ("zeroarabic", '٠'), ("zerobengali", '০'), ("zerodeva", '०'), ("zerohackarabic", '٠'),
    ("zeroinferior", '₀'), ("zeromonospace", '０'), ("zerooldstyle", '0'), ("zeropersian", '۰'),
    ("zerosuperior", '⁰'), ("zerowidthnonjoiner", '\u{200c}'), ("zerowidthspace", '\u{200b}'),
    ("zeta", 'ζ'),
];
