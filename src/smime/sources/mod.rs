//! Where certificates come from: one file for each kind of source.

mod folder;
mod register;

pub use folder::Folder;
pub use register::Registered;
