//! Which swarm an ID means: asked before a session is opened, so that two links to one broadcast become
//! one stream and the engine never sees the second.

use std::time::Duration;

use acestream::{ContentId, Engine, Error, Form, Infohash, Selector};
use tokio::{sync::Semaphore, time::timeout};

use super::aliases::Alias;

/// The engine is known to crash when asked about five broadcasts at once.
pub(super) const MAX_AT_ONCE: usize = 3;

/// How long to wait for one's turn: broadcasts that nobody has take the engine long, and a healthy one shall
/// not wait for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ask the engine what `id` means, without starting anything; `None` when it cannot tell, which the start
/// will, or when too many ask. At most 18 s.
///
/// # Errors
///
/// There is no connection to the engine: a start would not get further.
pub(super) async fn resolve(
    engine: &Engine,
    turn: &Semaphore,
    id: &ContentId,
) -> Result<Option<Alias>, Error> {
    let Ok(_turn) = timeout(PATIENCE, turn.acquire()).await else { return Ok(None) };
    match infohash(engine, id, Form::ContentId).await {
        Ok(infohash) => Ok(infohash.map(|infohash| Alias { infohash, form: Form::ContentId })),
        Err(error) if error.is_failed_to_load() => {
            let found = infohash(engine, id, Form::Infohash).await;
            Ok(found.ok().flatten().map(|infohash| Alias { infohash, form: Form::Infohash }))
        }
        Err(error @ Error::Unreachable(_)) => Err(error),
        Err(_) => Ok(None),
    }
}

async fn infohash(engine: &Engine, id: &ContentId, form: Form) -> Result<Option<Infohash>, Error> {
    let (by, digits) = match form {
        Form::ContentId => (Selector::ContentId(id.clone()), None),
        Form::Infohash => (Selector::Infohash(id.into()), Some(id.into())),
    };
    let files = engine.media_files(&by).await?;
    Ok(files.infohash.or(digits))
}
