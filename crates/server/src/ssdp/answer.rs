//! What the device says of itself to those who look for it (UPnP Device Architecture 1.1, 1.3.3).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What kind of device a tuner is.
const KIND: &str = "urn:schemas-upnp-org:device:MediaServer:1";
const ROOT: &str = "upnp:rootdevice";

/// How long an answer holds, in seconds: half an hour is the least (1.3.3).
const MAX_AGE: u32 = 1800;

/// The device that is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its name for ever, as its description has it: `uuid:` and 36 characters.
    pub udn: String,
    /// Where its HTTP server listens.
    pub listen: SocketAddr,
    /// A number that is larger each time it starts: seconds since 1970 will do.
    pub boot: u32,
}

impl Device {
    /// As what the device answers to a search for `wanted` (1.3.2, table 1-4).
    pub(super) fn targets(&self, wanted: &str) -> Vec<String> {
        let own = [ROOT, &self.udn, KIND];
        own.into_iter().filter(|own| wanted == "ssdp:all" || wanted == *own).map(str::to_owned).collect()
    }

    /// Where `asker` reaches the HTTP server, if it does, when the way to it begins at `own`.
    pub(super) fn address(&self, own: Ipv4Addr, asker: IpAddr) -> Option<SocketAddr> {
        let listens_at = match self.listen.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(own),
            ip => ip,
        };
        let reaches = !listens_at.is_loopback() || asker.is_loopback();
        reaches.then(|| SocketAddr::new(listens_at, self.listen.port()))
    }

    /// The answer as `target`, to one who reaches the HTTP server at `address`.
    pub(super) fn answer(&self, target: &str, address: SocketAddr) -> String {
        let Self { udn, boot, .. } = self;
        let name = if target == udn { udn.clone() } else { format!("{udn}::{target}") };
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age={MAX_AGE}\r\nEXT: \r\nLOCATION: http://{address}/device.xml\r\n\
             SERVER: {os}/1 UPnP/1.1 acehls/{version}\r\nST: {target}\r\nUSN: {name}\r\n\
             BOOTID.UPNP.ORG: {boot}\r\n\r\n",
            os = std::env::consts::OS,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UDN: &str = "uuid:61636568-6c73-4000-8000-000010ace155";

    fn device(listen: &str) -> Device {
        Device { udn: UDN.to_owned(), listen: listen.parse().unwrap(), boot: 1_795_352_118 }
    }

    #[test]
    fn an_answer_says_where_the_description_is() {
        let answer = device("0.0.0.0:8000").answer(KIND, "192.168.1.5:8000".parse().unwrap());

        let expected = format!(
            "HTTP/1.1 200 OK\r\n\
             CACHE-CONTROL: max-age=1800\r\n\
             EXT: \r\n\
             LOCATION: http://192.168.1.5:8000/device.xml\r\n\
             SERVER: {}/1 UPnP/1.1 acehls/{}\r\n\
             ST: urn:schemas-upnp-org:device:MediaServer:1\r\n\
             USN: {UDN}::urn:schemas-upnp-org:device:MediaServer:1\r\n\
             BOOTID.UPNP.ORG: 1795352118\r\n\r\n",
            std::env::consts::OS,
            env!("CARGO_PKG_VERSION"),
        );
        assert_eq!(answer, expected);
    }

    #[test]
    fn asked_by_its_own_name_the_device_answers_with_nothing_else() {
        let answer = device("0.0.0.0:8000").answer(UDN, "192.168.1.5:8000".parse().unwrap());

        assert!(answer.contains(&format!("\r\nST: {UDN}\r\nUSN: {UDN}\r\n")), "{answer}");
    }

    #[test]
    fn a_device_is_three_things_and_no_other() {
        let targets = |wanted: &str| device("0.0.0.0:8000").targets(wanted);

        assert_eq!(targets("ssdp:all"), [ROOT, UDN, KIND]);
        for own in [ROOT, UDN, KIND] {
            assert_eq!(targets(own), [own]);
        }
        assert!(targets("urn:schemas-upnp-org:device:MediaRenderer:1").is_empty());
    }

    #[test]
    fn the_address_is_one_that_the_asker_reaches() {
        let own = Ipv4Addr::new(192, 168, 1, 5);
        let address = |listen: &str, asker: &str| {
            device(listen).address(own, asker.parse().unwrap()).map(|address| address.to_string())
        };

        assert_eq!(address("0.0.0.0:8000", "192.168.1.9").as_deref(), Some("192.168.1.5:8000"));
        assert_eq!(address("[::]:8000", "192.168.1.9").as_deref(), Some("192.168.1.5:8000"));
        assert_eq!(address("10.0.0.1:80", "192.168.1.9").as_deref(), Some("10.0.0.1:80"));
        assert_eq!(address("127.0.0.1:8000", "127.0.0.1").as_deref(), Some("127.0.0.1:8000"));
        assert_eq!(address("127.0.0.1:8000", "192.168.1.9"), None);
    }
}
