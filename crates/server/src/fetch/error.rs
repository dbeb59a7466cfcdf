//! Why a file cannot be had. None of these texts holds more of an address than its host.

/// Why a file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no address.
    #[error("this is no web address: {0}")]
    Address(String),
    /// Another scheme than http and https.
    #[error("only http and https addresses are fetched, not {0}")]
    Scheme(String),
    /// The host is in a private network, or this machine.
    #[error("{host} is not public ({address}): who runs this server can allow it with fetch.allow")]
    Private {
        /// The host in the address.
        host: String,
        /// What it stands for.
        address: std::net::IpAddr,
    },
    /// There is no such host.
    #[error("{host} is not there: {reason}")]
    NoHost {
        /// The host in the address.
        host: String,
        /// What the look-up says.
        reason: String,
    },
    /// Nobody answers there.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The host in the address.
        host: String,
        /// What the connection says.
        reason: String,
    },
    /// What it sends is no HTTP, or it breaks off.
    #[error("the answer of {host} broke off: {reason}")]
    Broken {
        /// The host in the address.
        host: String,
        /// What was wrong.
        reason: String,
    },
    /// It is packed in a way we did not ask for.
    #[error("the file is packed with {0}, which is not read")]
    Packed(&'static str),
    /// It has not got the file, or does not give it.
    #[error("{host} answered {status}{}", hint(*status))]
    Status {
        /// The host in the address.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// It sends from one place to the next.
    #[error("there are more than {} redirects", super::REDIRECTS)]
    Redirects,
    /// It does not say anything for too long.
    #[error("the server was silent for {0} s")]
    Silent(u64),
    /// It takes too long in all.
    #[error("it took more than {0} s")]
    Slow(u64),
    /// There is too much of it.
    #[error("the file has more than {0} bytes")]
    TooLarge(usize),
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => ": it does not let us in. Are name and password right, has the account ended?",
        404 | 410 => ": there is no such file",
        429 => ": it was asked too often",
        500.. => ": it has a problem of its own",
        _ => "",
    }
}
