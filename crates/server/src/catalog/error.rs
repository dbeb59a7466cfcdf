//! Why something cannot be done with the catalogue.

use super::{ChannelId, InvalidName, store};
use crate::fetch;

/// Why something cannot be done with the catalogue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such playlist.
    #[error("there is no playlist {0:?}")]
    NoPlaylist(String),
    /// No such guide.
    #[error("there is no guide {0:?}")]
    NoGuide(String),
    /// No such channel.
    #[error("there is no channel {0}")]
    NoChannel(ChannelId),
    /// No such job.
    #[error("there is no job {0}")]
    NoJob(u64),
    /// The name is taken.
    #[error("there is a playlist {0:?} already")]
    Exists(String),
    /// The name is none that a playlist can have.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// It is a file in the folder, and the file is what counts.
    #[error("the playlist {0:?} is a file in the folder of the playlists: change the file")]
    InFolder(String),
    /// It was given once and has no address to be asked again.
    #[error("the playlist {0:?} was uploaded: upload it again to refresh it")]
    NoAddress(String),
    /// It is no list of channels.
    #[error(transparent)]
    Refused(#[from] iptv::Refusal),
    /// A list without a channel, which is no list, or an account without one.
    #[error("there is no channel in it ({0} lines could not be read)")]
    Empty(usize),
    /// Packed data that breaks off: what is missing would count as gone.
    #[error("the gzip data is damaged or not whole")]
    Damaged,
    /// A guide that breaks off, or is empty, and has much less in it than before.
    #[error(
        "it breaks off or is empty, with {found} programmes where there were {before}: the old one stays"
    )]
    Less {
        /// How many programmes it has.
        found: usize,
        /// How many it had.
        before: usize,
    },
    /// It is being read, and something else was to be read.
    #[error("{0:?} is being read: wait for its job, or end it")]
    Busy(String),
    /// Others change the catalogue, and it takes too long.
    #[error("the catalogue is being changed for too long: try again later")]
    Occupied,
    /// Another server with the same database changed it in between, though it was not its turn.
    #[error("another server changed the catalogue in between: try again")]
    Overtaken,
    /// It cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// What an account's server says is not what such servers say.
    #[error("the server's answer is not what Xtream servers say: {0}")]
    Xtream(String),
    /// It cannot be read from the folder.
    #[error("reading the file: {0}")]
    File(#[from] std::io::Error),
    /// It cannot be kept.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Something that a user says does not make sense.
    #[error("{0}")]
    Invalid(String),
    /// Somebody ended it.
    #[error("it was cancelled")]
    Cancelled,
    /// A bug.
    #[error("the work broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}
