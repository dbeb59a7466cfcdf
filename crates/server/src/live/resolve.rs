//! Which swarm an ID means: asked before a session is opened, so that two links to one broadcast become
//! one stream and the engine never sees the second.

use std::{pin::pin, time::Duration};

use acestream::{ContentId, Engine, Error, Form, Infohash, Selector};
use tokio::{sync::Semaphore, time::timeout};

use super::aliases::Alias;

/// The engine is known to crash when asked about five broadcasts at once.
pub(super) const MAX_AT_ONCE: usize = 3;

/// How long to wait for one's turn while nothing plays: broadcasts that nobody has take the engine long, and a
/// healthy one shall not wait for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ask the engine what `id` means, without starting anything; `None` when it cannot tell, which the start
/// will, or when too many ask and nothing plays. While a stream plays, its turn is waited for: a start without
/// an answer could be that stream's swarm, and replace the session that is watched.
///
/// Some 18 s once it is its turn; for that, put a limit around it.
///
/// # Errors
///
/// There is no connection to the engine: a start would not get further.
pub(super) async fn resolve(
    engine: &Engine,
    turn: &Semaphore,
    id: &ContentId,
    something_plays: impl Fn() -> bool,
) -> Result<Option<Alias>, Error> {
    let mut turn = pin!(turn.acquire());
    let _turn = match timeout(PATIENCE, &mut turn).await {
        Ok(turn) => turn,
        Err(_) if something_plays() => turn.await,
        Err(_) => return Ok(None),
    };
    match infohash(engine, id, Form::ContentId).await {
        Ok(infohash) => Ok(infohash.map(|infohash| Alias { infohash, form: Form::ContentId })),
        Err(error) if error.is_failed_to_load() => {
            let found = infohash(engine, id, Form::Infohash).await;
            Ok(found.ok().flatten().map(|infohash| Alias { infohash, form: Form::Infohash }))
        }
        Err(error @ (Error::Unreachable(_) | Error::NoDescriptor | Error::HungUp(_))) => Err(error),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Ask for an hour while others have all the turns.
    async fn in_a_queue(something_plays: bool) -> Option<Result<Option<Alias>, Error>> {
        let engine = Engine::new("http://127.0.0.1:1".parse().unwrap()).unwrap();
        let id = "a".repeat(40).parse().unwrap();
        let nobodys_turn = Semaphore::new(0);
        let asked = resolve(&engine, &nobodys_turn, &id, || something_plays);
        timeout(Duration::from_secs(3600), asked).await.ok()
    }

    #[tokio::test(start_paused = true)]
    async fn while_nothing_plays_nobody_waits_long_for_a_turn() {
        assert!(matches!(in_a_queue(false).await, Some(Ok(None))));
    }

    #[tokio::test(start_paused = true)]
    async fn while_something_plays_no_id_goes_unasked() {
        assert!(in_a_queue(true).await.is_none());
    }
}
