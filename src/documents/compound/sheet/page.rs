//! One sheet, when it is complete.

use crate::documents::Visit;
use crate::mime::TextKind;

/// A sheet that is complete.
pub(super) struct Sheet {
    pub name: String,
    pub table: String,
    /// There are cells in more columns than the first.
    pub wide: bool,
}

impl Sheet {
    /// Gives the sheet to be searched.
    pub fn tell(self, visit: &mut Visit<'_>) {
        let place = match self.name.is_empty() {
            true => "a sheet",
            false => "a sheet with a name",
        };
        visit.spend(self.table.len());
        visit.text_in("the names of sheets", TextKind::Header, self.name);
        // One column makes no table by itself.
        let table = match self.wide {
            true => self.table,
            false => self
                .table
                .lines()
                .fold(String::new(), |table, line| table + "\t" + line + "\n"),
        };
        visit.text_in(place, TextKind::Table, table);
    }
}
