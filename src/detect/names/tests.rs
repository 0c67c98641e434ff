use super::{Names, Nearby};

fn names(text: &str) -> Vec<&str> {
    let found = Names::load().unwrap().within(text.as_bytes(), 0, text.len());
    found.into_iter().map(|range| &text[range]).collect()
}

#[test]
fn names_are_found_in_every_shape() {
    for text in [
        "John Smith",
        "JOHN SMITH",
        "John Q. Smith",
        "John Quincy Smith",
        "J. Smith",
        "J Smith",
        "J. P. Smith",
        "Smith, John",
        "SMITH, JOHN Q",
        "Smith, J.",
        "Maria de la Cruz",
        "Sean O'Brien",
        "Anne-Marie Smith-Jones",
        "Dr. Wilson",
        "Ms Garcia",
        "Priyanka Patel",
        "Mark Wilson",
        "Patient: Xochitl Qwertz",
        "name: john smith",
        "Last name: Qwertz",
        "Name\tJohn Smith",
        "john\tsmith",
        "Smith\tJohn",
        "\"fullName\": \"Jane Roe\"",
        "Jose Nunez",
        "JONES^MARY",
        "_Mary Jones_ called",
        "Mary Jones bank account",
    ] {
        assert!(!names(text).is_empty(), "{text}");
    }
}

#[test]
fn capitalised_words_that_are_no_people_are_not_taken_for_names() {
    for text in [
        "Social Security Number",
        "Dear Customer",
        "Credit Card",
        "Wells Fargo",
        "Bank of America",
        "Human Resources",
        "Payroll Team",
        "Please Note",
        "New York",
        "United States",
        "Will Call",
        "May Contain",
        "Direct Deposit",
        "Company name: Acme Widgets",
        "Main Street",
        "First name: John",
        "Mary Jones Bank",
        "mary_jones_count",
        "S12345678 Smith",
        "Thanks, John",
        "American Express",
        "HR System",
        "Thank You",
        "the smith",
        "a\tb",
        "January Report",
        "File name: Quarterly Numbers",
        "Visa Card",
        "Account Number",
    ] {
        assert!(names(text).is_empty(), "{text}: {:?}", names(text));
    }
}

#[test]
fn the_nearest_name_within_the_window_counts_and_the_place_itself_does_not() {
    let known = Names::load().unwrap();
    let far = format!("Mary Jones {} 536-22-8145", "x ".repeat(200));
    let near = "Mary Jones has 536-22-8145";
    let at = far.find("536").unwrap();
    assert_eq!(
        Nearby::new(&known, far.as_bytes()).distance(at, at + 11, None),
        None
    );
    assert_eq!(
        Nearby::new(&known, near.as_bytes()).distance(15, 26, None),
        Some(5)
    );
    assert_eq!(Nearby::new(&known, b"Mary Jones").distance(0, 10, None), None);
}
