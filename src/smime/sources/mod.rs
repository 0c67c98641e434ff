//! Where certificates come from: one file for each kind of source.

mod folder;

pub use folder::Folder;
