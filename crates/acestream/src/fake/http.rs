//! As much HTTP as the engine's server knows: one request a connection, then it closes.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const MAX_HEAD: usize = 16 * 1024;

/// What every answer of the engine begins with, behind the status line.
const SERVER: &str = "Server: BaseHTTP/0.6 Python/3.8.16\r\nAccess-Control-Allow-Origin: *\r\n";

/// A request's head.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    query: Vec<(String, String)>,
    /// The engine builds its URLs from it.
    pub(super) host: String,
    /// HTTP/1.0 knows no chunks.
    pub(super) is_old: bool,
}

/// How the end of a body without a length is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Chunks,
    Close,
    /// An answer to HEAD.
    NoBody,
}

impl Request {
    /// The head of the request that comes through `socket`; `None` when it is none.
    pub(super) async fn read(socket: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut head = Vec::with_capacity(1024);
        while head.len() < MAX_HEAD {
            if socket.read_buf(&mut head).await? == 0 {
                return Ok(None);
            }
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut request = httparse::Request::new(&mut headers);
            match request.parse(&head) {
                Ok(httparse::Status::Complete(_)) => return Ok(Self::of(&request)),
                Ok(httparse::Status::Partial) => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn of(request: &httparse::Request<'_, '_>) -> Option<Self> {
        let base = reqwest::Url::parse("http://engine").ok()?;
        let url = base.join(request.path?).ok()?;
        let host = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("host"));
        let host = host.and_then(|host| str::from_utf8(host.value).ok()).unwrap_or("127.0.0.1:6878");
        Some(Self {
            method: request.method?.to_owned(),
            path: url.path().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            host: host.to_owned(),
            is_old: request.version == Some(0),
        })
    }

    /// The value of a query parameter that is not empty.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let value = self.query.iter().find(|(key, _)| key == name);
        value.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether a flag is set: the engine's clients write them as 0 and 1.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| value == "1" || value == "true")
    }
}

/// Send an answer whose length is known.
pub(super) async fn send(socket: &mut TcpStream, status: u16, kind: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} {}\r\n{SERVER}Content-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
        reason(status)
    );
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(body).await?;
    socket.shutdown().await
}

/// Send a redirect as the engine does: neither length nor chunks, the body ends with the connection.
pub(super) async fn redirect(socket: &mut TcpStream, location: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 302 Found\r\n{SERVER}Location: {location}\r\n\r\nRedirect to {location}");
    socket.write_all(answer.as_bytes()).await
}

/// Send the head of a body that ends with the connection.
pub(super) async fn head(socket: &mut TcpStream, kind: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\n{SERVER}Content-Type: {kind}\r\n\r\n");
    socket.write_all(head.as_bytes()).await
}

/// Send the head of a transport stream as the open re-implementation does.
pub(super) async fn open_head(socket: &mut TcpStream, framing: Framing) -> io::Result<()> {
    let head = match framing {
        Framing::Close => "HTTP/1.0 200 OK\r\ncontent-type: video/mp2t\r\n\r\n",
        Framing::Chunks | Framing::NoBody => {
            "HTTP/1.1 200 OK\r\ncontent-type: video/mp2t\r\ntransfer-encoding: chunked\r\n\r\n"
        }
    };
    socket.write_all(head.as_bytes()).await
}

/// Send what a second reader gets: two status lines, one behind the other.
pub(super) async fn corrupt_head(socket: &mut TcpStream) -> io::Result<()> {
    socket.write_all(b"HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n\r\n").await?;
    socket.shutdown().await
}

/// Wait until the client leaves. What it sends meanwhile is not read by anyone.
pub(super) async fn gone(read: &mut (impl AsyncReadExt + Unpin)) {
    let mut bytes = [0; 512];
    while read.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        500 => "Internal Server Error",
        501 => "Unsupported method",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}
