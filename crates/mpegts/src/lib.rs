//! MPEG transport streams (ISO/IEC 13818-1), without I/O: bytes in, packets and access units out.
//!
//! [`Demuxer`] finds the packets in bytes that come in any pieces, chooses one program and tells where its access
//! units begin and whether a decoder can start there. Packets are read where they lie. No input makes it panic or
//! grow: garbage is counted ([`Stats`]) and passed over.

mod bits;
mod codec;
mod demux;
mod format;
mod packet;
mod pes;
mod probe;
mod program;
mod psi;
mod sync;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;
mod ticks;
mod track;

pub use codec::Codec;
pub use demux::{AccessUnit, Cause, Demuxer, Discontinuity, Event, Stats};
pub use format::{Audio, AudioProfile, Format, FrameRate, H265Profile, Video, VideoProfile};
pub use packet::{PACKET_LEN, Packet, Packets, Pid, SYNC_BYTE};
pub use program::{Program, Track};
pub use psi::{pat_packet, pmt_packet};
pub use ticks::Ticks;
