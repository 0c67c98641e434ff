use super::Traced;
/// x
pub fn explain(_t: &Traced) -> String {
    String::new()
}
/// x
pub fn printable(_t: &str) -> String {
    String::new()
}
