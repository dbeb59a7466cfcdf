//! HTTP Live Streaming (RFC 8216bis), without I/O.
