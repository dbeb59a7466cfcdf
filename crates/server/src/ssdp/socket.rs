//! The socket that searches come in by, and the network interfaces they come from.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};

/// A Linux socket is a member of 20 groups at most (`net.ipv4.igmp_max_memberships`).
const MAX_INTERFACES: usize = 20;

/// A flag of an interface that knows multicast (`IFF_MULTICAST`).
const MULTICAST: u32 = 0x1000;

/// Listen at `address`, beside others of this machine who do so too.
pub(super) fn listen(address: SocketAddrV4) -> io::Result<UdpSocket> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    Ok(socket.into())
}

/// Hear what is sent to `group` on every interface; those that are heard already stay so.
pub(super) fn join(socket: &tokio::net::UdpSocket, group: Ipv4Addr) {
    let interfaces = interfaces();
    let any = Ipv4Addr::UNSPECIFIED;
    let heard = interfaces.iter().map(|index| {
        sockopt::set_ip_add_membership_with_ifindex(socket, &group, &any, *index).map_err(io::Error::from)
    });
    let mut heard: Vec<_> = heard.collect();
    if heard.is_empty() {
        heard.push(socket.join_multicast_v4(group, any));
    }
    for error in heard.into_iter().filter_map(Result::err) {
        if error.kind() != io::ErrorKind::AddrInUse {
            tracing::debug!("not every network interface is listened to for SSDP: {error}");
        }
    }
}

/// The numbers of the interfaces that know multicast; none where the system does not tell.
fn interfaces() -> Vec<u32> {
    let Ok(folder) = fs::read_dir("/sys/class/net") else { return Vec::new() };
    let read = |path: std::path::PathBuf| fs::read_to_string(path).ok();
    let interface = |place: std::path::PathBuf| {
        let flags = read(place.join("flags"))?;
        let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).ok()?;
        let index = read(place.join("ifindex"))?.trim().parse().ok()?;
        (flags & MULTICAST != 0).then_some(index)
    };
    folder.flatten().filter_map(|entry| interface(entry.path())).take(MAX_INTERFACES).collect()
}

/// The address of ours from which the way to `asker` begins. Nothing is sent.
pub(super) fn facing(asker: SocketAddr) -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(asker).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(own) => Some(own),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_listen_at_one_port() {
        let first = listen(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();

        let second =
            listen(SocketAddrV4::new(Ipv4Addr::LOCALHOST, first.local_addr().unwrap().port())).unwrap();

        assert_eq!(first.local_addr().unwrap(), second.local_addr().unwrap());
    }

    #[test]
    fn the_way_to_this_machine_begins_on_it() {
        assert_eq!(facing("127.0.0.1:1024".parse().unwrap()), Some(Ipv4Addr::LOCALHOST));
    }
}
