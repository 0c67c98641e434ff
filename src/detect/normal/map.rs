//! The way back from folded octets to original ones, kept as runs so that ordinary text needs few.

/// A stretch in which every unit of `wide` original octets became `thin` folded ones.
#[derive(Debug, Clone, Copy)]
struct Run {
    at: u32,
    from: u32,
    wide: u8,
    thin: u8,
}

/// From folded offsets to original ones. Offsets are 32 bits: the search cuts longer texts before.
#[derive(Debug, Default)]
pub(super) struct Map {
    runs: Vec<Run>,
}

impl Map {
    /// Says that the folded octets from `at` on came from `from` on, unit by unit. Calls come in order.
    pub fn push(&mut self, at: usize, from: usize, wide: usize, thin: usize) {
        let narrow = |octets: usize| u8::try_from(octets).unwrap_or(u8::MAX).max(1);
        let run = Run {
            at: u32::try_from(at).unwrap_or(u32::MAX),
            from: u32::try_from(from).unwrap_or(u32::MAX),
            wide: narrow(wide),
            thin: narrow(thin),
        };
        if !self.runs.last().is_some_and(|last| last.continues(&run)) {
            self.runs.push(run);
        }
    }

    /// Where the original of the octet at `at` begins.
    pub fn start(&self, at: usize) -> usize {
        self.run(at).map_or(at, |run| run.unit(at).0)
    }

    /// Where the original of the octet before `end` ends.
    pub fn end(&self, end: usize) -> usize {
        let last = end.saturating_sub(1);
        self.run(last).map_or(end, |run| run.unit(last).1)
    }

    fn run(&self, at: usize) -> Option<&Run> {
        let after = self.runs.partition_point(|run| run.at as usize <= at);
        self.runs.get(after.checked_sub(1)?)
    }
}

impl Run {
    /// Start and end of the original unit that holds the folded octet.
    fn unit(&self, at: usize) -> (usize, usize) {
        let units = (at - self.at as usize) / usize::from(self.thin);
        let start = self.from as usize + units * usize::from(self.wide);
        (start, start + usize::from(self.wide))
    }

    /// Whether `next` says nothing that this run does not say already.
    fn continues(&self, next: &Run) -> bool {
        let (at, thin) = (next.at as usize, usize::from(self.thin));
        let whole = (at - self.at as usize).is_multiple_of(thin);
        self.wide == next.wide && self.thin == next.thin && whole && self.unit(at).0 == next.from as usize
    }
}
