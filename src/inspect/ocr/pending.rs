//! OCR that may still be on trial: mail without pictures need not wait for it.

use std::fmt;

use futures_util::future::{FutureExt, Shared};

use super::{Ocr, Settings};
use crate::documents::Sight;
use crate::message::Boxed;

/// What reads pictures, now or in a moment. Cloning shares it.
#[derive(Clone)]
pub struct PendingOcr {
    settings: Settings,
    ocr: Shared<Boxed<'static, Option<Ocr>>>,
}

impl fmt::Debug for PendingOcr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingOcr")
            .field("ocr", &self.ocr.peek())
            .finish()
    }
}

impl PendingOcr {
    /// With OCR that has `settings` and is on trial; the trial goes on from now on, and what comes of it is what reads
    /// pictures. Messages with pictures wait for that. Call it inside a runtime.
    pub fn on_trial(
        settings: Settings,
        trial: impl Future<Output = Option<Ocr>> + Send + 'static,
    ) -> PendingOcr {
        let ocr = (Box::pin(trial) as Boxed<'static, Option<Ocr>>).shared();
        tokio::spawn(ocr.clone());
        PendingOcr { settings, ocr }
    }

    /// With OCR that has `settings`; the trial begins with the first message that has a picture, which waits for it.
    pub fn when_needed(
        settings: Settings,
        trial: impl Future<Output = Option<Ocr>> + Send + 'static,
    ) -> PendingOcr {
        let ocr = (Box::pin(trial) as Boxed<'static, Option<Ocr>>).shared();
        PendingOcr { settings, ocr }
    }

    /// Whether the trial has ended badly, so that no picture will be read.
    pub(in crate::inspect) fn has_failed(&self) -> bool {
        matches!(self.ocr.peek(), Some(None))
    }

    /// How the reader of a message is to treat its pictures before anything was read in them.
    pub(in crate::inspect) fn sight(&self) -> Sight {
        self.settings.sight(Vec::new())
    }

    /// What reads pictures, once its trial has ended well.
    pub(in crate::inspect) async fn ocr(&self) -> Option<Ocr> {
        self.ocr.clone().await
    }
}

impl From<Ocr> for PendingOcr {
    fn from(ocr: Ocr) -> PendingOcr {
        let settings = ocr.shared.settings.clone();
        let ocr = (Box::pin(std::future::ready(Some(ocr))) as Boxed<'static, Option<Ocr>>).shared();
        PendingOcr { settings, ocr }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_trial_for_when_it_is_needed_begins_with_the_first_picture() {
        let begun = Arc::new(AtomicBool::new(false));
        let mark = begun.clone();
        let pending = PendingOcr::when_needed(Settings::default(), async move {
            mark.store(true, Ordering::SeqCst);
            None
        });
        tokio::task::yield_now().await;
        assert!(!begun.load(Ordering::SeqCst), "nobody has asked for it");
        assert!(!pending.has_failed(), "nobody knows yet");
        assert!(pending.ocr().await.is_none());
        assert!(begun.load(Ordering::SeqCst));
        assert!(pending.has_failed(), "the next picture need not wait");
    }
}
