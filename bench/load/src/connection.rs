//! A keep-alive connection that asks for one thing at a time.

use std::cell::RefCell;

use tokio::{
    net::TcpStream,
    time::{Duration, timeout},
};

use crate::Result;

const LIMIT: Duration = Duration::from_secs(60);
const SCRATCH: usize = 256 * 1_024;

thread_local! {
    /// One for all: only media that nobody looks at again is read into it.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into());
}

/// The server, and the folder and query of a playlist there.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: String,
    /// With the last slash.
    pub(crate) folder: String,
    pub(crate) file: String,
    /// Without its question mark, may be empty.
    pub(crate) query: String,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").ok_or("only http:// is known here")?;
        let (host, path) = rest.split_once('/').ok_or("a URL with a path is needed")?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        Ok(Self {
            host: host.to_owned(),
            folder: format!("/{folder}/"),
            file: file.to_owned(),
            query: query.to_owned(),
        })
    }
}

pub(crate) struct Connection {
    target: Target,
    agent: usize,
    socket: TcpStream,
    pub(crate) body: Vec<u8>,
}

/// What came: the status, and how long the body was.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) length: usize,
}

struct Head {
    status: u16,
    /// Of the head itself.
    size: usize,
    length: usize,
}

impl Connection {
    /// The server tells viewers apart by their address and their `User-Agent`.
    pub(crate) async fn open(target: &Target, agent: usize) -> Result<Self> {
        let socket = timeout(LIMIT, TcpStream::connect(&target.host)).await??;
        socket.set_nodelay(true)?;
        Ok(Self { target: target.clone(), agent, socket, body: Vec::new() })
    }

    pub(crate) async fn playlist(&mut self, directives: &str) -> Result<Answer> {
        self.ask_playlist(directives).await?;
        self.answer(true).await
    }

    /// Send the request alone.
    pub(crate) async fn ask_playlist(&mut self, directives: &str) -> Result<()> {
        let Target { file, query, .. } = &self.target;
        let path = match (query.is_empty(), directives.is_empty()) {
            (_, true) => format!("{file}?{query}"),
            (true, _) => format!("{file}?{directives}"),
            _ => format!("{file}?{query}&{directives}"),
        };
        self.ask(&path).await
    }

    pub(crate) async fn media(&mut self, file: &str) -> Result<Answer> {
        self.ask(file).await?;
        self.answer(false).await
    }

    async fn ask(&self, path: &str) -> Result<()> {
        let Target { host, folder, .. } = &self.target;
        let agent = self.agent;
        let request =
            format!("GET {folder}{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: load/{agent}\r\n\r\n");
        let mut rest = request.as_bytes();
        while !rest.is_empty() {
            self.socket.writable().await?;
            match self.socket.try_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Read the answer; its body is in `body` if it is kept.
    pub(crate) async fn answer(&mut self, kept: bool) -> Result<Answer> {
        timeout(LIMIT, self.read_answer(kept)).await?
    }

    async fn read_answer(&mut self, kept: bool) -> Result<Answer> {
        self.body.clear();
        let (mut head, mut read): (Option<Head>, usize) = (None, 0);
        loop {
            self.socket.readable().await?;
            let count = BUFFER.with_borrow_mut(|buffer| {
                let result = self.socket.try_read(buffer);
                if let Ok(count) = result
                    && (kept || head.is_none())
                {
                    self.body.extend_from_slice(&buffer[..count]);
                }
                result
            });
            match count {
                Ok(0) => return Err(format!("the server closed the connection of viewer {}", self.agent).into()),
                Ok(count) => read += count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
            if head.is_none() {
                head = parse(&self.body)?;
            }
            if let Some(Head { status, size, length }) = head
                && read >= size + length
            {
                self.body.drain(..size.min(self.body.len()));
                return Ok(Answer { status, length });
            }
        }
    }
}

/// `None` while the head is not whole.
fn parse(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(size) = response.parse(bytes)? else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.ok_or("an answer without Content-Length")?;
    let length = std::str::from_utf8(length.value)?.parse()?;
    Ok(Some(Head { status, size, length }))
}
