//! The progressive body: one reader, a burst, then real time.

use std::{io, pin::pin, sync::atomic::Ordering::Relaxed};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, tcp::WriteHalf},
    time::sleep,
};

use super::{
    Shared,
    feed::{Ending, Feed, Step},
    http::{self, Framing},
    routes::LOOK,
    table::Session,
};

/// Send the session's media until the reader leaves, the session is over or the fault ends it.
pub(super) async fn play(shared: &Shared, session: &Session, mut socket: TcpStream) -> io::Result<()> {
    let _reader = Reader::of(shared, session);
    http::head(&mut socket, "video/mp2t").await?;
    match send(session, &mut socket).await? {
        Ending::Close => {}
        Ending::Reset => socket.set_zero_linger()?,
        Ending::Restart => shared.restart(),
    }
    Ok(())
}

/// Send the session's media in pieces to one more reader, in the open dialect.
///
/// The head goes out before anybody knows whether media will.
pub(super) async fn share(
    shared: &Shared,
    session: &Session,
    mut socket: TcpStream,
    framing: Framing,
) -> io::Result<()> {
    let Some(session) = shared.table().find(&session.name, &session.key).map(|session| {
        session.join();
        session.clone()
    }) else {
        return Ok(());
    };
    let _reader = Reader::of(shared, &session);
    http::open_head(&mut socket, framing).await?;
    if framing == Framing::NoBody {
        return Ok(());
    }
    match send_pieces(shared, &session, &mut socket, framing).await? {
        Ending::Close if framing == Framing::Chunks => socket.write_all(b"0\r\n\r\n").await?,
        Ending::Close => {}
        Ending::Reset => socket.set_zero_linger()?,
        Ending::Restart => shared.restart(),
    }
    Ok(())
}

async fn send_pieces(
    shared: &Shared,
    session: &Session,
    socket: &mut TcpStream,
    framing: Framing,
) -> io::Result<Ending> {
    let (mut read, mut write) = socket.split();
    let mut gone = pin!(http::gone(&mut read));
    let work = async {
        while !session.is_ready() {
            tokio::select! {
                () = session.over.cancelled() => return Ok(Ending::Close),
                () = sleep(LOOK) => {}
            }
        }
        let mut pieces =
            Pieces { feed: Feed::open(session), piece: Vec::new(), size: shared.piece, session, framing };
        pieces.send(&mut write).await
    };
    tokio::select! {
        () = &mut gone => Ok(Ending::Reset),
        ending = work => ending,
    }
}

/// Media gathered until a piece is whole.
struct Pieces<'a> {
    feed: Feed<'a>,
    piece: Vec<u8>,
    size: usize,
    session: &'a Session,
    framing: Framing,
}

impl Pieces<'_> {
    async fn send(&mut self, write: &mut WriteHalf<'_>) -> io::Result<Ending> {
        loop {
            let step = self.feed.step();
            if step == Step::Send {
                self.piece.extend_from_slice(self.feed.bytes());
            }
            let is_last = matches!(step, Step::Silence | Step::End(_)) && !self.piece.is_empty();
            if self.piece.len() >= self.size || is_last {
                self.flush(write).await?;
            }
            match step {
                Step::Send => {}
                // A piece that is under way goes out whole, or the end of the chunks could not be told.
                Step::Wait => tokio::select! {
                    () = self.session.over.cancelled() => return Ok(Ending::Close),
                    () = sleep(self.session.broadcast.channel.lump) => {}
                    () = self.feed.fault_changes() => {}
                },
                Step::Silence => tokio::select! {
                    () = self.session.over.cancelled() => return Ok(Ending::Close),
                    () = self.feed.fault_changes() => {}
                },
                Step::End(ending) => return Ok(ending),
            }
        }
    }

    /// One chunk a piece.
    async fn flush(&mut self, write: &mut WriteHalf<'_>) -> io::Result<()> {
        if self.framing == Framing::Chunks {
            write.write_all(format!("{:x}\r\n", self.piece.len()).as_bytes()).await?;
            self.session.broadcast.sent.fetch_add(self.piece.len() as u64, Relaxed);
            self.piece.extend_from_slice(b"\r\n");
        }
        write.write_all(&self.piece).await?;
        self.piece.clear();
        Ok(())
    }
}

async fn send(session: &Session, socket: &mut TcpStream) -> io::Result<Ending> {
    let (mut read, mut write) = socket.split();
    let mut gone = pin!(http::gone(&mut read));
    let mut feed = Feed::new(&session.broadcast);
    loop {
        // A write dropped half done is the last: nothing is sent behind `over` and `gone`.
        let ending = tokio::select! {
            () = session.over.cancelled() => Some(Ending::Close),
            () = &mut gone => Some(Ending::Close),
            ending = advance(session, &mut feed, &mut write) => ending?,
        };
        if let Some(ending) = ending {
            return Ok(ending);
        }
    }
}

/// One step of the feed.
async fn advance(
    session: &Session,
    feed: &mut Feed<'_>,
    write: &mut WriteHalf<'_>,
) -> io::Result<Option<Ending>> {
    let step = feed.step();
    session.broadcast.silent.store(step == Step::Silence, Relaxed);
    match step {
        Step::Send => write.write_all(feed.bytes()).await?,
        Step::Wait => tokio::select! {
            () = sleep(session.broadcast.channel.lump) => {}
            () = feed.fault_changes() => {}
        },
        Step::Silence => feed.fault_changes().await,
        Step::End(ending) => return Ok(Some(ending)),
    }
    Ok(None)
}

/// Counts while it lives.
struct Reader<'a> {
    shared: &'a Shared,
    session: &'a Session,
}

impl<'a> Reader<'a> {
    fn of(shared: &'a Shared, session: &'a Session) -> Self {
        shared.readers.fetch_add(1, Relaxed);
        Self { shared, session }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.shared.readers.fetch_sub(1, Relaxed);
        if let Some(session) = self.shared.table().find_content(&self.session.content) {
            session.release();
        }
    }
}
