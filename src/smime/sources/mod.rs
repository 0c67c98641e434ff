//! Where certificates come from: one file for each kind of source.

pub mod dns;
mod folder;
pub mod ldap;
mod register;
mod remote;

pub use folder::Folder;
pub use register::Registered;
