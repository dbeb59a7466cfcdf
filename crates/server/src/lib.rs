//! The program acehls: AceStream channels as HLS.
//!
//! [`app`] puts the parts together and runs them. [`http`] is all that clients see; it turns a channel of
//! the [`catalog`] into a stream of [`live`]. Those two do not know each other. [`cli`] is the command line,
//! [`config`] what can be set, [`clock`] the time of day, [`descriptors`] how much may be open, [`storage`] whose the storage folder is, [`telemetry`] the log.

pub mod app;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod descriptors;
pub mod fetch;
pub mod health;
pub mod http;
pub mod live;
pub mod logos;
pub mod ssdp;
pub mod storage;
pub mod telemetry;
