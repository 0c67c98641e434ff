//! The kept children: who reads next, and how a child that is lost or worn out is replaced.
//!
//! A child is free, lent to one caller, or gone. Callers queue for free children in the order they came.
//!
//! | event | what happens |
//! |---|---|
//! | an answer came | the child is free again |
//! | no answer came, or the caller went away | the child is killed; a new one starts in the background |
//! | it has read its share of messages | it stays until its replacement is ready, then goes |
//! | the rules change | new children take over at once; old ones go when their message is read |
//! | a new child does not start | another try after a pause that doubles; callers wait up to the deadline, then get none |

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::failure::Failure;
use super::jail::JailReport;
use super::keeper::{Keeper, Program};
use super::ocr::PendingOcr;
use super::plan::Plan;
use super::reader::{Fault, Reader};
use super::scanner::Extras;
use super::{NoReader, Source, StartError};
use crate::detect::RuleSource;
use crate::documents::{Picture, Sight};
use crate::message::Inspection;

/// How often a message is given to a child while children die on it. Whoever kills all of them at once, such as a machine
/// without memory, takes two from one message.
const TRIES: usize = 3;

/// Pauses between tries to start a child: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What a child said, with what a scan asked for beyond the inspection.
type Learned = (Inspection, Option<Extras>);

/// The children.
#[derive(Debug)]
pub(super) struct Pool {
    plan: Plan,
    keeper: Keeper,
    program: Arc<Program>,
    runtime: Handle,
    /// As many permits as there are children in `State::free`.
    free: Semaphore,
    state: Mutex<State>,
    /// Reads pictures, if anything does.
    ocr: OnceLock<PendingOcr>,
    reloading: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    free: Vec<Child>,
    /// Counts the sets of rules; a child of an older one is not asked again.
    generation: u64,
    hello: Arc<[u8]>,
    /// Why the last child did not start, until one does.
    trouble: Option<String>,
}

#[derive(Debug)]
struct Child {
    reader: Reader,
    generation: u64,
    /// Set when a replacement is under way; it turns true when that is ready.
    replaced: Option<Arc<AtomicBool>>,
}

/// A child lent to one caller. Unless it is given back it is killed and replaced.
struct Loan<'a> {
    pool: &'a Arc<Pool>,
    child: Option<Child>,
}

impl Pool {
    /// Starts all children and waits until each is ready.
    ///
    /// # Errors
    /// When one does not start, or its jail is too weak.
    pub(super) async fn start(
        program: Program,
        plan: Plan,
        rules: &[RuleSource],
    ) -> Result<Arc<Pool>, StartError> {
        let keeper = Keeper::new().map_err(|error| StartError::Child(error.to_string()))?;
        let hello = plan.hello(rules)?;
        let state = State {
            free: Vec::new(),
            generation: 0,
            hello: hello.clone(),
            trouble: None,
        };
        let pool = Arc::new(Pool {
            plan,
            keeper,
            program: Arc::new(program),
            runtime: Handle::current(),
            free: Semaphore::new(0),
            state: Mutex::new(state),
            ocr: OnceLock::new(),
            reloading: tokio::sync::Mutex::new(()),
        });
        let (children, jail) = pool.start_all(&hello, 0).await?;
        warn_of_weakness(&jail);
        pool.take_over(children, 0, hello);
        Ok(pool)
    }

    /// Reads a message or a file in a child. Waiting for a free child and reading have the deadline each.
    ///
    /// # Errors
    /// When no child became free: that says nothing of the message.
    pub(super) async fn inspect(self: &Arc<Self>, source: Source<'_>) -> Result<Learned, NoReader> {
        let Some(pending) = self.ocr.get().filter(|ocr| !ocr.has_failed()) else {
            return self.read_without_pictures(source).await;
        };
        let (learned, pictures) = self.read(source, Some(&pending.sight())).await?;
        if pictures.is_empty() {
            return Ok(learned);
        }
        let Some(ocr) = pending.ocr().await else {
            return self.read_without_pictures(source).await;
        };
        // No child waits while the pictures are read: any of them can read the message again.
        let readings = ocr.read(pictures).await;
        let (learned, _) = self.read(source, Some(&ocr.sight(readings))).await?;
        Ok(learned)
    }

    /// Reads all but the pictures, which are obstacles.
    async fn read_without_pictures(self: &Arc<Self>, source: Source<'_>) -> Result<Learned, NoReader> {
        let (learned, _) = self.read(source, None).await?;
        Ok(learned)
    }

    /// Has pictures read from now on. The first call counts.
    pub(super) fn read_pictures_with(&self, ocr: PendingOcr) {
        let _ = self.ocr.set(ocr);
    }

    async fn read(
        self: &Arc<Self>,
        source: Source<'_>,
        sight: Option<&Sight>,
    ) -> Result<(Learned, Vec<Picture>), NoReader> {
        let (limit, length) = (self.plan.limits.message_size, source.bytes().len());
        if length > limit || u32::try_from(length).is_err() {
            return Ok(((Failure::TooLarge(limit).into_inspection(), None), Vec::new()));
        }
        let mut outcome = self.attempt(self.borrow_in_time().await?, source, sight).await;
        for _ in 1..TRIES {
            if !outcome.as_ref().is_err_and(Failure::is_worth_another_try) {
                break;
            }
            outcome = self.attempt(self.borrow_in_time().await?, source, sight).await;
        }
        Ok(outcome.unwrap_or_else(|failure| ((failure.into_inspection(), None), Vec::new())))
    }

    /// How many children there should be.
    pub(super) fn children(&self) -> usize {
        self.plan.children
    }

    /// Starts as many children as there should be with other rules, then lets them take over.
    ///
    /// # Errors
    /// When one of them does not start. Nothing has changed then.
    pub(super) async fn reload(self: &Arc<Self>, rules: &[RuleSource]) -> Result<(), StartError> {
        let _one_at_a_time = self.reloading.lock().await;
        let hello = self.plan.hello(rules)?;
        let generation = self.state().generation + 1;
        let (children, _) = self.start_all(&hello, generation).await?;
        self.take_over(children, generation, hello);
        Ok(())
    }

    async fn attempt(
        &self,
        mut loan: Loan<'_>,
        source: Source<'_>,
        sight: Option<&Sight>,
    ) -> Result<(Learned, Vec<Picture>), Failure> {
        let deadline = Instant::now() + self.plan.deadline;
        let Some(child) = &mut loan.child else {
            // A loan that was just made has its child.
            return Err(Failure::of(None));
        };
        let asked = child.reader.ask(source, sight, self.plan.scan.is_some());
        let failure = match timeout_at(deadline, asked).await {
            Ok(Ok((inspection, extras, pictures, stays))) => {
                if stays {
                    loan.give_back();
                }
                return Ok(((inspection, extras), pictures));
            }
            Ok(Err(Fault::HungUp)) => {
                let ended = timeout_at(deadline, loan.end()).await;
                ended.unwrap_or_else(|_| Failure::of(None))
            }
            Ok(Err(Fault::Nonsense)) => Failure::Nonsense,
            Err(_) => Failure::TooSlow(self.plan.deadline),
        };
        tracing::warn!(?failure, "a reading child failed on a message and is replaced");
        Err(failure)
    }

    async fn borrow_in_time(self: &Arc<Self>) -> Result<Loan<'_>, NoReader> {
        let deadline = Instant::now() + self.plan.deadline;
        timeout_at(deadline, self.borrow()).await.map_err(|_| NoReader {
            seconds: self.plan.deadline.as_secs_f32(),
            trouble: self.state().trouble.clone(),
        })
    }

    /// Waits for a free child. Dropping this future loses nothing.
    async fn borrow(self: &Arc<Self>) -> Loan<'_> {
        loop {
            let Ok(permit) = self.free.acquire().await else {
                // The semaphore is never closed; were it, waiting for the deadline is right.
                return std::future::pending().await;
            };
            permit.forget();
            // From here to the return nothing waits, so the child cannot be lost.
            let child = self.state().free.pop();
            let mut loan = Loan { pool: self, child };
            // A child may have been killed while it was free. Its loan ends here, and it is replaced.
            if loan.child.as_mut().is_some_and(|child| child.reader.is_alive()) {
                return loan;
            }
        }
    }

    /// Takes a child back that answered well.
    fn take_back(self: &Arc<Self>, mut child: Child) {
        if child.replaced.is_none() && child.reader.served() >= self.plan.messages_per_child {
            let replaced = Arc::new(AtomicBool::new(false));
            child.replaced = Some(replaced.clone());
            self.replace(child.generation, Some(replaced));
        }
        let mut state = self.state();
        if child.generation == state.generation && !child.is_replaced() {
            state.free.push(child);
            self.free.add_permits(1);
        }
    }

    /// Starts a child in the background: for one that is lost, or for one that stays until it is `replaced`.
    fn replace(self: &Arc<Self>, generation: u64, replaced: Option<Arc<AtomicBool>>) {
        let pool = Arc::downgrade(self);
        self.runtime.spawn(async move {
            let (mut pause, longest) = PAUSES;
            while let Some(pool) = pool.upgrade() {
                let Some(hello) = pool.hello_of(generation) else {
                    return;
                };
                match pool.start_one(&hello, generation).await {
                    Ok((child, _)) => return pool.add(child, replaced.as_deref()),
                    Err(error) => pool.record_trouble(&error, pause),
                }
                drop(pool);
                sleep(pause).await;
                pause = longest.min(pause * 2);
            }
        });
    }

    /// Adds a child that is ready, in the place of the one that it replaces if that is free now.
    fn add(&self, child: Child, replaced: Option<&AtomicBool>) {
        let mut state = self.state();
        state.trouble = None;
        if child.generation != state.generation {
            return;
        }
        if let Some(replaced) = replaced {
            replaced.store(true, Ordering::Relaxed);
        }
        if let Some(old) = state.free.iter_mut().find(|free| free.is_replaced()) {
            *old = child;
        } else {
            state.free.push(child);
            self.free.add_permits(1);
        }
    }

    fn record_trouble(&self, error: &StartError, pause: Duration) {
        tracing::error!(%error, "a reading child did not start; next try in {pause:?}");
        self.state().trouble = Some(error.to_string());
    }

    /// Puts new children in the place of all that are free, and lets the lent ones go when they come back.
    fn take_over(&self, children: Vec<Child>, generation: u64, hello: Arc<[u8]>) {
        let mut state = self.state();
        state.generation = generation;
        state.hello = hello;
        state.trouble = None;
        let old = std::mem::replace(&mut state.free, children);
        // There are never more free children than there should be children, so no permit is lost.
        self.free.add_permits(state.free.len().saturating_sub(old.len()));
    }

    async fn start_all(
        self: &Arc<Self>,
        hello: &Arc<[u8]>,
        generation: u64,
    ) -> Result<(Vec<Child>, JailReport), StartError> {
        let mut starts = JoinSet::new();
        for _ in 0..self.plan.children {
            let (pool, hello) = (self.clone(), hello.clone());
            starts.spawn(async move { pool.start_one(&hello, generation).await });
        }
        let (mut children, mut jail) = (Vec::new(), JailReport::default());
        while let Some(started) = starts.join_next().await {
            let started = started.map_err(|error| StartError::Child(error.to_string()))?;
            let (child, report) = started?;
            children.push(child);
            jail = report;
        }
        Ok((children, jail))
    }

    async fn start_one(&self, hello: &[u8], generation: u64) -> Result<(Child, JailReport), StartError> {
        let (reader, jail) = Reader::start(&self.keeper, &self.program, hello).await?;
        if !jail.broken.is_empty() && !self.plan.allow_weak_jail {
            return Err(StartError::WeakJail(jail.broken.join("; ")));
        }
        tracing::debug!(pid = reader.id(), "a reading child is ready");
        Ok((
            Child {
                reader,
                generation,
                replaced: None,
            },
            jail,
        ))
    }

    fn hello_of(&self, generation: u64) -> Option<Arc<[u8]>> {
        let state = self.state();
        (state.generation == generation).then(|| state.hello.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is whole, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl Pool {
    /// The processes of the children that are free now, when nobody is about to borrow one.
    pub(super) fn free_ids(&self) -> Vec<u32> {
        let state = self.state();
        assert_eq!(self.free.available_permits(), state.free.len());
        state.free.iter().filter_map(|child| child.reader.id()).collect()
    }
}

impl Child {
    fn is_replaced(&self) -> bool {
        let replaced = self.replaced.as_ref();
        replaced.is_some_and(|replaced| replaced.load(Ordering::Relaxed))
    }
}

impl Loan<'_> {
    fn give_back(mut self) {
        if let Some(child) = self.child.take() {
            self.pool.take_back(child);
        }
    }

    /// Learns how the child ended, and has it replaced.
    async fn end(mut self) -> Failure {
        match self.lose() {
            Some(child) => child.reader.end().await,
            None => Failure::of(None),
        }
    }

    fn lose(&mut self) -> Option<Child> {
        let child = self.child.take()?;
        if child.replaced.is_none() {
            self.pool.replace(child.generation, None);
        }
        Some(child)
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        drop(self.lose());
    }
}

fn warn_of_weakness(jail: &JailReport) {
    for wall in &jail.broken {
        tracing::error!("the jail of the reading children is BROKEN, started anyway as told: {wall}");
    }
    for wall in &jail.lacking {
        tracing::warn!("the jail of the reading children has one wall less: {wall}");
    }
}
