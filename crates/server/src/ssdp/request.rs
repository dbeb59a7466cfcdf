//! A search request, as it comes by UDP (UPnP Device Architecture 1.1, 1.3.2 and 1.3.3).

use std::time::Duration;

/// No more is waited than that, whatever the asker allows (1.3.3).
const MAX_WAIT: u64 = 5;
/// A search by unicast is answered within a second (1.3.3).
const UNICAST_WAIT: Duration = Duration::from_secs(1);

/// What somebody looks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// What kind of device, or which.
    pub(super) target: String,
    /// How long the answers may take: each comes somewhere within.
    pub(super) wait: Duration,
}

impl Request {
    /// `None` when the datagram is no search that may be answered.
    pub(super) fn read(datagram: &[u8]) -> Option<Self> {
        let text = str::from_utf8(datagram).ok()?;
        let (head, _) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        if lines.next()? != "M-SEARCH * HTTP/1.1" {
            return None;
        }
        let headers = Headers(lines.collect());
        let man = headers.get("man").filter(|man| *man == "\"ssdp:discover\"");
        man?;
        let target = headers.get("st").filter(|target| !target.is_empty())?.to_owned();
        Some(Self { target, wait: headers.wait()? })
    }
}

struct Headers<'a>(Vec<&'a str>);

impl<'a> Headers<'a> {
    fn get(&self, wanted: &str) -> Option<&'a str> {
        let mut pairs = self.0.iter().filter_map(|line| line.split_once(':'));
        pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    }

    /// A search by multicast says how long; one that does not is to be ignored (1.3.3).
    fn wait(&self) -> Option<Duration> {
        match self.get("mx") {
            Some(seconds) => Some(Duration::from_secs(seconds.parse::<u64>().ok()?.min(MAX_WAIT))),
            None if self.get("host")?.starts_with("239.255.255.250") => None,
            None => Some(UNICAST_WAIT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(headers: &str) -> Option<Request> {
        Request::read(format!("M-SEARCH * HTTP/1.1\r\n{headers}\r\n").as_bytes())
    }

    fn wait(headers: &str) -> Option<u64> {
        search(headers).map(|request| request.wait.as_secs())
    }

    const MULTICAST: &str = "HOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nST: ssdp:all\r\n";

    #[test]
    fn a_search_says_what_is_looked_for_and_how_long() {
        let request = search(
            "Host:239.255.255.250:1900\r\nst:urn:schemas-upnp-org:device:MediaServer:1\r\nMan:\"ssdp:discover\"\r\n\
             mx:  2 \r\nUSER-AGENT: x\r\n",
        );

        let target = "urn:schemas-upnp-org:device:MediaServer:1".to_owned();
        assert_eq!(request, Some(Request { target, wait: Duration::from_secs(2) }));
    }

    #[test]
    fn nobody_is_made_to_wait_for_more_than_five_seconds() {
        assert_eq!(wait(&format!("{MULTICAST}MX: 120\r\n")), Some(5));
        assert_eq!(wait(&format!("{MULTICAST}MX: 0\r\n")), Some(0));
    }

    #[test]
    fn only_a_search_by_unicast_may_leave_out_how_long() {
        assert_eq!(wait(MULTICAST), None);
        assert_eq!(wait(&MULTICAST.replace("239.255.255.250", "192.168.1.2")), Some(1));
        assert_eq!(wait("MAN: \"ssdp:discover\"\r\nST: ssdp:all\r\n"), None);
    }

    #[test]
    fn what_is_no_search_is_not_answered() {
        let whole = format!("M-SEARCH * HTTP/1.1\r\n{MULTICAST}MX: 1\r\n\r\n");
        assert!(Request::read(whole.as_bytes()).is_some());

        for (from, to) in [
            ("M-SEARCH", "NOTIFY"),
            ("\"ssdp:discover\"", "ssdp:discover"),
            ("\"ssdp:discover\"", "\"ssdp:alive\""),
            ("ssdp:all", ""),
            ("MX: 1", "MX: -1"),
            ("MX: 1", "MX: 99999999999999999999999"),
            ("MX: 1", "MX: one"),
        ] {
            assert_eq!(Request::read(whole.replacen(from, to, 1).as_bytes()), None, "{to}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_a_cut_question_is_none() {
        let whole = format!("M-SEARCH * HTTP/1.1\r\n{MULTICAST}MX: 1\r\n\r\n").into_bytes();
        for end in 0..whole.len() {
            assert_eq!(Request::read(&whole[..end]), None);
        }
        for at in 0..whole.len() {
            let mut odd = whole.clone();
            for byte in [0, b':', b'\r', b'\n', 0xFF, 0xC3] {
                odd[at] = byte;
                let _ = Request::read(&odd);
            }
        }
    }
}
