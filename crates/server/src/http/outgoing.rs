//! A connection's way out, which sends what lies in files without reading it (sendfile(2)).
//!
//! hyper writes slices of memory and knows no files. It is given slices of one array in place of a file's bytes, and the
//! connection, which meets their address in what it is to write, sends from the file.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    ops::Range,
    os::fd::AsFd,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use rustix::{
    fs::sendfile,
    io::{Errno, pread},
    net::{SendFlags, send},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

use super::copies::SegmentFile;

/// So much is read and written at a time where the kernel does not send files.
const BY_HAND: usize = 64 << 10;

/// What stands for the bytes of files. It is never read.
static STAND_IN: [u8; 1 << 20] = [0; 1 << 20];

/// What a connection sends from files, in the order of its answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Outgoing(Arc<Mutex<VecDeque<Piece>>>);

/// A range of a file that is still to be sent.
#[derive(Debug)]
struct Piece {
    file: Arc<SegmentFile>,
    range: Range<usize>,
}

impl Outgoing {
    /// The beginning of `range` of `file`, which is sent next: what stands for it, to be written once and in full.
    pub(super) fn stand_in(&self, file: &Arc<SegmentFile>, range: &Range<usize>) -> Bytes {
        let len = range.len().min(STAND_IN.len());
        let piece = Piece { file: Arc::clone(file), range: range.start..range.start + len };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(piece);
        Bytes::from_static(&STAND_IN[..len])
    }

    fn is_stand_in(bytes: &[u8]) -> bool {
        !bytes.is_empty() && STAND_IN.as_ptr_range().contains(&bytes.as_ptr())
    }

    /// Send what comes next, at most `most` bytes, without waiting; how many were sent.
    fn send(&self, socket: impl AsFd, most: usize) -> io::Result<usize> {
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(piece) = pieces.front_mut() else { return Err(io::ErrorKind::InvalidInput.into()) };
        let sent = piece.send(socket, most)?;
        if sent == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.range.start += sent;
        if piece.range.is_empty() {
            pieces.pop_front();
        }
        Ok(sent)
    }
}

impl Piece {
    fn send(&self, socket: impl AsFd, most: usize) -> Result<usize, Errno> {
        let (file, most) = (&self.file.file, self.range.len().min(most));
        let mut at = self.range.start as u64;
        match sendfile(&socket, file, Some(&mut at), most) {
            // Some sandboxes know no such call.
            Err(Errno::INVAL | Errno::NOSYS) => {
                let mut bytes = vec![0; most.min(BY_HAND)];
                let count = pread(file, &mut bytes[..], at)?;
                rustix::io::write(socket, &bytes[..count])
            }
            sent => sent,
        }
    }
}

/// A TCP connection that sends what [`Outgoing`] has where it is told to write what stands for it.
pub(super) struct Outlet {
    tcp: TcpStream,
    outgoing: Outgoing,
}

impl Outlet {
    pub(super) fn new(tcp: TcpStream, outgoing: Outgoing) -> Self {
        Self { tcp, outgoing }
    }

    fn when_writable(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            match self.tcp.try_io(Interest::WRITABLE, &write) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                wrote => return Poll::Ready(wrote),
            }
        }
    }
}

impl AsyncRead for Outlet {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        pin!(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Outlet {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs.iter().position(|buf| Outgoing::is_stand_in(buf)) {
            Some(0) => self.when_writable(cx, || self.outgoing.send(&self.tcp, bufs[0].len())),
            // The head of an answer leaves together with what is behind it.
            Some(_) => self.when_writable(cx, || Ok(send(&self.tcp, &bufs[0], SendFlags::MORE)?)),
            None => pin!(&mut self.tcp).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.tcp).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf as _;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    fn media(len: usize) -> Vec<u8> {
        (0..251).cycle().take(len).collect()
    }

    async fn write(outlet: &mut Outlet, mut bufs: Vec<Bytes>) {
        while !bufs.is_empty() {
            let slices: Vec<IoSlice<'_>> = bufs.iter().map(|buf| IoSlice::new(buf)).collect();
            let mut wrote = outlet.write_vectored(&slices).await.unwrap();
            for buf in &mut bufs {
                let count = wrote.min(buf.len());
                buf.advance(count);
                wrote -= count;
            }
            bufs.retain(|buf| !buf.is_empty());
        }
    }

    #[tokio::test]
    async fn what_lies_in_memory_and_in_files_comes_in_its_order_however_much_it_is() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let viewer = TcpStream::connect(listener.local_addr().unwrap());
        let (viewer, accepted) = tokio::join!(viewer, listener.accept());
        let (outgoing, media) = (Outgoing::default(), media(3 * STAND_IN.len()));
        let mut outlet = Outlet::new(accepted.unwrap().0, outgoing.clone());
        let file = SegmentFile::holding(&media);

        let mut bufs = vec![Bytes::from_static(b"head")];
        let mut left = 5..2 * STAND_IN.len() + 77;
        while !left.is_empty() {
            bufs.push(outgoing.stand_in(&file, &left));
            left.start += bufs.last().unwrap().len();
        }
        bufs.extend([Bytes::from_static(b"more"), outgoing.stand_in(&file, &(1..3))]);
        let write = async {
            write(&mut outlet, bufs).await;
            drop(outlet);
        };
        let (mut viewer, mut received) = (viewer.unwrap(), Vec::new());
        let (_, read) = tokio::join!(write, viewer.read_to_end(&mut received));
        read.unwrap();

        let expected = [b"head", &media[5..2 * STAND_IN.len() + 77], b"more", &media[1..3]].concat();
        assert!(received == expected, "{} of {} bytes", received.len(), expected.len());
    }

    #[test]
    fn where_the_kernel_does_not_send_files_they_are_read_and_written() {
        let (outgoing, media, folder) =
            (Outgoing::default(), media(3 * BY_HAND), tempfile::tempdir().unwrap());
        let path = folder.path().join("sent");
        // What is appended to a file is not taken from another (sendfile(2), EINVAL).
        let target = std::fs::File::options().create(true).append(true).open(&path).unwrap();
        outgoing.stand_in(&SegmentFile::holding(&media), &(1..media.len()));

        let mut sent = Vec::new();
        while sent.iter().sum::<usize>() < media.len() - 1 {
            sent.push(outgoing.send(&target, usize::MAX).unwrap());
        }

        assert_eq!(sent, [BY_HAND, BY_HAND, BY_HAND - 1]);
        assert!(std::fs::read(path).unwrap() == media[1..]);
    }

    #[test]
    fn what_stands_in_is_known_by_its_place_alone() {
        let stand_in = Outgoing::default().stand_in(&SegmentFile::holding(&[1; 10]), &(5..10));

        assert!(stand_in.len() == 5 && Outgoing::is_stand_in(&stand_in[1..]));
        assert!(!Outgoing::is_stand_in(&[0; 5]) && !Outgoing::is_stand_in(&stand_in[5..]));
    }

    #[test]
    fn nothing_is_sent_that_was_not_asked_for() {
        let sent = Outgoing::default().send(std::fs::File::open("/dev/null").unwrap(), 5);

        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
