//! One view of one text: places, candidates, weight, contest, names; block by block, so that a text of any
//! size takes little memory beside itself.

mod places;
mod reach;

use std::ops::Range;
use std::rc::Rc;

use self::places::Finder;
use self::reach::Spoken;
use super::super::Rules;
use super::super::candidates::{self, Candidate};
use super::super::compile::LONGEST;
use super::super::contest::{self, Weighed};
use super::super::context::{self, Listed, OwnLabel, Scene, Silence};
use super::super::digits::Runs;
use super::super::evidence::Around;
use super::super::keywords::{Hit, Keywords, Said};
use super::super::layout::{Cell, FirstHeader, Layout};
use super::super::names::Nearby;
use super::super::normal::View;
use super::super::quick::QuickMap;
use super::outcome::{Enough, Explained, Found, Why};
use crate::mime::{Text, TextKind};

/// Octets that are searched at a time.
const BLOCK: usize = 64 << 10;

/// Header fields that programs write: numbers in them mean nothing unless a keyword says so.
const MACHINE_FIELDS: [&str; 14] = [
    "received",
    "message-id",
    "references",
    "in-reply-to",
    "dkim-signature",
    "authentication-results",
    "return-path",
    "date",
    "thread-index",
    "content-type",
    "content-id",
    "mime-version",
    "received-spf",
    "list-unsubscribe",
];

/// The rules with a keyword in what may be the header of a table.
#[derive(Debug)]
pub(super) struct Headed(Vec<bool>);

/// Searches a view and hands over what it finds, in order of place, until it is enough. A view with numbers made
/// whole is given what was told of the plain one.
pub(super) fn search(
    rules: &Rules,
    view: &View,
    text: &Text,
    (plain, enough): (Option<Headed>, &Enough),
    hand_over: &mut dyn FnMut(Found),
) -> Headed {
    let mut search = ViewSearch::new(rules, view, text);
    search.heard_before = plain;
    let mut finder = Finder::of(&search);
    // A number that was made whole has to stand where something was taken out.
    for (from, to) in view.stretches(LONGEST) {
        for block in blocks(from, to) {
            search.block(&mut finder, block, enough, hand_over);
        }
    }
    Headed(
        search
            .headers
            .iter()
            .map(|header| header.found.is_some())
            .collect(),
    )
}

/// Goes through a view for what has the form of an element, whether it counts or not; of each pattern and block
/// at most `most`.
pub(in super::super) fn explain(
    rules: &Rules,
    view: &View,
    text: &Text,
    most: usize,
    hand_over: &mut dyn FnMut(Explained),
) {
    let mut search = ViewSearch::new(rules, view, text);
    for block in blocks(0, view.bytes.len()) {
        search.explain(block, most, hand_over);
    }
}

fn blocks(from: usize, to: usize) -> impl Iterator<Item = (usize, usize)> {
    let starts = (from..to).step_by(BLOCK);
    starts.map(move |from| (from, (from + BLOCK).min(to)))
}

fn is_written_by_programs(text: &Text) -> bool {
    let written = |field: &str| {
        let field = field.to_ascii_lowercase();
        MACHINE_FIELDS.contains(&field.as_str()) || field.starts_with("arc-") || field.starts_with("x-ms-")
    };
    text.kind == TextKind::Header && text.place.field.as_deref().is_some_and(written)
}

struct ViewSearch<'v> {
    rules: &'v Rules,
    view: &'v View<'v>,
    /// Whether a form alone or with a weak keyword may count.
    alone: bool,
    /// The keywords of each rule.
    keywords: Vec<&'v Keywords>,
    /// By rule: where the first line begins that may be the header of a table with one of its keywords.
    headers: Vec<FirstHeader>,
    /// What the plain view tells of headers, when this is not the plain one.
    heard_before: Option<Headed>,
    /// By rule: the keywords in and around the block, once one was asked for.
    hits: Vec<Vec<Hit>>,
    /// Where they may begin.
    said: Said,
    /// Up to here, all keywords were heard.
    heard: usize,
    /// The patterns that need no keyword, and by rule those that need one.
    needs_none: u64,
    spoken: Vec<Spoken>,
    /// The patterns whose matches hold nothing that separates the cells of a table.
    bound: u64,
    /// What the labels of columns say, and of which table they are.
    columns: (usize, Vec<Option<(u64, u64)>>),
    block: (usize, usize),
    /// The digits of the block.
    runs: Runs,
    layout: Layout<'v>,
    /// The last octets whose cell was asked for, and the answer.
    cell: (Range<usize>, Option<Rc<Cell>>),
    nearby: Nearby<'v>,
    /// By rule and where a label begins and ends: the keywords in it.
    labels: QuickMap<(usize, usize, usize), Vec<Hit>>,
    /// Those in the labels of the last candidate's column.
    headed: Vec<Hit>,
    /// By where a label begins and ends: how many words a name below it needs.
    name_labels: QuickMap<(usize, usize), Option<usize>>,
    /// By rule and pattern: the last value that a keyword spoke for.
    lists: QuickMap<(usize, usize), Listed>,
    /// The label of the last octet that was asked for.
    own: OwnLabel,
    /// Where evidence stands around the block.
    around: Around,
    /// The last row that was looked at for names, and the answer.
    row: (Range<usize>, bool),
}

impl<'v> ViewSearch<'v> {
    fn new(rules: &'v Rules, view: &'v View<'v>, text: &Text) -> Self {
        let bytes = &view.bytes;
        let mut search = ViewSearch {
            rules,
            view,
            alone: !is_written_by_programs(text),
            keywords: rules.rules.iter().map(|rule| &rule.keywords).collect(),
            headers: rules.rules.iter().map(|_| FirstHeader::default()).collect(),
            heard_before: None,
            hits: rules.rules.iter().map(|_| Vec::new()).collect(),
            said: Said::default(),
            heard: 0,
            needs_none: 0,
            spoken: Vec::new(),
            bound: rules.sieve.free_of(b"\n\t|,;"),
            columns: (0, Vec::new()),
            block: (0, 0),
            runs: Runs::default(),
            layout: Layout::new(bytes, text.kind),
            cell: (0..0, None),
            nearby: Nearby::new(&rules.names, bytes),
            labels: QuickMap::default(),
            headed: Vec::new(),
            name_labels: QuickMap::default(),
            lists: QuickMap::default(),
            own: OwnLabel::of(0),
            around: Around::new(rules.rules.iter().map(|rule| rule.evidence.len())),
            row: (0..0, false),
        };
        (search.needs_none, search.spoken) = search.speakers();
        search
    }

    fn block(
        &mut self,
        finder: &mut Finder<'v>,
        (from, to): (usize, usize),
        enough: &Enough,
        hand_over: &mut dyn FnMut(Found),
    ) {
        self.block = (from, to);
        self.runs.read(&self.view.bytes, from, to + LONGEST);
        self.labels.clear();
        self.name_labels.clear();
        let weighed = self.weighed(finder, (from, to), enough);
        for weighed in contest::settle(&self.rules.rules, weighed) {
            hand_over(self.found(weighed));
        }
    }

    /// The cell that holds these octets; several patterns may fit them, which ask one after another.
    fn cell(&mut self, start: usize, end: usize) -> Option<Rc<Cell>> {
        if self.cell.0 != (start..end) {
            self.cell = (start..end, self.layout.cell(start, end).map(Rc::new));
        }
        self.cell.1.clone()
    }

    fn weigh(&mut self, candidate: Candidate) -> Result<Weighed, Silence> {
        let (from, to) = self.block;
        let rule = self.rules.rules.get(candidate.rule).ok_or(Silence::NoKeyword)?;
        let cell = self.cell(candidate.start, candidate.end);
        self.hear(from, to);
        self.around.go_to((from, to));
        if self.own.start() != candidate.start {
            self.own = OwnLabel::of(candidate.start);
        }
        let bytes: &[u8] = &self.view.bytes;
        let labels = cell.iter().flat_map(|cell| cell.headers.iter().flatten());
        self.headed.clear();
        for label in labels {
            // The same labels are asked for in every row.
            let known = self.labels.entry((candidate.rule, label.start, label.end));
            let hits = known.or_insert_with(|| rule.keywords.find(bytes, label.start, label.end));
            self.headed.extend_from_slice(hits);
        }
        let scene = Scene {
            bytes,
            hits: self.hits.get(candidate.rule).map_or(&[][..], Vec::as_slice),
            said: &self.said,
            cell: cell.as_deref(),
            headed: &self.headed,
            alone: self.alone,
            strong_only: self.strong_only(),
            names: &self.rules.names,
            around: &self.around,
            own: &self.own,
        };
        let list = (candidate.rule, candidate.pattern);
        let weight = context::weigh(rule, &candidate, &scene, self.lists.get(&list).copied())?;
        if let Some(keyword) = weight.keyword {
            self.lists.insert(
                list,
                Listed {
                    end: candidate.end,
                    keyword,
                },
            );
        }
        let row = cell.map(|cell| cell.row.clone());
        let named_row = row.as_ref().is_some_and(|row| self.names_a_person(row));
        Ok(Weighed {
            candidate,
            weight,
            named_row,
            row,
        })
    }

    /// Everything in a block that has the form of an element, and what became of it.
    fn explain(&mut self, block: (usize, usize), most: usize, hand_over: &mut dyn FnMut(Explained)) {
        self.block = block;
        let mut attempts = Vec::new();
        for owner in self.rules.owners() {
            let Some(rule) = self.rules.rules.get(owner.0) else {
                continue;
            };
            let tried = candidates::attempts(rule, owner, &self.view.bytes, block, most);
            attempts.extend(tried.into_iter().map(|attempt| (owner, attempt)));
        }
        attempts.sort_by_key(|(owner, attempt)| (attempt.start, attempt.end, *owner));
        for ((rule, pattern), attempt) in attempts {
            let why = match attempt.outcome {
                Err(refusal) => Why::Refused(refusal),
                Ok(candidate) => match self.weigh(candidate) {
                    Err(silence) => Why::Silent(silence),
                    Ok(_) => Why::Outranked,
                },
            };
            hand_over(Explained {
                rule,
                pattern,
                start: attempt.start,
                end: attempt.end,
                why,
            });
        }
    }

    /// Whether a row names a person in a column for names; the answer is kept for the row's other cells.
    fn names_a_person(&mut self, row: &Range<usize>) -> bool {
        if self.row.0 != *row {
            let (bytes, names): (&[u8], _) = (&self.view.bytes, &self.rules.names);
            let text = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
            let labels = &mut self.name_labels;
            let named = self.layout.columns().any(|(label, cell)| {
                // The same labels are asked for in every row.
                let known = labels.entry((label.start, label.end));
                let wanted = *known.or_insert_with(|| names.wanted_under(text(&label)));
                wanted.is_some_and(|wanted| names.fill(text(cell), wanted))
            });
            self.row = (row.clone(), named);
        }
        self.row.1
    }

    fn found(&mut self, weighed: Weighed) -> Found {
        let (start, end) = (weighed.candidate.start, weighed.candidate.end);
        Found {
            name: self.nearby.distance(start, end, weighed.row.as_ref()),
            weighed,
        }
    }
}
