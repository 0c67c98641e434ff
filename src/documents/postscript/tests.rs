use super::strings;

#[test]
fn strings_nest_and_have_escapes() {
    let source = "%!PS (no)\n(SSN \\(Jane\\)) show (a(b)c) show (536\\05522\\0558145) show (cut";
    let source = source.replace("(no)", "no");
    assert_eq!(strings(&source), ["SSN (Jane)", "a(b)c", "536-22-8145", "cut"]);
}
