//! One picture, one process: start Tesseract behind its walls, feed it, take what it prints, see how it ended.

use std::io::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::role::Orders;
use crate::inspect::jail::JailReport;
use crate::inspect::keeper::{Keeper, Program};
use crate::inspect::wire::receive;

/// The longest output that is taken. A full page has 40 KB.
const OUTPUT_LIMIT: usize = 4 << 20;

/// The longest report of the walls.
const REPORT_LIMIT: usize = 64 << 10;

/// Starts processes that read pictures.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    keeper: Keeper,
    /// `sealgate` itself.
    sealgate: Program,
    orders: Orders,
    time: Duration,
}

/// Why a picture was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// It took too long.
    #[error("it was not done within {} s", .0.as_secs())]
    TooSlow(Duration),
    /// The process did not start, or died.
    #[error("{0}")]
    Failed(String),
}

/// What a process printed, and what its walls lack.
#[derive(Debug)]
pub(super) struct Printed {
    /// Standard output.
    pub output: Vec<u8>,
    /// What the kernel did not give.
    pub jail: JailReport,
}

impl Worker {
    /// A worker whose processes are `sealgate` in the role of an OCR child, by these orders but for the arguments.
    pub(super) fn new(keeper: Keeper, sealgate: Program, orders: Orders, time: Duration) -> Worker {
        Worker {
            keeper,
            sealgate,
            orders,
            time,
        }
    }

    /// The same with this time, if it is longer.
    pub(super) fn with_at_least(&self, time: Duration) -> Worker {
        Worker {
            time: time.max(self.time),
            ..self.clone()
        }
    }

    /// Runs the program with these arguments and this input, to its end. When this future is dropped the process is
    /// killed.
    ///
    /// # Errors
    /// When the process does not start, takes too long, ends badly or prints too much.
    pub(super) async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Printed, Trouble> {
        let ran = timeout(self.time, self.run_to_end(arguments, input));
        ran.await.unwrap_or(Err(Trouble::TooSlow(self.time)))
    }

    async fn run_to_end(&self, arguments: &[&str], input: &[u8]) -> Result<Printed, Trouble> {
        let failed = |error: Error| Trouble::Failed(format!("the OCR process failed: {error}"));
        let orders = Orders {
            arguments: arguments.iter().map(Into::into).collect(),
            ..self.orders.clone()
        };
        let program = Program {
            arguments: orders.to_arguments(),
            ..self.sealgate.clone()
        };
        let (process, wire) = self.keeper.start(Arc::new(program)).await.map_err(failed)?;
        let mut wire = UnixStream::from_std(wire).map_err(failed)?;
        let report = receive(&mut wire, REPORT_LIMIT).await.map_err(failed)?;
        let jail: JailReport = serde_json::from_slice(&report).map_err(|error| failed(error.into()))?;
        let (mut source, mut sink) = wire.split();
        let feed = async {
            // It may have read enough, and hung up.
            let _ = sink.write_all(input).await;
            let _ = sink.shutdown().await;
        };
        let mut output = Vec::new();
        let mut limited = (&mut source).take(OUTPUT_LIMIT as u64 + 1);
        let (_, read) = tokio::join!(feed, limited.read_to_end(&mut output));
        read.map_err(failed)?;
        if output.len() > OUTPUT_LIMIT {
            return Err(Trouble::Failed("the OCR process printed too much".to_owned()));
        }
        // It closed its output, so it is ending: this kills only what hangs in its last breath.
        match process.end().await {
            Some(status) if status.success() => Ok(Printed { output, jail }),
            Some(status) => Err(Trouble::Failed(format!("the OCR process ended with {status}"))),
            None => Err(Trouble::Failed("the OCR process was lost".to_owned())),
        }
    }
}
