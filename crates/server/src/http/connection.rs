//! What handlers know of the connection that a request came by.

use std::net::SocketAddr;

use super::{outgoing::Outgoing, patience::Patience};

/// A connection. Every request has it among its extensions.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    /// The other end.
    pub(super) peer: SocketAddr,
    pub(super) patience: Patience,
    pub(super) outgoing: Outgoing,
}
