//! Fetching on a user's behalf: lists, guides and logos by http and https, from public hosts only.
//!
//! Who can name an address here makes this server ask for it, from inside the network it is in. So an address is
//! looked up once, and what was found is what is connected to, unless it is private (`guard`): nothing can change in
//! between, and each redirect is looked at the same way.

use std::sync::Arc;

mod address;
mod body;
mod coding;
mod config;
mod connect;
mod error;
mod guard;
mod request;
#[cfg(test)]
pub(crate) mod tests;

pub use address::Address;
pub use body::Body;
pub use config::Config;
pub use error::Error;
pub use guard::Allowed;
pub use request::Request;

use connect::Connector;
use guard::Guard;

/// So many redirects are followed.
const REDIRECTS: usize = 5;

/// Fetches files.
#[derive(Debug, Clone)]
pub struct Fetcher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    connector: Connector,
}

/// What a server answered.
#[derive(Debug)]
pub enum Reply {
    /// The file is the one whose validators came with the request.
    NotModified,
    /// The file.
    Body(Box<Body>),
}

impl Fetcher {
    /// Fetches what `config` allows.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let connector = Connector::new(Guard::new(&config.allow));
        Self(Arc::new(Inner { config: config.clone(), connector }))
    }

    /// Ask for the file that `request` names, and follow where it is said to be now.
    ///
    /// # Errors
    /// The host is private or not there, it takes too long, or it answers with anything but the file.
    pub async fn get(&self, request: Request) -> Result<Reply, Error> {
        let limits = body::Limits::new(&self.0.config, &request);
        limits.in_time(self.follow(request, &limits)).await?
    }

    async fn follow(&self, mut request: Request, limits: &body::Limits) -> Result<Reply, Error> {
        for _ in 0..=REDIRECTS {
            let answer = self.0.connector.send(&request).await?;
            match request.redirected(&answer.response)? {
                Some(next) => request = next,
                None => return body::reply(request.address, answer, limits.clone()),
            }
        }
        Err(Error::Redirects)
    }
}
