//! MPEG transport streams (ISO/IEC 13818-1), without I/O: bytes in, packets and access units out.

mod packet;

pub use packet::{PACKET_LEN, Packet, Pid, SYNC_BYTE};
