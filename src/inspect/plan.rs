//! How the pool works: the settings, taken apart once.

use std::sync::Arc;
use std::time::Duration;

use super::scanner::Asked;
use super::wire::Hello;
use super::{Settings, StartError};
use crate::detect::RuleSource;
use crate::mime::Limits;

/// How the pool works.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// How many children there are.
    pub children: usize,
    /// How long one inspection may take, waiting included.
    pub deadline: Duration,
    /// After how many messages a child is replaced.
    pub messages_per_child: u64,
    /// Whether a jail without seccomp will do.
    pub allow_weak_jail: bool,
    /// Mebibytes of address space of a child.
    pub memory_mb: u64,
    /// Processor seconds for one message.
    pub cpu_seconds: u64,
    /// What reading may spend on one message. No message larger than its message size is read.
    pub limits: Limits,
    /// What a scan wants to know. `None` for a gateway.
    pub scan: Option<Asked>,
}

impl Plan {
    /// Takes the settings apart.
    ///
    /// # Errors
    /// When they cannot be meant.
    pub(super) fn new(settings: &Settings, limits: &Limits) -> Result<Plan, StartError> {
        let mistakes = settings.mistakes();
        if !mistakes.is_empty() {
            return Err(StartError::Settings(mistakes));
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Plan {
            children: if settings.children == 0 {
                processors
            } else {
                settings.children
            },
            deadline: Duration::from_secs(settings.deadline_seconds),
            messages_per_child: settings.messages_per_child,
            allow_weak_jail: settings.allow_weak_jail,
            memory_mb: settings.memory_mb,
            cpu_seconds: settings.cpu_seconds,
            limits: *limits,
            scan: None,
        })
    }

    /// What each child is told first.
    ///
    /// # Errors
    /// Never for rules that are text.
    pub(super) fn hello(&self, rules: &[RuleSource]) -> Result<Arc<[u8]>, StartError> {
        let hello = Hello {
            memory_mb: self.memory_mb,
            cpu_seconds: self.cpu_seconds,
            limits: self.limits,
            rules: rules.to_vec(),
            scan: self.scan,
        };
        let hello = serde_json::to_vec(&hello).map_err(|error| StartError::Child(error.to_string()))?;
        Ok(hello.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_meant_are_all_told() {
        let settings = Settings {
            deadline_seconds: 0,
            memory_mb: 1,
            ..Settings::default()
        };
        let error = Plan::new(&settings, &Limits::default()).unwrap_err().to_string();
        assert!(
            error.contains("deadline_seconds is 0") && error.contains("memory_mb is 1"),
            "{error}"
        );
        assert_eq!(Settings::default().mistakes(), Vec::<String>::new());
    }
}
