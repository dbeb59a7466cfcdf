//! The `[http]` section.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use ipnet::IpNet;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::config::{Secret, duration, size, unset};

/// Far more than a machine holds, and less than a semaphore can count.
const MAX_CONNECTIONS: usize = 1_000_000;

/// Where the server listens, who may come in, and how long it is patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address to listen on.
    pub listen: IpAddr,
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// Where clients reach this server, when a proxy or a name stands in front of it.
    #[serde(with = "unset")]
    pub public_url: Option<Url>,
    /// What everyone who watches has to give, by HTTP Basic or as a Bearer token.
    #[serde(with = "unset")]
    pub password: Option<Secret>,
    /// Anyone on the network may watch, without a password.
    pub open: bool,
    /// The web origins whose pages may use this server, with credentials. Empty: any, without credentials.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `Forwarded` and `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// How many connections are served at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long a client may take to send a request's headers, and stay idle between requests.
    #[serde(with = "duration")]
    pub header_timeout: Duration,
    /// How long a client may take to send a request's body.
    #[serde(with = "duration")]
    pub body_timeout: Duration,
    /// How long an answer may wait for a client that takes nothing of it, or so little that the system's buffer for it gets
    /// no room again.
    #[serde(with = "duration")]
    pub write_timeout: Duration,
    /// The largest request body.
    #[serde(with = "size")]
    pub max_body: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8000,
            public_url: None,
            password: None,
            open: false,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_connections: 4096,
            header_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(30),
            max_body: 64 << 10,
        }
    }
}

impl Config {
    /// The address and port to listen on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.listen, self.port)
    }

    /// Refuse what cannot work, and an open door that nobody meant to open.
    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.listen.is_loopback() || self.password.is_some() || self.open,
            "http.listen = \"{}\" lets other machines in, and there is no password. Set http.password (everyone \
             who watches then has to give it), or set http.open = true to say that anyone on the network may watch.",
            self.listen
        );
        if let Some(url) = &self.public_url {
            let scheme = url.scheme();
            anyhow::ensure!(
                matches!(scheme, "http" | "https"),
                "http.public_url: clients come by http or https, not {scheme}"
            );
            // It stands in answers, for all to see.
            anyhow::ensure!(
                url.username().is_empty() && url.password().is_none(),
                "http.public_url: takes no user name and no password"
            );
        }
        for origin in &self.allowed_origins {
            check_origin(origin)?;
        }
        self.check_bounds()
    }

    fn check_bounds(&self) -> anyhow::Result<()> {
        for (key, value) in [
            ("http.header_timeout", self.header_timeout),
            ("http.body_timeout", self.body_timeout),
            ("http.write_timeout", self.write_timeout),
        ] {
            duration::check(key, value, Duration::from_millis(1))?;
        }
        anyhow::ensure!(
            (1..=MAX_CONNECTIONS).contains(&self.max_connections),
            "http.max_connections: {} is out of bounds, it takes 1 to {MAX_CONNECTIONS}",
            self.max_connections
        );
        anyhow::ensure!(self.max_body > 0, "http.max_body: 0 would refuse every request with a body");
        Ok(())
    }

    /// Whether what `address` says about the client it speaks for is believed.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.0.contains(&address.to_canonical()))
    }
}

/// An origin is compared as text with what browsers send, so it has to be written as they write it.
fn check_origin(origin: &str) -> anyhow::Result<()> {
    // Never shown: what stands before the @ may be a password.
    anyhow::ensure!(
        !origin.contains('@'),
        "http.allowed_origins: an origin has no user name and no password, as in \"https://tv.example\""
    );
    let sent = Url::parse(origin).map(|url| url.origin().ascii_serialization());
    anyhow::ensure!(
        sent.as_deref() == Ok(origin),
        "http.allowed_origins: {origin:?} is not written as browsers send it, such as \"https://tv.example\""
    );
    Ok(())
}

/// An address, or a network such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        net.map(Self).map_err(|_| format!("{text:?} is no address and no network such as \"10.0.0.0/8\""))
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_beyond_this_machine_asks_for_a_password_or_a_word() {
        let beyond = Config { listen: Ipv4Addr::UNSPECIFIED.into(), ..Config::default() };

        let refused = beyond.check().unwrap_err().to_string();
        assert!(refused.contains("http.password") && refused.contains("http.open = true"), "{refused}");

        assert!(Config { open: true, ..beyond.clone() }.check().is_ok());
        assert!(Config { password: Some("x".parse().unwrap()), ..beyond }.check().is_ok());
        assert!(Config::default().check().is_ok());
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_its_key() {
        let refused = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };

        assert!(refused(|it| it.max_connections = 0).starts_with("http.max_connections: 0 "));
        assert!(refused(|it| it.max_connections = usize::MAX).starts_with("http.max_connections: "));
        assert!(refused(|it| it.header_timeout = Duration::ZERO).starts_with("http.header_timeout: 0ns "));
        assert!(refused(|it| it.body_timeout = Duration::MAX).starts_with("http.body_timeout: "));
        assert!(refused(|it| it.write_timeout = Duration::ZERO).starts_with("http.write_timeout: "));
        assert!(refused(|it| it.max_body = 0).starts_with("http.max_body: "));
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_refused() {
        for origin in ["tv.example", "https://tv.example/", "https://TV.example", "*"] {
            let config = Config { allowed_origins: vec![origin.to_owned()], ..Config::default() };
            let refused = config.check().unwrap_err().to_string();
            assert!(refused.starts_with("http.allowed_origins: "), "{refused}");
        }
    }

    #[test]
    fn a_proxy_is_trusted_by_address_or_by_network() {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let config = Config { trusted_proxies, ..Config::default() };

        assert!(config.trusts("10.1.2.3".parse().unwrap()));
        assert!(config.trusts("::ffff:10.1.2.3".parse().unwrap()));
        assert!(config.trusts("::1".parse().unwrap()));
        assert!(!config.trusts("11.0.0.1".parse().unwrap()));
        assert!("10.0.0.0/99".parse::<Network>().is_err());
    }
}
