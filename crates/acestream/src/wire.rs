//! One GET over a connection of its own: as much of an HTTP/1.1 client (RFC 9112) as a session needs.
//!
//! Media comes for hours at the rate it is played. To leave it in the kernel's buffer until a whole block is there,
//! and to take it from there with one copy, the socket must be ours; a client library hands on what it likes.

use std::io;

use bytes::Bytes;
use reqwest::Url;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{Error, engine::CONNECT_LIMIT, framing::Framing};

/// The longest head of an answer that is read.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
const USER_AGENT: &str = concat!("acehls/", env!("CARGO_PKG_VERSION"));

/// What the head of an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    location: Option<String>,
    /// Without its parameters, in lower case.
    pub(crate) content_type: String,
    pub(crate) framing: Framing,
}

/// An answer whose body has not been read yet.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) socket: TcpStream,
    /// What came of the body together with the head.
    pub(crate) begun: Bytes,
}

impl Answer {
    /// The whole body; an error when it is longer than `limit` bytes. Without a limit of time.
    pub(crate) async fn body(self, limit: usize) -> Result<Vec<u8>, Error> {
        let body = self.beginning(limit).await?;
        if body.len() > limit {
            return Err(Error::Unexpected(format!("an answer of more than {limit} bytes")));
        }
        Ok(body)
    }

    /// The body, or some more than `limit` bytes of it where it is longer. Without a limit of time.
    pub(crate) async fn beginning(self, limit: usize) -> Result<Vec<u8>, Error> {
        let Self { head: Head { mut framing, .. }, mut socket, begun: mut input } = self;
        let mut body = Vec::new();
        loop {
            while let Some(piece) = framing.piece(&mut input).map_err(|damaged| not_http(&damaged))? {
                body.extend_from_slice(&piece);
            }
            if body.len() > limit || framing.is_over() {
                return Ok(body);
            }
            let mut read = Vec::with_capacity(4096);
            if socket.read_buf(&mut read).await.map_err(hung_up)? == 0 {
                return if framing.may_end() { Ok(body) } else { Err(closed()) };
            }
            input = Bytes::from(read);
        }
    }
}

/// Ask for `url`, which is of the scheme `http`. Waits at most 3 s for the connection, and without a limit of its own
/// for the head of the answer.
pub(crate) async fn get(url: &Url) -> Result<Answer, Error> {
    let mut socket = connect(url).await.map_err(|error| Error::from_io(&error))?;
    socket.write_all(request(url).as_bytes()).await.map_err(hung_up)?;
    let (head, begun) = head(&mut socket).await?;
    Ok(Answer { head, socket, begun })
}

/// The head of the answer that `input` begins with, and what came of the body together with it.
pub(crate) async fn head(input: &mut (impl AsyncRead + Unpin)) -> Result<(Head, Bytes), Error> {
    let mut read = Vec::with_capacity(4096);
    loop {
        if let Some((head, length)) = parse(&read)? {
            return Ok((head, Bytes::from(read).slice(length..)));
        }
        if read.len() >= MAX_HEAD {
            return Err(not_http(&"an endless head"));
        }
        let count = input.read_buf(&mut read).await;
        if count.map_err(hung_up)? == 0 {
            return Err(closed());
        }
    }
}

async fn connect(url: &Url) -> io::Result<TcpStream> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(80);
    let socket = timeout(CONNECT_LIMIT, TcpStream::connect((host, port))).await??;
    socket.set_nodelay(true)?;
    Ok(socket)
}

fn request(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = url.path();
    format!(
        "GET {path}{query} HTTP/1.1\r\nHost: {host}{port}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n"
    )
}

/// The head and how long it is, once it is whole. Interim answers (RFC 9110, 15.2) are passed over.
fn parse(input: &[u8]) -> Result<Option<(Head, usize)>, Error> {
    let mut passed = 0;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let status = response.parse(&input[passed..]).map_err(|error| not_http(&error))?;
        let httparse::Status::Complete(length) = status else { return Ok(None) };
        passed += length;
        if response.code.is_none_or(|code| code >= 200) {
            return Ok(Some((Head::of(&response)?, passed)));
        }
    }
}

impl Head {
    /// Where the answer points to, if it is a redirect.
    pub(crate) fn redirect(&self) -> Option<&str> {
        self.location.as_deref().filter(|_| (300..400).contains(&self.status))
    }

    fn of(response: &httparse::Response<'_, '_>) -> Result<Self, Error> {
        let header = |name: &str| {
            let mut found = response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
            found.next().map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
        };
        let length = header("content-length").map(|length| length.parse());
        let length = length.transpose().map_err(|_| not_http(&"a length that is no number"))?;
        let coding = header("transfer-encoding").unwrap_or_default().to_ascii_lowercase();
        let content_type = header("content-type").unwrap_or_default();
        Ok(Self {
            status: response.code.unwrap_or_default(),
            location: header("location"),
            content_type: content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
            framing: Framing::new(coding.ends_with("chunked"), length),
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn hung_up(error: io::Error) -> Error {
    Error::HungUp(error.to_string())
}

fn closed() -> Error {
    Error::HungUp("the connection was closed".to_owned())
}

fn not_http(what: &dyn std::fmt::Display) -> Error {
    Error::Unexpected(format!("not HTTP ({what})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Head {
        parse(text.as_bytes()).unwrap().unwrap().0
    }

    #[test]
    fn a_request_names_the_host_as_the_url_does() {
        let request = |url: &str| request(&Url::parse(url).unwrap());

        assert!(
            request("http://engine:6878/a%20b?c=d")
                .starts_with("GET /a%20b?c=d HTTP/1.1\r\nHost: engine:6878\r\n")
        );
        assert!(request("http://[::1]/").starts_with("GET / HTTP/1.1\r\nHost: [::1]\r\n"));
    }

    #[test]
    fn a_head_is_read_once_it_is_whole_and_behind_interim_answers() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nlocation: /x\r\nContent-Type: Text/HTML; a=b\r\n\r\nrest";
        for end in 0..text.len() - 4 {
            assert_eq!(parse(&text.as_bytes()[..end]).unwrap(), None);
        }
        let (head, length) = parse(text.as_bytes()).unwrap().unwrap();

        assert_eq!(&text[length..], "rest");
        assert_eq!((head.status, head.location.as_deref()), (302, Some("/x")));
        assert_eq!(head.content_type, "text/html");
    }

    #[test]
    fn the_framing_is_what_the_head_says() {
        assert_eq!(parsed("HTTP/1.0 200 OK\r\n\r\n").framing, Framing::new(false, None));
        assert_eq!(
            parsed("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n").framing,
            Framing::new(false, Some(7))
        );
        // Chunks win over a length (RFC 9112, 6.3).
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: Chunked\r\n\r\n";
        assert_eq!(parsed(both).framing, Framing::new(true, None));
    }

    #[tokio::test]
    async fn who_hangs_up_before_an_answer_is_there() {
        assert!(matches!(head(&mut &b""[..]).await, Err(Error::HungUp(_))));
        assert!(matches!(head(&mut &b"HTTP/1.1 200 OK\r\n"[..]).await, Err(Error::HungUp(_))));
    }

    /// The body of an answer of `text`, read with a limit of 10 bytes.
    async fn body(text: &'static str) -> Result<Vec<u8>, Error> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let engine = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            socket.write_all(text.as_bytes()).await.unwrap();
        };
        let (answer, ()) = tokio::join!(get(&url), engine);
        answer.unwrap().body(10).await
    }

    #[tokio::test]
    async fn a_body_is_read_as_far_as_its_framing_says_and_no_further_than_the_limit() {
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef").await.unwrap(), b"abc");
        assert_eq!(body("HTTP/1.1 200 OK\r\n\r\nabcdef").await.unwrap(), b"abcdef");
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        assert_eq!(body(chunks).await.unwrap(), b"abc");

        let short = body("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nabc").await;
        assert!(matches!(short, Err(Error::HungUp(_))));
        let long = body("HTTP/1.1 200 OK\r\n\r\n0123456789a").await;
        assert!(matches!(long, Err(Error::Unexpected(_))));
    }

    #[test]
    fn what_is_no_http_is_refused() {
        for text in ["SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"] {
            assert!(matches!(parse(text.as_bytes()), Err(Error::Unexpected(_))), "{text}");
        }
    }
}
