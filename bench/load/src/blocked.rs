//! Playlist requests that all wait for one part: how long until the last has its answer, and what waiting costs.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    task::spawn_local,
    time::{sleep, timeout},
};

use crate::{
    Result,
    connection::{Connection, Target},
    playlist::{self, Place},
    process,
};

/// Connections opened without a pause: fewer than a listener keeps in its queue, as a lost SYN costs a second.
const AT_ONCE: usize = 256;
const PAUSE: Duration = Duration::from_millis(60);
const LOOK: Duration = Duration::from_millis(100);
const LONGEST_ROUND: Duration = Duration::from_secs(60);

/// One round.
#[derive(Default)]
struct Round {
    sent: Cell<usize>,
    answered: Cell<usize>,
    failed: Cell<usize>,
    first: Cell<Option<Instant>>,
    last: Cell<Option<Instant>>,
}

pub(crate) async fn run(target: Target, count: usize, rounds: u64, server: u32) -> Result<String> {
    let mut scout = Connection::open(&target, usize::MAX).await?;
    begun_segment(&mut scout).await?;
    let before = process::resident(server)?;
    let mut idle = Vec::with_capacity(count);
    for agent in 0..count {
        idle.push(Connection::open(&target, agent).await?);
        if agent % AT_ONCE == 0 {
            sleep(PAUSE).await;
        }
    }
    let mut lines = Vec::new();
    for _ in 0..rounds {
        let segment = begun_segment(&mut scout).await?;
        let (line, rest) = round(idle, segment + 1, before, server).await?;
        lines.push(line);
        idle = rest;
    }
    Ok(format!(r#"{{"viewers": {count}, "rss_before": {before}, "rounds": [{}]}}"#, lines.join(", ")))
}

/// Wait until a segment begins: most of it is still to come.
async fn begun_segment(scout: &mut Connection) -> Result<u64> {
    let mut directives = String::new();
    loop {
        let answer = scout.playlist(&directives).await?;
        if answer.status != 200 {
            return Err(format!("{} for the playlist", answer.status).into());
        }
        let next = playlist::hint(std::str::from_utf8(&scout.body)?).ok_or("no hint")?;
        if next.part == 1 {
            return Ok(next.segment);
        }
        directives = next.directives();
    }
}

async fn round(
    connections: Vec<Connection>,
    segment: u64,
    before: u64,
    server: u32,
) -> Result<(String, Vec<Connection>)> {
    let (round, count) = (Rc::new(Round::default()), connections.len());
    let directives = Place { segment, part: 0 }.directives();
    let begun = Instant::now();
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| spawn_local(wait(connection, directives.clone(), Rc::clone(&round))))
        .collect();
    let (mut most, mut asking) = (0, None);
    let watching = async {
        while round.first.get().is_none() {
            sleep(LOOK).await;
            if round.sent.get() == count && round.first.get().is_none() {
                asking.get_or_insert(begun.elapsed());
                most = most.max(process::resident(server)?);
            }
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    timeout(LONGEST_ROUND, watching).await??;
    let mut kept = Vec::with_capacity(count);
    for task in tasks {
        kept.extend(task.await?);
    }
    let after = process::resident(server)?;
    let took = round.first.get().zip(round.last.get()).map_or(Duration::MAX, |(first, last)| last - first);
    let (answered, failed) = (round.answered.get(), round.failed.get());
    // Nothing was measured if the part came before all had asked.
    let asking = asking.map_or(-1.0, |asking| asking.as_secs_f64());
    let line = format!(
        r#"{{"answered": {answered}, "failed": {failed}, "asking_s": {asking:.3}, "release_us": {}, "rss_blocked": {most}, "rss_after": {after}, "per_viewer": {}}}"#,
        took.as_micros(),
        most.saturating_sub(before) / count.max(1) as u64
    );
    Ok((line, kept))
}

async fn wait(mut connection: Connection, directives: String, round: Rc<Round>) -> Option<Connection> {
    let asked = connection.ask_playlist(&directives).await;
    round.sent.set(round.sent.get() + 1);
    let answer = match asked {
        Ok(()) => connection.answer(true).await,
        Err(error) => Err(error),
    };
    let now = Instant::now();
    let counter =
        if answer.is_ok_and(|answer| answer.status == 200) { &round.answered } else { &round.failed };
    counter.set(counter.get() + 1);
    round.first.set(round.first.get().or(Some(now)));
    round.last.set(Some(now));
    connection.body = Vec::new();
    Some(connection)
}
