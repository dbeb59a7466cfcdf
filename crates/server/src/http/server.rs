//! The HTTP server: accepts connections, bounds what each may take, and lets them go in order.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Services,
    connection::Connection,
    edge::Edge,
    gather::Gathered,
    outgoing::{Outgoing, Outlet},
    patience::{Patience, Patient},
};

/// After `accept` failed, for want of file descriptors above all: a pause, or the loop would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Between two lines in the log on failures to accept: what is short stays short for a while.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// The most a connection's request line and headers may take.
const MAX_HEAD: usize = 64 << 10;

/// The public HTTP server.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    edge: Edge,
    room: Arc<Semaphore>,
    connections: TaskTracker,
    /// Told first: finish the request at hand, then close.
    finish: CancellationToken,
    /// Told last: close now.
    close: CancellationToken,
}

impl Server {
    /// A server that listens on the configured address, and does not accept yet.
    pub async fn bind(services: Services) -> io::Result<Self> {
        let listener = TcpListener::bind(services.http.address()).await?;
        Ok(Self {
            listener,
            room: Arc::new(Semaphore::new(services.http.max_connections)),
            edge: Edge::new(services),
            connections: TaskTracker::new(),
            finish: CancellationToken::new(),
            close: CancellationToken::new(),
        })
    }

    /// Where the server listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accept connections, until this future is dropped.
    pub async fn accept(&self) {
        let mut told = Told::default();
        loop {
            let room = Arc::clone(&self.room).acquire_owned().await.expect("the semaphore is never closed");
            match self.listener.accept().await {
                Ok((tcp, peer)) => self.serve(tcp, peer, room),
                Err(error) => {
                    if told.is_due() {
                        tracing::warn!("accepting a connection failed: {error}");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn serve(&self, tcp: TcpStream, peer: SocketAddr, room: OwnedSemaphorePermit) {
        let (edge, finish, close) = (self.edge.clone(), self.finish.clone(), self.close.clone());
        self.connections.spawn(async move {
            let _room = room;
            let _counted = edge.services.figures.connected();
            tokio::select! {
                () = converse(tcp, peer, &edge, &finish) => {}
                () = close.cancelled() => {}
            }
        });
    }

    /// Let every connection finish the request at hand, within `limit`; then close what is left.
    ///
    /// Call it when [`Server::accept`] runs no more.
    pub async fn drain(self, limit: Duration) {
        drop(self.listener);
        self.finish.cancel();
        self.connections.close();
        if timeout(limit, self.connections.wait()).await.is_err() {
            tracing::info!(connections = self.connections.len(), "closing connections that take too long");
            self.close.cancel();
            self.connections.wait().await;
        }
    }
}

/// When a trouble that lasts was last told of.
#[derive(Debug, Default)]
struct Told(Option<Instant>);

impl Told {
    /// Whether it is time to tell of it, which is done with that.
    fn is_due(&mut self) -> bool {
        let due = self.0.is_none_or(|last| last.elapsed() >= TELL_AGAIN);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }
}

/// Serve one connection's requests, until either side ends it.
async fn converse(tcp: TcpStream, peer: SocketAddr, edge: &Edge, finish: &CancellationToken) {
    // Playlists are small and awaited: they must not wait for the acknowledgement of what went before.
    let _ = tcp.set_nodelay(true);
    let patience = Patience::new(edge.services.http.write_timeout);
    let outgoing = Outgoing::default();
    let io = TokioIo::new(Patient::new(
        Outlet::new(tcp, outgoing.clone()),
        patience.clone(),
        edge.services.clone(),
    ));
    let itself = Connection { peer, patience, outgoing };
    let service = service_fn(async |mut request: Request<Incoming>| {
        request.extensions_mut().insert(itself.clone());
        Ok::<_, std::convert::Infallible>(edge.answer(request).await.map(Gathered::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(edge.services.http.header_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = finish.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection broke: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_trouble_that_lasts_is_told_of_now_and_then() {
        let mut told = Told::default();

        assert!(told.is_due());
        assert!(!told.is_due());
        tokio::time::advance(TELL_AGAIN).await;

        assert!(told.is_due());
    }
}
