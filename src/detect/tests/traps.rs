//! Traps that once caught us: false alarms on real mail, and numbers that were missed.

use super::{found, places, rules, text};
use crate::message::Confidence;
use crate::mime::TextKind;

const HARMLESS: [&str; 28] = [
    "Verizon account number 4830127755",
    "Your National Grid account number 4830127755: the bill of $120.00 is ready.",
    "Patient account number 4830127755",
    "License number RN482139",
    "Real estate license #48213907",
    "Software license number 482139071",
    "SSN parser failed at offset 412559921",
    "ssn_validator: processed 412559921 rows",
    "Serial number 4018334300465767",
    "Transaction ID: 4539148803436467",
    "id=4539148803436467 status=200",
    "Library card number 27139843419032",
    "EAN 6639427407647, UATP 187632566075292",
    "order_id\tcustomer_id\tamount\n4539148803436467\t482139071\t12.00",
    "Name,Phone Number,License Number\nMary Jones,+1 320 243 8536,on file\nJohn Smith,+1 320 243 8537,on file",
    "with ESMTP id 56DDA16F72; Mon, 2 Dec 2002 11:24:27",
    "by mail id <DL00S69X>; Fri, 2 Aug 2002 09:29:00",
    "From: Dave <dl@example.org>\nDate: Wed, 02 Oct 2002 11:09:34",
    "SSN: 412-55-9921x",
    "SSN: 412-55-9921x\nBadge number: 353155471",
    "NY DRIVER LICENSE REQUIRED",
    "Parcel ID 191-03-0098, lot 264",
    "Model DL-6473",
    "It's 412559921\n\nMary Jones\n\n> Hi Mary, what is your case number? Your SSN is on file.",
    "> What's your member ID?\n412559921\n> Group and plan?\nthe same as last year\n> Whose SSN do you need?\nMary Jones",
    "(merge f451960708 dl/cat-file-doc-cleanup later to maint)",
    "2011-03-21 Jan Nijtmans\n\t* unix/tclLoadDl.c: [Bug 3216070]: Loading extension libraries",
    "{\"id\": \"88380089-14e2-4ef0-8dbb-a33991683371\", \"state\": \"IL\"}",
];

/// What all is about says whose number it is, whatever label stands nearer.
const OF_OTHERS: [&str; 10] = [
    "Account #4830127755 is your electric account, Mary Jones.",
    "Account Number: 4830127755\r\nMeter Number: 82013377\r\nService Address: 12 Elm St",
    "Mary Jones, World of Hyatt account 4830127755",
    "Journal: debit account 482013, credit account 482014, Mary Jones",
    "Plumber Mary Jones, license no. 482139",
    "License no. 4821390 (Mary Jones, Realtor)",
    "Mary Jones, RN, license number 4821390",
    "Driver's License #: ________  State: __\r\nForm 1234-12 rev. 01/02/2024, Mary Jones",
    "Account number ______ (office use only: batch 482013, Mary Jones)",
    "368-88-2657 backordered, 176-63-3542 in stock, Mary Jones",
];

#[test]
fn what_a_text_is_about_outweighs_words_that_are_anybodys() {
    for body in OF_OTHERS {
        assert!(places(body).is_empty(), "{body}\n{:#?}", found(body));
    }
    for (text, element, value) in [
        (
            "Vendor bank account 4830127755, Mary Jones",
            "bank_account",
            "4830127755",
        ),
        (
            "For the electric bill: checking account 4830127755",
            "bank_account",
            "4830127755",
        ),
        (
            "Client account 4830127755, routing 011000015",
            "bank_account",
            "4830127755",
        ),
        (
            "Student driver's license 482139071",
            "drivers_license",
            "482139071",
        ),
        (
            "Notary saw driver's license S48213907",
            "drivers_license",
            "S48213907",
        ),
        (
            "Plumber Mary Jones, license S48213907",
            "drivers_license",
            "S48213907",
        ),
        ("SSN column says 536-22-8145 for Mary Jones", "ssn", "536-22-8145"),
    ] {
        let known = (element.to_owned(), value.to_owned());
        assert!(places(text).contains(&known), "{text}\n{:#?}", found(text));
    }
}

#[test]
fn what_programs_and_other_firms_write_is_left_alone() {
    for body in HARMLESS {
        assert!(places(body).is_empty(), "{body}\n{:#?}", found(body));
    }
}

const FOUND: [(&str, &str, &str); 42] = [
    ("Name,City,SSN\nMary Jones,Boise ID,412559921", "ssn", "412559921"),
    (
        "Name\tLocation\tCard number\nMary Jones\tBoise ID\t4539148803436467",
        "credit_card",
        "4539148803436467",
    ),
    (
        "Mary Jones\n12 Elm St\n02139\n412559921\nSocial security number\n04/01/1980\nDate of birth",
        "ssn",
        "412559921",
    ),
    (
        "Who is on the policy?\nMary Jones: 536-22-8145",
        "ssn",
        "536-22-8145",
    ),
    (
        "Subject: Social Security number for Mary Jones\n\nIs this the one in the file?\n412559921",
        "ssn",
        "412559921",
    ),
    ("ssn for mary jones-412559921", "ssn", "412559921"),
    (
        "Please verify the following government numbers:\n\n412-55-9921 Mary Jones",
        "ssn",
        "412-55-9921",
    ),
    (
        "The file number is 412559921, the same as her Social Security number. Mary Jones",
        "ssn",
        "412559921",
    ),
    (
        "536-22-8145 is the policy number, Mary uses her social there.",
        "ssn",
        "536-22-8145",
    ),
    ("Sticky note 536-22-8145 Mary Jones", "ssn", "536-22-8145"),
    (
        "It's 412559921\n\nMary Jones\n\nOn Mon, Ann Lee wrote:\n> Hi Mary, what is your Social Security number?",
        "ssn",
        "412559921",
    ),
    (
        "> Sure. It is 660HC4028, Iowa\n> Mary Jones\n>\n> > Hi, what is your driver's license number?",
        "drivers_license",
        "660HC4028",
    ),
    (
        "4830127755\n\nMary Jones\n\n-----Original Message-----\nFrom: Ann Lee\nPlease send me your checking account number.",
        "bank_account",
        "4830127755",
    ),
    ("S.S.N. 412559921", "ssn", "412559921"),
    ("My Social Security # 412559921", "ssn", "412559921"),
    ("Savings 4830127755", "bank_account", "4830127755"),
    (
        "Routing/Account: 011000015 / 4830127755",
        "bank_account",
        "4830127755",
    ),
    (
        "Routing and account number 011000015 4830127755",
        "bank_account",
        "4830127755",
    ),
    (
        "Account: 83321348\nFirst: Tonya\nCity: Boston\nRouting Number: 011000015",
        "bank_account",
        "83321348",
    ),
    (
        "My bank account number is WEST12345698765432.",
        "bank_account",
        "WEST12345698765432",
    ),
    (
        "checking account number 4 8 3 0 1 2 7 7 5 5",
        "bank_account",
        "4 8 3 0 1 2 7 7 5 5",
    ),
    (
        "Bank account number: 48301\n27755, thanks",
        "bank_account",
        "48301\n27755",
    ),
    (
        "> Bank account number: 483012\n> 7755",
        "bank_account",
        "483012\n> 7755",
    ),
    (
        "Diners Club 30547089214005 02/32",
        "credit_card",
        "30547089214005",
    ),
    (
        "Invoice 1234 was paid with 4539148803436467",
        "credit_card",
        "4539148803436467",
    ),
    (
        "UnionPay card number 6212345678901233",
        "credit_card",
        "6212345678901233",
    ),
    (
        "UnionPay card 6204 0526 3299 6980",
        "credit_card",
        "6204 0526 3299 6980",
    ),
    (
        "Dear Sir, Madam\nhere you go, 4539148803436467",
        "credit_card",
        "4539148803436467",
    ),
    ("DL: AK-4746886", "drivers_license", "4746886"),
    (
        "License #: ABXQWKLM\nName: Mary Jones\nState: NY",
        "drivers_license",
        "ABXQWKLM",
    ),
    (
        "driver's license number S 4 8 2 1 3 9 0 7",
        "drivers_license",
        "S 4 8 2 1 3 9 0 7",
    ),
    (
        "Driver's license: S9\n> 4776469",
        "drivers_license",
        "S9\n> 4776469",
    ),
    (
        "Massachusetts ID card number S60255983",
        "drivers_license",
        "S60255983",
    ),
    (
        "IBAN D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0",
        "iban",
        "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0",
    ),
    (
        "my IBAN is FR142004101005\n> 0500013M02606",
        "iban",
        "FR142004101005\n> 0500013M02606",
    ),
    (
        "ID\tDriver's License\n7\t101414671",
        "drivers_license",
        "101414671",
    ),
    (
        "Employee Name\tPaul Maynard\nDriver's License\t101414671\nState\tGA",
        "drivers_license",
        "101414671",
    ),
    (
        "Name;Hire date;License #\nMary Jones;March 3, 2024;010040599",
        "drivers_license",
        "010040599",
    ),
    (
        "Customer\tAccount Number\nMary Jones\t895120748485",
        "bank_account",
        "895120748485",
    ),
    (
        "Employee\tTax\tHome\nName\tSSN\tPhone\nMary Jones\t412559921\t6175550123",
        "ssn",
        "412559921",
    ),
    (
        "Straße des Käufers   SSN         Ort\nÜberübelübungsweg 12   412559921   Köln",
        "ssn",
        "412559921",
    ),
    ("SSN: 412-55-9921, ITIN 912-70-1234", "ssn", "412-55-9921"),
];

#[test]
fn what_was_missed_once_is_found() {
    for (body, element, value) in FOUND {
        let wanted = vec![(element.to_owned(), value.to_owned())];
        assert_eq!(places(body), wanted, "{body}");
    }
}

#[test]
fn a_header_speaks_for_the_cells_below_it_whatever_stands_in_other_cells() {
    let table = "Name\tCard\tOrder\nMary Jones\t4539148803436467\t4018334300465767\n";
    let found = rules().search(&[text(TextKind::Table, None, table)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].evidence.as_str(), "************6467");
}

#[test]
fn routing_numbers_and_itins_are_told_and_marked_as_optional() {
    let told = |body: &str| {
        let found = found(body).into_iter();
        found
            .map(|finding| (finding.element, finding.optional, finding.confidence))
            .collect::<Vec<_>>()
    };
    let optional = |element: &str| vec![(element.to_owned(), true, Confidence::High)];
    assert_eq!(told("Routing number: 011000015"), optional("aba_routing"));
    assert_eq!(told("ITIN: 912-70-1234"), optional("itin"));
    assert!(told("011000015 and 912-70-1234").is_empty());
    // A number that counts keeps its place.
    let told = told("DL# 011000015, routing");
    assert_eq!(told[0].0, "drivers_license");
    assert_eq!(told.len(), 1);
}
