//! Words that change how the text after them is read: hidden, deleted, in a table, in another code page.

use super::reader::Reader;
use super::words::{self, Aside};

impl Reader {
    /// Applies a property; `false` when the word is none that matters.
    pub(super) fn property(&mut self, word: &[u8], number: Option<i32>) -> bool {
        let on = number != Some(0);
        match word {
            b"uc" => self.state.skipped = usize::try_from(number.unwrap_or(1)).unwrap_or(0).min(1_000),
            b"v" => self.state.hidden = on,
            b"deleted" => self.state.deleted = on,
            b"intbl" => self.state.in_table = true,
            b"htmlrtf" => self.state.only_rtf = on,
            b"fromhtml" => self.from_html = on,
            b"nonshppict" => self.state.spare = true,
            b"pard" => self.state.in_table = false,
            b"plain" => {
                self.state.page = self.page_of(self.default_font);
                self.state.hidden = false;
            }
            b"cell" | b"row" if self.open.is_empty() => match word {
                b"cell" => self.document.story.end_cell(),
                _ => self.document.story.end_row(),
            },
            b"cell" => self.push("\t"),
            b"row" => self.push("\n"),
            _ => return self.code_page(word, number),
        }
        true
    }

    fn code_page(&mut self, word: &[u8], number: Option<i32>) -> bool {
        let number = number.unwrap_or(0);
        let describes = self.open.last().is_some_and(|open| open.aside == Aside::Fonts);
        match word {
            b"mac" => self.page = 10_000,
            b"pc" => self.page = 437,
            b"pca" => self.page = 850,
            b"ansicpg" => self.page = u32::try_from(number).unwrap_or(1252),
            b"f" if describes => self.font = number,
            b"fcharset" if describes => {
                if let Some(page) = words::page_of_charset(number) {
                    self.pages.insert(self.font, page);
                    self.state.page = page;
                }
            }
            b"cpg" if describes => {
                self.pages
                    .insert(self.font, u32::try_from(number).unwrap_or(1252));
            }
            b"f" | b"af" => {
                self.state.page = self.page_of(number);
                return true;
            }
            b"deff" => self.default_font = number,
            _ => return false,
        }
        if matches!(word, b"mac" | b"pc" | b"pca" | b"ansicpg") {
            self.state.page = self.page;
        }
        true
    }

    fn page_of(&self, font: i32) -> u32 {
        self.pages.get(&font).copied().unwrap_or(self.page)
    }
}
