//! Whether a port can be listened on.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

/// Whether `address` can be listened on now. Nothing keeps it free.
pub(super) fn try_port(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).map(drop)
}

/// The first of the next few addresses, from `first` on, that nobody listens on; else `first`.
pub(super) fn next_free(first: SocketAddr) -> SocketAddr {
    let next = |step| Some(SocketAddr::new(first.ip(), first.port().checked_add(step)?));
    (0..20).filter_map(next).find(|address| try_port(*address).is_ok()).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_passed_over() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();

        assert!(try_port(address).is_err());
        assert_ne!(next_free(address), address);
    }
}
