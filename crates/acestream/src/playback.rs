//! The media of a session, as it comes.

use std::{io, mem, time::Duration};

use bytes::Bytes;
use reqwest::Url;
use rustix::{io::Errno, net::sockopt};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{
    Error, answer,
    block::{Block, PACKET_LEN},
    engine::{Connection, limited},
    framing::Framing,
    wire::{self, Answer},
};

/// For the text that comes with an error status; it is only there to be shown.
const TEXT_LIMIT: Duration = Duration::from_secs(1);
const MAX_TEXT: usize = 4096;
/// The most memory that the kernel keeps of what it has handed out in part: 64 kB of payload, rounded up.
const READ_IN_PART: usize = 128 << 10;
/// getstream, `/ace/r`, `/content`: the engine needs two.
const MAX_REDIRECTS: usize = 4;

/// The media of a session, as it comes: any number of bytes, at any place of a packet.
///
/// Dropping it closes the connection.
#[derive(Debug)]
pub struct Playback {
    socket: Socket,
    framing: Framing,
    /// What was read of the connection and not given out.
    input: Bytes,
    /// How many bytes of a packet were read last, in a body that began with one and is not chunked.
    begun: usize,
    /// Whether so much gathered in the kernel that the engine may have had to wait.
    was_full: bool,
}

#[derive(Debug)]
enum Socket {
    /// The runtime wakes us when bytes come.
    Woken(TcpStream),
    /// Nobody does: we look.
    Watched(std::net::TcpStream),
    /// It could not be handed over.
    Broken,
}

/// What [`Playback::take`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Media.
    Data(Bytes),
    /// Not enough has come.
    Nothing,
    /// The body ended.
    End,
}

impl Playback {
    /// The most bytes that one piece has: a multiple of the packets of a transport stream, so that pieces of one that
    /// begins with the body are cut between packets.
    pub const BLOCK: usize = Block::LEN;

    /// Whether the next pieces will need memory from the system: a good moment to let go of some.
    #[must_use]
    pub fn is_short_of_memory() -> bool {
        Block::are_few()
    }

    /// What comes from `socket` behind `begun`, which came together with the head.
    fn new(socket: TcpStream, framing: Framing, begun: Bytes) -> Self {
        let socket = Socket::Woken(socket);
        Self { socket, framing, begun: begun.len() % PACKET_LEN, input: begun, was_full: false }
    }

    /// Follow `url` to media.
    pub(crate) async fn open(connection: &Connection, url: &Url) -> Result<Self, Error> {
        let answer = follow(connection, url.clone()).await?;
        match answer.head.status {
            200..300 => {}
            400.. => return Err(refusal(answer).await),
            status => return Err(Error::Unexpected(format!("HTTP {status} as playback"))),
        }
        match answer.head.content_type.as_str() {
            "application/json" | "text/json" => Err(complaint(answer).await),
            kind @ ("application/vnd.apple.mpegurl"
            | "application/x-mpegurl"
            | "audio/mpegurl"
            | "text/html") => {
                Err(Error::Unexpected(format!("{kind} where a transport stream was asked for")))
            }
            _ => Ok(Self::new(answer.socket, answer.head.framing, answer.begun)),
        }
    }

    /// The next bytes, `None` at the end. Waits as long as the engine does: put a limit around it.
    ///
    /// Safe to drop half done, as in `select!`: no byte is lost.
    ///
    /// # Errors
    /// [`Error::Cut`] when the connection broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if let Some(piece) = self.piece()? {
                return Ok(Some(piece));
            }
            if self.framing.is_over() {
                return Ok(None);
            }
            let begun = self.begun;
            let socket = self.woken()?;
            socket.readable().await.map_err(|error| cut(&error))?;
            let mut block = Block::take();
            match socket.read(block.space(begun)).await.map_err(|error| cut(&error))? {
                0 => return self.ended().map(|()| None),
                count => self.was_read(block.filled(count)),
            }
        }
    }

    /// What has come, without waiting: at most [`BLOCK`](Self::BLOCK) bytes, and [`Taken::Nothing`] while fewer than
    /// `least` are there, unless there is no room for more. Media that is taken so now and then wakes nobody in
    /// between: it gathers in the kernel.
    ///
    /// # Errors
    /// [`Error::Cut`] when the connection broke.
    pub fn take(&mut self, least: usize) -> Result<Taken, Error> {
        loop {
            if let Some(piece) = self.piece()? {
                return Ok(Taken::Data(piece));
            }
            if self.framing.is_over() {
                return Ok(Taken::End);
            }
            if !self.has(least)? {
                return Ok(Taken::Nothing);
            }
            let begun = self.begun;
            match read_now(self.watched()?, begun)? {
                Now::Block(block) => self.was_read(block),
                Now::Nothing => return Ok(Taken::Nothing),
                Now::Closed => return self.ended().map(|()| Taken::End),
            }
        }
    }

    /// Whether, since this was last asked, [`take`](Self::take) found the kernel's buffer so full that the engine may have
    /// had to wait: what it kept back comes within a round trip, and should be taken soon.
    pub fn was_full(&mut self) -> bool {
        mem::take(&mut self.was_full)
    }

    /// Whether it is worth a read: at least `least` bytes are there, or as many as there is room for. Or none, as only a
    /// read tells of a connection that broke or ended.
    ///
    /// Where there is little room, the rest of what was read in part is read as well, or nothing else may have any.
    fn has(&mut self, least: usize) -> Result<bool, Error> {
        let socket = self.watched()?;
        let there = rustix::io::ioctl_fionread(socket).map_err(|errno| cut(&errno.into()))?;
        let room = sockopt::socket_recv_buffer_size(socket).map_err(|errno| cut(&errno.into()))?;
        let there = usize::try_from(there).unwrap_or(usize::MAX);
        let room = Room(room);
        self.was_full |= room.is_full(there);
        let is_rest = self.was_full && room.is_little();
        Ok(there == 0 || there >= least || room.is_full(there) || is_rest)
    }

    fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        self.framing.piece(&mut self.input).map_err(|damaged| Error::Cut(damaged.to_string()))
    }

    fn was_read(&mut self, input: Bytes) {
        self.begun = (self.begun + input.len()) % PACKET_LEN;
        self.input = input;
    }

    fn ended(&self) -> Result<(), Error> {
        if self.framing.may_end() {
            return Ok(());
        }
        Err(Error::Cut("closed in the middle of the answer".to_owned()))
    }

    /// The socket, known to the runtime.
    fn woken(&mut self) -> Result<&mut TcpStream, Error> {
        self.socket = match mem::replace(&mut self.socket, Socket::Broken) {
            Socket::Watched(socket) => {
                Socket::Woken(TcpStream::from_std(socket).map_err(|error| cut(&error))?)
            }
            socket => socket,
        };
        match &mut self.socket {
            Socket::Woken(socket) => Ok(socket),
            _ => Err(Error::Cut("the connection is lost".to_owned())),
        }
    }

    /// The socket, not known to the runtime, which would be woken by every packet.
    fn watched(&mut self) -> Result<&std::net::TcpStream, Error> {
        self.socket = match mem::replace(&mut self.socket, Socket::Broken) {
            Socket::Woken(socket) => Socket::Watched(socket.into_std().map_err(|error| cut(&error))?),
            socket => socket,
        };
        match &self.socket {
            Socket::Watched(socket) => Ok(socket),
            _ => Err(Error::Cut("the connection is lost".to_owned())),
        }
    }
}

/// How many bytes the kernel may take for what a connection received.
///
/// It begins with 128 kB, for 64 kB of payload, and makes more when much is read at a time (`tcp_rmem`,
/// `tcp_moderate_rcvbuf` in tcp(7)). What it keeps with the bytes counts, too, and so does all of what was read in part.
#[derive(Debug, Clone, Copy)]
struct Room(usize);

impl Room {
    /// Whether so many bytes of payload may be all that fit: a third may be, beside what was read in part.
    fn is_full(self, there: usize) -> bool {
        there >= (self.0 / 8).max(self.0.saturating_sub(READ_IN_PART) / 3)
    }

    /// Whether what was read in part takes a good deal of it.
    fn is_little(self) -> bool {
        self.0 < 4 * READ_IN_PART
    }
}

/// What an error status says.
async fn refusal(answer: Answer) -> Error {
    let status = answer.head.status;
    Error::Playback { status, text: answer::quote(&text(answer).await) }
}

/// What JSON says in place of media.
async fn complaint(answer: Answer) -> Error {
    match answer::read(answer.head.status, &text(answer).await, "response") {
        Ok(value) => Error::Unexpected(answer::quote(value.to_string().as_bytes())),
        Err(error) => error,
    }
}

/// The beginning of a body that is no media.
async fn text(answer: Answer) -> Vec<u8> {
    limited(TEXT_LIMIT, "error text", answer.beginning(MAX_TEXT)).await.unwrap_or_default()
}

/// What a socket holds now.
enum Now {
    Block(Bytes),
    Nothing,
    Closed,
}

/// Read what is there into a block of its own; `begun` bytes of a packet came before.
fn read_now(socket: &std::net::TcpStream, begun: usize) -> Result<Now, Error> {
    let mut block = Block::take();
    match rustix::io::read(socket, block.space(begun)) {
        Ok(0) => Ok(Now::Closed),
        Ok(count) => Ok(Now::Block(block.filled(count))),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Now::Nothing),
        Err(errno) => Err(cut(&errno.into())),
    }
}

/// The first answer that is no redirect.
async fn follow(connection: &Connection, mut url: Url) -> Result<Answer, Error> {
    for _ in 0..=MAX_REDIRECTS {
        let answer = wire::get(&url).await?;
        let Some(location) = answer.head.redirect() else { return Ok(answer) };
        url = connection.resolve(&url, location)?;
        // The body of a redirect has no end on some engines: it is dropped unread.
    }
    Err(Error::Unexpected(format!("more than {MAX_REDIRECTS} redirects")))
}

fn cut(error: &io::Error) -> Error {
    Error::Cut(error.to_string())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::AsyncWriteExt,
        net::{TcpListener, TcpSocket},
    };

    use super::*;

    /// Room for a whole block, which the system would give only after a while.
    const ENOUGH: u32 = 1 << 20;

    async fn pair(framing: Framing, begun: &'static [u8]) -> (Playback, TcpStream) {
        let (socket, engine) = sockets(ENOUGH).await;
        (Playback::new(socket, framing, Bytes::from_static(begun)), engine)
    }

    async fn sockets(room: u32) -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(room).unwrap();
        let connecting = socket.connect(listener.local_addr().unwrap());
        let (socket, accepted) = tokio::join!(connecting, listener.accept());
        (socket.unwrap(), accepted.unwrap().0)
    }

    /// Look until something is there.
    async fn look(playback: &mut Playback, least: usize) -> Result<Taken, Error> {
        loop {
            match playback.take(least) {
                Ok(Taken::Nothing) => tokio::task::yield_now().await,
                found => return found,
            }
        }
    }

    fn data(bytes: &'static [u8]) -> Result<Taken, Error> {
        Ok(Taken::Data(Bytes::from_static(bytes)))
    }

    #[tokio::test]
    async fn what_came_with_the_head_comes_first() {
        let (mut playback, _engine) = pair(Framing::Close, b"head").await;

        assert_eq!(playback.take(1_000), data(b"head"));
        assert_eq!(playback.take(1), Ok(Taken::Nothing));
    }

    #[tokio::test]
    async fn less_than_was_asked_for_stays_in_the_kernel() {
        let (mut playback, mut engine) = pair(Framing::Close, b"").await;
        engine.write_all(b"abc").await.unwrap();

        while rustix::io::ioctl_fionread(playback.watched().unwrap()).unwrap() < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(playback.take(4), Ok(Taken::Nothing));
        engine.write_all(b"d").await.unwrap();
        assert_eq!(look(&mut playback, 4).await, data(b"abcd"));
    }

    #[tokio::test]
    async fn what_fills_the_kernels_buffer_is_taken_however_little_it_is() {
        let (socket, mut engine) = sockets(16 << 10).await;
        let mut playback = Playback::new(socket, Framing::Close, Bytes::new());
        let write = async { engine.write_all(&vec![1; 100 * Playback::BLOCK]).await };
        let read = async {
            let taken = look(&mut playback, Playback::BLOCK).await;
            assert!(matches!(taken, Ok(Taken::Data(taken)) if taken.len() < Playback::BLOCK));
            assert!(playback.was_full() && !playback.was_full());
            drop(playback);
        };

        let both = async { tokio::join!(write, read) };
        let (written, ()) = tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
        assert!(written.is_err(), "nobody reads the rest");
    }

    #[test]
    fn room_is_full_of_a_third_of_it_beside_what_was_read_in_part() {
        for (kilobytes, full_of, is_little) in
            [(32, 4, true), (128, 16, true), (511, 127 + 1, true), (512, 128, false), (6272, 2048, false)]
        {
            let room = Room(kilobytes << 10);
            assert!(room.is_full(full_of << 10), "{kilobytes}");
            assert!(!room.is_full((full_of << 10) - 400), "{kilobytes}");
            assert_eq!(room.is_little(), is_little, "{kilobytes}");
        }
    }

    #[tokio::test]
    async fn nothing_is_left_in_a_small_buffer_that_was_full() {
        let (socket, mut engine) = sockets(16 << 10).await;
        let mut playback = Playback::new(socket, Framing::Close, Bytes::new());
        engine.write_all(b"abc").await.unwrap();
        while rustix::io::ioctl_fionread(playback.watched().unwrap()).unwrap() < 3 {
            tokio::task::yield_now().await;
        }

        assert_eq!(playback.take(4), Ok(Taken::Nothing));
        playback.was_full = true;
        assert_eq!(playback.take(4), data(b"abc"));
        assert_eq!(playback.take(4), Ok(Taken::Nothing));
    }

    #[tokio::test]
    async fn blocks_end_where_packets_do_whatever_came_with_the_head() {
        let (mut playback, mut engine) = pair(Framing::Close, b"head").await;
        assert_eq!(playback.take(1), data(b"head"));

        let body = vec![1; 2 * Playback::BLOCK];
        let read = async {
            let rest = Playback::BLOCK - 4;
            let taken = look(&mut playback, rest).await;
            assert!(matches!(taken, Ok(Taken::Data(taken)) if taken.len() == rest));
            assert_eq!(playback.begun, 0);
            let taken = playback.chunk().await.unwrap().unwrap();
            assert_eq!(playback.begun, taken.len() % PACKET_LEN);
            drop(playback);
        };
        // The rest of the body finds nobody.
        let both = async { tokio::join!(engine.write_all(&body), read) };
        let _ = tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
    }

    #[tokio::test]
    async fn a_socket_that_was_watched_can_be_waited_for_again() {
        let (mut playback, mut engine) = pair(Framing::Close, b"").await;
        assert_eq!(playback.take(1), Ok(Taken::Nothing));

        engine.write_all(b"abc").await.unwrap();
        assert_eq!(playback.chunk().await, Ok(Some(Bytes::from_static(b"abc"))));
    }

    #[tokio::test]
    async fn the_end_and_the_middle_of_a_body_are_told_apart() {
        let (mut playback, engine) = pair(Framing::Close, b"").await;
        drop(engine);
        assert_eq!(look(&mut playback, 9).await, Ok(Taken::End));

        let (mut playback, engine) = pair(Framing::Length(2), b"a").await;
        drop(engine);
        assert_eq!(look(&mut playback, 9).await, data(b"a"));
        assert!(matches!(look(&mut playback, 9).await, Err(Error::Cut(_))));

        let (mut playback, _engine) = pair(Framing::Length(1), b"a").await;
        assert_eq!(playback.take(9), data(b"a"));
        assert_eq!(playback.take(9), Ok(Taken::End));
    }
}
