//! Journeys: the real program on loopback, with real mail software before and behind it.

mod support;

mod commands;
mod delivery;
mod disk;
mod hostile;
mod outcomes;
mod postfix;
mod refusals;
mod settings;
