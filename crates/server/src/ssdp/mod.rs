//! Being found on the local network: answers to searches for UPnP devices (UPnP Device Architecture 1.1, 1.3).
//!
//! Plex and others look for tuners by it. Nothing is announced unasked, and nobody is answered who is not on a
//! private network: an answer is larger than its question, and whose address a question bears is easily made up.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::{queue::Queue, request::Request};

mod answer;
mod queue;
mod request;
mod socket;

pub use answer::Device;

/// Where devices are looked for (UPnP Device Architecture 1.1, 1.3.2).
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const PORT: u16 = 1900;

/// The longest question that is looked at, in bytes; a usual one has 150.
const MAX_REQUEST: usize = 2048;

/// How often is looked for new network interfaces.
const NEW_INTERFACES: Duration = Duration::from_secs(60);

/// After an error of the socket, which may be there to stay.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers those who look for UPnP devices, as long as it runs.
#[derive(Debug)]
pub struct Responder {
    socket: UdpSocket,
    device: Device,
    is_multicast: bool,
}

impl Responder {
    /// Listen where devices are looked for, beside others of this machine who do. To be called on a runtime.
    ///
    /// # Errors
    /// What the system says: the port may be somebody else's alone.
    pub fn bind(device: Device) -> io::Result<Self> {
        let socket = UdpSocket::from_std(socket::listen(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT))?)?;
        Ok(Self { socket, device, is_multicast: true })
    }

    /// Answer what comes through `socket`.
    #[must_use]
    pub fn on(socket: UdpSocket, device: Device) -> Self {
        Self { socket, device, is_multicast: false }
    }

    /// Answer until told to stop. What goes wrong meanwhile is logged; it passes, or nobody finds the server.
    pub async fn run(self, stop: CancellationToken) {
        let mut queue = Queue::new(Instant::now());
        let mut interfaces = interval(NEW_INTERFACES);
        interfaces.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut bytes = [0; MAX_REQUEST];
        loop {
            // Each of these can be dropped half done: no datagram is lost by it.
            tokio::select! {
                () = stop.cancelled() => return,
                _ = interfaces.tick(), if self.is_multicast => socket::join(&self.socket, GROUP),
                received = self.socket.recv_from(&mut bytes) => match received {
                    Ok((length, asker)) => self.hear(&bytes[..length], asker, &mut queue),
                    Err(error) => pause(&error).await,
                },
                () = due(queue.next()) => self.answer(&mut queue).await,
            }
        }
    }

    /// Plan the answers to a question. One that is too long was cut off, and has no end.
    fn hear(&self, bytes: &[u8], asker: SocketAddr, queue: &mut Queue) {
        let Some(request) = Request::read(bytes).filter(|_| is_neighbour(asker)) else { return };
        let now = Instant::now();
        for target in self.device.targets(&request.target) {
            let delay = request.wait.mul_f64(fastrand::f64());
            queue.add(now, now + delay, asker, target);
        }
    }

    async fn answer(&self, queue: &mut Queue) {
        while let Some(planned) = queue.take(Instant::now()) {
            // From where the way to the asker begins, there is a way back.
            let Some(own) = socket::facing(planned.asker) else { continue };
            let Some(address) = self.device.address(own, planned.asker.ip()) else { continue };
            let text = self.device.answer(&planned.target, address);
            if let Err(error) = self.socket.send_to(text.as_bytes(), planned.asker).await {
                tracing::debug!("an answer by SSDP was not sent: {error}");
            }
        }
    }
}

/// Who may be answered: somebody on a private network, at a port that no service listens at.
fn is_neighbour(asker: SocketAddr) -> bool {
    let IpAddr::V4(address) = asker.ip() else { return false };
    let is_near = address.is_private() || address.is_link_local() || address.is_loopback();
    is_near && asker.port() >= 1024 && asker.port() != PORT
}

async fn due(next: Option<Instant>) {
    match next {
        Some(next) => sleep_until(next).await,
        None => std::future::pending().await,
    }
}

async fn pause(error: &io::Error) {
    tracing::debug!("listening by SSDP: {error}");
    sleep(PAUSE).await;
}

#[cfg(test)]
mod tests {
    use tokio_util::task::TaskTracker;

    use super::*;

    const SEARCH: &str = "M-SEARCH * HTTP/1.1\r\nHOST: 127.0.0.1:1900\r\nMAN: \"ssdp:discover\"\r\nST: ";

    fn device() -> Device {
        let listen = "127.0.0.1:5004".parse().unwrap();
        Device { udn: "uuid:61636568-6c73-4000-8000-000010ace155".to_owned(), listen, boot: 7 }
    }

    #[test]
    fn only_neighbours_at_a_port_of_their_own_are_answered() {
        let is_answered = |asker: &str| is_neighbour(asker.parse().unwrap());

        for asker in ["192.168.1.2:50000", "10.1.2.3:1024", "172.16.0.1:1901", "169.254.1.1:5353"] {
            assert!(is_answered(asker), "{asker}");
        }
        for asker in
            ["8.8.8.8:50000", "172.32.0.1:50000", "192.168.1.2:19", "192.168.1.2:1900", "[::1]:50000"]
        {
            assert!(!is_answered(asker), "{asker}");
        }
    }

    #[tokio::test]
    async fn who_asks_is_answered_until_the_responder_stops() {
        let (ours, theirs) = (bound().await, bound().await);
        let place = ours.local_addr().unwrap();
        let stop = CancellationToken::new();
        let running = TaskTracker::new().spawn(Responder::on(ours, device()).run(stop.clone()));

        theirs.send_to(b"nonsense", place).await.unwrap();
        theirs.send_to(format!("{SEARCH}urn:of:another\r\n\r\n").as_bytes(), place).await.unwrap();
        theirs.send_to(format!("{SEARCH}ssdp:all\r\n\r\n").as_bytes(), place).await.unwrap();
        let mut targets = [String::new(), String::new(), String::new()];
        for target in &mut targets {
            let mut bytes = [0; 2048];
            let (length, from) = theirs.recv_from(&mut bytes).await.unwrap();
            assert_eq!(from, place);
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            *target = text.lines().find_map(|line| line.strip_prefix("ST: ")).unwrap().to_owned();
        }

        targets.sort();
        assert_eq!(
            targets,
            ["upnp:rootdevice", "urn:schemas-upnp-org:device:MediaServer:1", device().udn.as_str()]
        );
        stop.cancel();
        running.await.unwrap();
    }

    async fn bound() -> UdpSocket {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
    }
}
