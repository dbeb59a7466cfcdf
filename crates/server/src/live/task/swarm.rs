//! Which swarm a stream plays: found out and claimed before the engine opens a session for it, as two sessions of one swarm
//! would end each other.

use std::{sync::Arc, time::Duration};

use acestream::{ContentId, Error, Form, Session};
use tokio::time::timeout;

use super::{Going, Task};
use crate::live::{
    EndReason, Stream, aliases::Alias, hub::Inner, listing::Claim, report::Phase, resolve::resolve,
    snapshot::Failure, source::Source,
};

impl Task {
    /// Find out which swarm is meant and claim it, before the engine opens a session for it.
    pub(super) async fn find_swarm(&mut self) -> Going {
        let (hub, id) = (self.hub(), self.shared.id.clone());
        if let Some(before) = self.before.take() {
            wait_for(&before, hub.config.give_up_after).await?;
        }
        // On record while the engine is asked, so that the first segment need not wait for a disk.
        let (alias, ()) = tokio::join!(
            look_up(&hub, &mut self.source, &id),
            hub.numbers.publish(self.packager.next_number())
        );
        let alias = alias?;
        self.enter(Phase::Starting);
        self.source.begin();
        let Some(alias) = alias else { return Ok(()) };
        self.source.prefer(alias.form);
        self.claim(alias).await
    }

    /// Play another ID of the same channel next, unless another stream plays its swarm already.
    pub(super) async fn try_other(&mut self, id: ContentId) -> Going {
        if let Some(left) = self.other.take() {
            self.listing.unclaim(&left);
        }
        let hub = self.hub();
        let alias = look_up(&hub, &mut self.source, &id).await;
        if id == self.shared.id {
            return Ok(());
        }
        match alias {
            Ok(Some(alias)) => {
                self.source.prefer(alias.form);
                if self.claim_other(&id, alias).await.is_err() {
                    self.source.skip();
                }
            }
            // The start will tell.
            Ok(None) => {}
            Err(_) => self.source.skip(),
        }
        tracing::info!("stream {} goes on with {}", self.shared.id, self.source.id());
        Ok(())
    }

    /// Make the swarm of another ID this stream's, in place of the one that it has of another ID.
    async fn claim_other(&mut self, id: &ContentId, alias: Alias) -> Going {
        let (hub, infohash) = (self.hub(), alias.infohash.clone());
        hub.remember(id, alias);
        match self.listing.claim(&infohash) {
            Claim::Taken => return Err(EndReason::SameAs(infohash)),
            Claim::After(before) => {
                let waited = wait_for(&before, hub.config.give_up_after).await;
                waited.inspect_err(|_| self.listing.give_back(&infohash, &before))?;
            }
            Claim::Ours => {}
        }
        let other = Some(infohash).filter(|infohash| self.shared.infohash.get() != Some(infohash));
        let left = std::mem::replace(&mut self.other, other);
        if let Some(left) = left.filter(|left| self.other.as_ref() != Some(left)) {
            self.listing.unclaim(&left);
        }
        Ok(())
    }

    async fn claim(&mut self, alias: Alias) -> Going {
        let (hub, infohash) = (self.hub(), alias.infohash.clone());
        hub.remember(&self.shared.id, alias);
        match self.listing.claim(&infohash) {
            Claim::Taken => return Err(EndReason::SameAs(infohash)),
            Claim::After(before) => {
                wait_for(&before, hub.config.give_up_after).await?;
                self.source.begin();
            }
            Claim::Ours => {}
        }
        // Set once: a stream does not change its swarm.
        let _ = self.shared.infohash.set(infohash);
        Ok(())
    }

    pub(super) async fn started(&mut self, session: Arc<Session>, form: Form) -> Going {
        let alias = Alias { infohash: session.infohash().clone(), form };
        let id = self.source.id().clone();
        if id != self.shared.id {
            let claimed = self.claim_other(&id, alias).await;
            self.disown_if_taken(&claimed);
            if claimed.is_err() {
                self.source.skip();
                return Ok(());
            }
            return self.playing(session);
        }
        let claimed = self.claim(alias).await;
        self.disown_if_taken(&claimed);
        claimed?;
        self.playing(session)
    }

    /// To stop a session of a swarm that another stream plays could end that one's as well.
    fn disown_if_taken(&mut self, claimed: &Going) {
        if let Err(EndReason::SameAs(_)) = claimed {
            self.source.disown();
        }
    }
}

/// What `id` means, if it is known or an engine tells. An engine that does not answer gives way to another.
async fn look_up(hub: &Inner, source: &mut Source, id: &ContentId) -> Going<Option<Alias>> {
    if let Some(alias) = hub.known(id) {
        return Ok(Some(alias));
    }
    loop {
        let lease = source.lease();
        let asking = resolve(lease.engine(), lease.asking(), id, || hub.something_plays());
        let asked = timeout(hub.config.give_up_after, asking).await;
        let answer = asked.unwrap_or(Err(Error::Timeout("media files")));
        lease.health().start_met(&answer);
        match answer {
            Err(Error::Unreachable(_) | Error::HungUp(_) | Error::Timeout(_)) if source.change_engine() => {}
            answer => return Ok(answer.map_err(Failure::from)?),
        }
    }
}

/// Wait until `before` has let go of its engine session.
async fn wait_for(before: &Stream, limit: Duration) -> Going {
    let late = || Failure::EngineTimeout("the session before this one is not stopped".to_owned());
    timeout(limit, before.gone()).await.map_err(|_| late().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{
        Config, Snapshot, State,
        source::Event,
        testing::{channel, config, fake, hub, id},
    };

    #[tokio::test]
    async fn a_session_whose_swarm_is_let_go_of_too_late_is_stopped_and_its_swarm_is_nobodys() {
        // The engine ends a session that nobody watches for a minute.
        let config = Config { give_up_after: Duration::from_secs(30), ..config() };
        let fake = fake(vec![channel('a'), channel('c')], 1000.0).await;
        let (hub, _storage) = hub([&fake], config).await;
        let mut task = hub.task(&id('a'));
        hub.find(&id('a')).unwrap().offer(&[id('c')]);
        let swarm = channel('c').infohash;
        let (before, publish, _) = hub.listed(&id('d'));
        before.claim(&swarm);
        let ended = State::Ended(EndReason::Stopped);
        publish.send_replace(Arc::new(Snapshot::new(ended, hls::Window::default())));

        task.source.skip();
        assert!(matches!(task.source.next().await, Event::Other(_)));
        // The engine did not say what the other ID means, so that only the start tells.
        let started = task.source.next().await;
        tokio::time::pause();
        assert_eq!(task.handle(started).await, Ok(()));
        tokio::time::resume();

        assert!(hub.find(&ContentId::from(&swarm)).is_none(), "nobody plays it");
        let (other, ..) = hub.listed(&id('e'));
        assert!(matches!(other.claim(&swarm), Claim::After(_)), "who wants it waits as before");
        assert_eq!(fake.sessions_open(), 1);
        task.release().await;
        assert_eq!(fake.sessions_open(), 0);
        hub.shutdown().await;
        fake.shutdown().await;
    }

    #[tokio::test]
    async fn the_first_start_has_its_whole_budget_however_long_its_swarm_was_waited_for() {
        let fake = fake(vec![channel('a')], 1000.0).await;
        let (hub, _storage) = hub([&fake], config()).await;
        let mut task = hub.task(&id('a'));
        let alias = Alias { infohash: channel('a').infohash, form: Form::ContentId };
        task.hub().remember(&id('a'), alias);

        tokio::time::pause();
        tokio::time::advance(config().give_up_after).await;
        task.find_swarm().await.unwrap();
        tokio::time::resume();

        assert!(matches!(task.source.next().await, Event::Started { .. }));
        task.release().await;
        hub.shutdown().await;
        fake.shutdown().await;
    }
}
