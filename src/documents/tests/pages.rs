//! Forms, styles, spans of cells and other places where HTML keeps what people type.

use super::html;
use crate::mime::TextKind;

#[test]
fn fields_stand_after_their_labels() {
    for source in [
        "<input name=ssn value=536228145>",
        "<input value=536228145 aria-label='Social ssn'>",
        "<input placeholder=ssn type=text value='536228145'/>",
        "<label for=x>ssn</label><div>much later</div><input value=536228145 id=x>",
        "<input value=536228145 id=x><p><label for=x>ssn:</label>",
        "<option title=ssn value=536228145>choose",
        "<meta name=ssn content=536228145>",
        "<div data-ssn=536228145>",
        "<x ssn=536228145>",
    ] {
        let read = html(source);
        assert!(
            read.holds("ssn: 536228145"),
            "{source}: {:?}",
            read.texts.iter().map(|t| &t.text).collect::<Vec<_>>()
        );
    }
}

#[test]
fn pages_in_attributes_and_escapes_in_styles_are_read() {
    for source in [
        "<iframe srcdoc='&lt;p>SSN 53&lt;b>6&lt;/b>-22-8145'>",
        "<style>p{content:\"SSN \\35 36-22-8145\"}</style>",
        "<template>SSN 536<wbr>-22-8145</template>",
        "<noscript>SSN 536-22-8145</noscript>",
        "<p>SSN &amp;#53;&amp;#51;&amp;#54;-22-8145</p>",
        "<script>x='SSN \\u0035\\u0033\\u0036-22-8145'</script>",
        "<a href='mailto:a@b.example?body=SSN%20536-22-8145'>x</a>",
    ] {
        assert!(html(source).holds("SSN 536-22-8145"), "{source}");
    }
}

#[test]
fn a_cell_that_reaches_down_stands_in_each_of_its_rows() {
    let read = html(
        "<table><tr><th>Name<th>Kind<th>SSN<tr><td rowspan=2>Jane<td>x<td>536228145<tr><td>y<td>412559921</table>",
    );
    assert_eq!(
        read.of_kind(TextKind::Table),
        ["Name\tKind\tSSN\nJane\tx\t536228145\nJane\ty\t412559921\n"]
    );
    let last = html("<table><tr><td>a<td rowspan=3>b<tr><td>c<tr><td>d</table>");
    assert_eq!(last.of_kind(TextKind::Table), ["a\tb\nc\tb\nd\tb\n"]);
}

#[test]
fn cells_that_reach_down_do_not_grow_without_end() {
    let wide =
        "<td rowspan=1000>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(50);
    let source = format!("<table><tr>{wide}{}</table>", "<tr><td>x".repeat(20_000));
    let octets: usize = html(&source).texts.iter().map(|text| text.text.len()).sum();
    assert!(octets < 8 << 20, "{octets}");
}
