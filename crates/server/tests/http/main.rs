//! The HTTP surface, as clients see it: a whole server on a free port, before a fake engine.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod app;
mod catalog;

mod compression;
mod connections;
mod continuous;
mod contract;
mod corpus;
mod cors;
mod engine;
mod engine_finds;
mod engine_search;
mod events;
mod export;
mod export_readers;
mod guide;
mod hdhomerun;
mod limits;
mod local;
mod low_latency;
mod media;
mod password;
mod players;
mod requests;
mod validate;
mod web;
