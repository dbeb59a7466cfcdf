//! Which swarm an ID means: asked before a session is opened, so that two links to one broadcast become
//! one stream and the engine never sees the second.

use acestream::{ContentId, Engine, Error, Form, Infohash, Selector};
use tokio::sync::Semaphore;

use super::aliases::Alias;

/// The engine is known to crash when asked about five broadcasts at once.
pub(super) const MAX_AT_ONCE: usize = 3;

/// Ask the engine what `id` means, without starting anything; `None` when it cannot tell, which the start
/// will. At most 16 s, once it is this caller's turn.
///
/// # Errors
///
/// There is no connection to the engine: a start would not get further.
pub(super) async fn resolve(
    engine: &Engine,
    turn: &Semaphore,
    id: &ContentId,
) -> Result<Option<Alias>, Error> {
    // Closed never: no permit means no hurry either.
    let _turn = turn.acquire().await;
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
