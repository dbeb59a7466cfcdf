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
    http,
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
