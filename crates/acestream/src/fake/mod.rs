//! A fake engine: the engine's HTTP API over clips played in an endless loop.
