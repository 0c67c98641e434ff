//! Words that stand before numbers: what people, their matters, things and deeds are called.

use super::super::names::is_word;
use super::super::rule::Rule;
use super::label::{CARRIES, PEOPLE, is_in, says_something, words};

/// Words that announce a number.
pub(super) const ANNOUNCES: [&str; 8] = ["no", "num", "nbr", "number", "nos", "ids", "numbers", "nums"];

/// Other words that may stand directly before somebody's number.
pub(super) const LEADS: [&str; 54] = [
    "and",
    "in",
    "as",
    "also",
    "then",
    "still",
    "too",
    "but",
    "if",
    "so",
    "not",
    "only",
    "just",
    "like",
    "because",
    "are",
    "am",
    "been",
    "being",
    "do",
    "does",
    "did",
    "make",
    "makes",
    "made",
    "see",
    "saw",
    "show",
    "showed",
    "find",
    "found",
    "get",
    "getting",
    "took",
    "take",
    "keep",
    "kept",
    "add",
    "added",
    "match",
    "matches",
    "matched",
    "reported",
    "submit",
    "submitted",
    "filed",
    "correct",
    "corrected",
    "wrong",
    "right",
    "claiming",
    "uses",
    "ending",
    "starting",
];

/// People who may have a number directly behind what they are called, and what numbers them as Social Security did.
const PERSONS: [&str; 96] = [
    "male",
    "female",
    "married",
    "single",
    "divorced",
    "adult",
    "minor",
    "citizen",
    "candidate",
    "victim",
    "defendant",
    "plaintiff",
    "witness",
    "respondent",
    "petitioner",
    "manager",
    "supervisor",
    "boss",
    "coworker",
    "neighbor",
    "doctor",
    "attorney",
    "agent",
    "clerk",
    "cashier",
    "foreman",
    "engineer",
    "contractor",
    "vendor",
    "apprentice",
    "intern",
    "trainee",
    "volunteer",
    "grandson",
    "granddaughter",
    "grandmother",
    "grandfather",
    "stepson",
    "stepdaughter",
    "twin",
    "infant",
    "wife",
    "husband",
    "son",
    "daughter",
    "mother",
    "father",
    "mom",
    "dad",
    "sister",
    "brother",
    "child",
    "kid",
    "baby",
    "parent",
    "guardian",
    "partner",
    "fiance",
    "hire",
    "client",
    "customer",
    "student",
    "buyer",
    "seller",
    "driver",
    "caller",
    "friend",
    "colleague",
    "guy",
    "lady",
    "man",
    "woman",
    "staff",
    "nurse",
    "teacher",
    "officer",
    "soldier",
    "heir",
    "executor",
    "trustee",
    "grantor",
    "landlord",
    "renter",
    "lessee",
    "roommate",
    "cosigner",
    "guarantor",
    "nephew",
    "niece",
    "cousin",
    "uncle",
    "aunt",
    "widow",
    "medicare",
    "pension",
    "military",
];

/// What people do with a number, or say of it, in a word directly before it: "it reads 536-22-8145", "again 536-22-8145".
const DOES: [&str; 71] = [
    "left", "reads", "list", "lists", "gives", "state", "states", "say", "said", "told", "tell", "tells",
    "text", "texts", "email", "ask", "asks", "came", "come", "comes", "went", "go", "goes", "know", "knows",
    "want", "wants", "needs", "mean", "means", "meant", "think", "thought", "guess", "search", "lookup",
    "scan", "dial", "spell", "repeat", "note", "quote", "key", "plug", "look", "looks", "swap", "change",
    "changes", "update", "replace", "fix", "accept", "again", "instead", "already", "now", "today", "there",
    "below", "above", "maybe", "perhaps", "actually", "plus", "with", "without", "versus", "than", "equals",
    "social",
];

/// Words that name nothing, or a place: "the digits were 536-22-8145", "12 Elm Road 536-22-8145".
const SMALL_WORDS: [&str; 110] = [
    "were",
    "will",
    "would",
    "shall",
    "should",
    "could",
    "might",
    "must",
    "with",
    "than",
    "then",
    "from",
    "into",
    "onto",
    "upon",
    "over",
    "under",
    "this",
    "that",
    "these",
    "those",
    "which",
    "what",
    "when",
    "where",
    "whom",
    "whose",
    "here",
    "there",
    "some",
    "such",
    "each",
    "every",
    "both",
    "either",
    "neither",
    "other",
    "others",
    "another",
    "same",
    "much",
    "many",
    "more",
    "most",
    "less",
    "least",
    "next",
    "very",
    "quite",
    "even",
    "ever",
    "never",
    "once",
    "twice",
    "after",
    "before",
    "since",
    "until",
    "while",
    "though",
    "although",
    "about",
    "around",
    "across",
    "between",
    "during",
    "without",
    "within",
    "against",
    "among",
    "through",
    "down",
    "away",
    "back",
    "home",
    "four",
    "five",
    "seven",
    "eight",
    "nine",
    "eleven",
    "twelve",
    "tomorrow",
    "yesterday",
    "tonight",
    "later",
    "soon",
    "street",
    "road",
    "avenue",
    "lane",
    "drive",
    "court",
    "place",
    "circle",
    "apartment",
    "floor",
    "suite",
    "terrace",
    "boulevard",
    "highway",
    "square",
    "yeah",
    "okay",
    "thanks",
    "please",
    "sorry",
    "hello",
    "dear",
    "regards",
];

/// What leads to where something was found, which may be anything: "She typed it in the chat 536-22-8145".
pub(super) const WHERE: [&str; 14] = [
    "on", "in", "into", "from", "at", "per", "via", "through", "over", "by", "inside", "under", "behind",
    "with",
];

/// What numbers people as Social Security did, or has its number as their only one: "For her disability 536-22-8145".
const PERSONAL_MATTERS: [&str; 24] = [
    "disability",
    "unemployment",
    "retirement",
    "benefit",
    "benefits",
    "payroll",
    "insurance",
    "withholding",
    "garnishment",
    "survivor",
    "enrollment",
    "eligibility",
    "citizenship",
    "background",
    "credit",
    "income",
    "wage",
    "wages",
    "taxes",
    "medicaid",
    "annuity",
    "welfare",
    "census",
    "probate",
];

/// Whether a label names somebody by their family, part or trade: "Staff ID", "Emp #".
pub(super) fn names_a_person(label: &[u8]) -> bool {
    words(label).any(|word| is_in(&PERSONS, word)) || names_an_employee(label)
}

/// Whether a label names somebody by what payrolls call them: "emp_id".
pub(super) fn names_an_employee(label: &[u8]) -> bool {
    words(label).any(|word| is_in(&["emp", "ee", "person"], word))
}

/// Whether a word tells of somebody, or of what has people's numbers for its own; a plural does, too.
pub(super) fn is_of_people(word: &[u8]) -> bool {
    let one = word.strip_suffix(b"s").unwrap_or(word);
    let lists = [&PEOPLE[..], &PERSONS, &PERSONAL_MATTERS];
    lists.iter().any(|list| is_in(list, word) || is_in(list, one))
}

/// The words of a text, and whether the last of them announces a number, which is left out then: "case number", "case".
pub(super) fn with_announced(text: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut words: Vec<&[u8]> = words(text).collect();
    let announced = words.last().is_some_and(|word| is_in(&ANNOUNCES, word));
    if announced {
        words.pop();
    }
    (words, announced)
}

/// Whether a word is one of the rule's for things, or any common one.
pub(super) fn may_be_a_thing(rule: &Rule, word: &[u8]) -> bool {
    rule.is_thing(word) || is_common(word)
}

/// Whether a word is a common one that names no person, no deed and nothing that has people's numbers for its own.
pub(super) fn is_common(word: &[u8]) -> bool {
    let small = word.len() > 3 && word.iter().any(u8::is_ascii_lowercase);
    // Most of what stands before a number is a name.
    if !small || !is_word(word) {
        return false;
    }
    let does = [&b"ed"[..], b"ing", b"ly"];
    let does = does.iter().any(|end| {
        let from = word.len() - end.len();
        word.get(from..)
            .is_some_and(|last| last.eq_ignore_ascii_case(end))
    });
    let listed = || {
        [&LEADS[..], &CARRIES, &DOES, &SMALL_WORDS]
            .iter()
            .any(|list| is_in(list, word))
    };
    !does && says_something(word) && !listed() && !is_of_people(word)
}
