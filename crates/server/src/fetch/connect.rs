//! Connections: the host is looked up, what may not be asked is left out, and what is left is connected to.

use std::{
    fmt,
    future::Future,
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use hyper::{Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{DnsName, ServerName},
    },
};
use tokio_util::task::AbortOnDropHandle;

use super::{Address, Error, Request, guard::Guard};

/// As many addresses of one host are tried.
const TRIED: usize = 4;

/// So long each of them may take: one that leads nowhere leaves time for the next.
const CONNECT: Duration = Duration::from_secs(4);

/// Finds the addresses of a host.
pub(super) type LookUp =
    Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>> + Send + Sync>;

/// Connects to public hosts.
#[derive(Clone)]
pub(super) struct Connector {
    guard: Guard,
    tls: TlsConnector,
    look_up: LookUp,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// An answer whose head has come; the connection ends with it.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    pub(super) connection: AbortOnDropHandle<()>,
}

impl Connector {
    pub(super) fn new(guard: Guard) -> Self {
        Self::with(guard, Arc::new(|host| Box::pin(system(host))))
    }

    pub(super) fn with(guard: Guard, look_up: LookUp) -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows the versions of TLS that are in use")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { guard, tls: TlsConnector::from(Arc::new(config)), look_up }
    }

    /// Send `request`; comes back with the head of the answer.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Error> {
        let address = &request.address;
        let tcp = self.connect(address).await?;
        if address.url().scheme() == "http" {
            return exchange(tcp, request).await;
        }
        let tls = self.tls.connect(server_name(address)?, tcp).await;
        exchange(tls.map_err(|error| unreachable(address, &error))?, request).await
    }

    async fn connect(&self, address: &Address) -> Result<TcpStream, Error> {
        let port = address.url().port_or_known_default().unwrap_or(80);
        let mut failed = None;
        for ip in self.addresses(address).await?.into_iter().take(TRIED) {
            match timeout(CONNECT, TcpStream::connect(SocketAddr::new(ip, port))).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => failed = Some(error),
                Err(_) => failed = Some(ErrorKind::TimedOut.into()),
            }
        }
        let reason = failed.unwrap_or_else(|| ErrorKind::AddrNotAvailable.into());
        Err(unreachable(address, &reason))
    }

    /// What the host stands for, as far as it may be asked.
    async fn addresses(&self, address: &Address) -> Result<Vec<IpAddr>, Error> {
        let host = address.host();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
        let found = match literal {
            Ok(ip) => vec![ip],
            Err(_) => (self.look_up)(host.to_owned()).await.map_err(|error| no_host(address, &error))?,
        };
        let (allowed, private): (Vec<IpAddr>, Vec<IpAddr>) =
            found.into_iter().partition(|ip| self.guard.lets(host, *ip));
        match (allowed.is_empty(), private.first()) {
            (true, Some(private)) => Err(Error::Private { host: host.to_owned(), address: *private }),
            (true, None) => Err(no_host(address, &ErrorKind::NotFound.into())),
            (false, _) => Ok(allowed),
        }
    }
}

async fn system(host: String) -> std::io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: &Request,
) -> Result<Answer, Error> {
    let broken = |error: hyper::Error| broken(&request.address, &error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // What is wrong with the connection is told by the answer.
    #[expect(clippy::disallowed_methods, reason = "ends with the answer, which owns it")]
    let connection = AbortOnDropHandle::new(tokio::spawn(async { drop(connection.await) }));
    let response = sender.send_request(request.message()?).await.map_err(broken)?;
    Ok(Answer { response, connection })
}

fn server_name(address: &Address) -> Result<ServerName<'static>, Error> {
    let host = address.host().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(ip) => Ok(ServerName::IpAddress(ip.into())),
        Err(_) => match DnsName::try_from(host.to_owned()) {
            Ok(name) => Ok(ServerName::DnsName(name)),
            Err(error) => Err(Error::Address(error.to_string())),
        },
    }
}

fn no_host(address: &Address, error: &std::io::Error) -> Error {
    Error::NoHost { host: address.host().to_owned(), reason: error.to_string() }
}

fn unreachable(address: &Address, error: &std::io::Error) -> Error {
    Error::Unreachable { host: address.host().to_owned(), reason: error.to_string() }
}

pub(super) fn broken(address: &Address, error: &hyper::Error) -> Error {
    Error::Broken { host: address.host().to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn an_address_that_leads_nowhere_leaves_time_for_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let full = TcpSocket::new_v4().unwrap();
        full.bind(SocketAddr::from(([127, 0, 0, 2], port))).unwrap();
        let full = full.listen(0).unwrap();
        // Who comes when the queue is full is not answered.
        let queued = TcpStream::connect(full.local_addr().unwrap()).await.unwrap();
        let look_up = |_| {
            let found = ["127.0.0.2", "127.0.0.1"].map(|ip| ip.parse().unwrap()).to_vec();
            Box::pin(async { Ok(found) }) as Pin<Box<dyn Future<Output = _> + Send>>
        };
        let guard = Guard::new(&["127.0.0.0/8".parse().unwrap()]);

        tokio::time::pause();
        let address = format!("http://tv.example:{port}/").parse().unwrap();
        let connector = Connector::with(guard, Arc::new(look_up));
        let connected = timeout(CONNECT * 2, connector.connect(&address)).await.unwrap();

        assert_eq!(connected.unwrap().peer_addr().unwrap(), listener.local_addr().unwrap());
        drop((full, queued));
    }
}
