//! Viewers of one channel: each blocks until there is a new part, fetches it, and blocks again.

use std::{
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{task::spawn_local, time::sleep};

use crate::{
    Result,
    connection::{Connection, Target},
    percentile,
    playlist::{self, Place},
    process,
};

/// Viewers come one after the other, this many a second.
const ARRIVALS: u64 = 400;
/// From the last arrival until the measurement begins.
const SETTLING: Duration = Duration::from_secs(5);
const AFTER_ERROR: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Seen {
    measuring: bool,
    /// When the first viewer saw each part listed.
    births: HashMap<Place, Instant>,
    /// From birth until a viewer had the part whole, in microseconds.
    delays: Vec<u64>,
    bytes: u64,
    lists: u64,
    errors: u64,
    first_error: String,
}

type Shared = Rc<RefCell<Seen>>;

pub(crate) async fn run(target: Target, count: usize, length: Duration, server: u32) -> Result<String> {
    let seen = Shared::default();
    for agent in 0..count {
        spawn_local(watch(target.clone(), agent, Rc::clone(&seen)));
        sleep(Duration::from_micros(1_000_000 / ARRIVALS)).await;
    }
    sleep(SETTLING).await;
    let own = std::process::id();
    let before = (process::cpu(server)?, process::cpu(own)?, Instant::now());
    seen.borrow_mut().births.clear();
    seen.borrow_mut().measuring = true;
    sleep(length).await;
    seen.borrow_mut().measuring = false;
    let (server, own, took) =
        (process::cpu(server)? - before.0, process::cpu(own)? - before.1, before.2.elapsed().as_secs_f64());
    let mut seen = seen.borrow_mut();
    seen.delays.sort_unstable();
    Ok(report(&seen, count, (server.as_secs_f64() / took, own.as_secs_f64() / took), took))
}

fn report(seen: &Seen, viewers: usize, (server, own): (f64, f64), took: f64) -> String {
    let Seen { births, delays, bytes, lists, errors, first_error, .. } = seen;
    let (parts, deliveries) = (births.len(), delays.len());
    let [p50, p99, longest] = [50, 99, 100].map(|percent| percentile(delays, percent));
    format!(
        r#"{{"viewers": {viewers}, "seconds": {took:.3}, "parts": {parts}, "deliveries": {deliveries}, "lists": {lists}, "bytes": {bytes}, "p50_us": {p50}, "p99_us": {p99}, "max_us": {longest}, "server_cores": {server:.4}, "own_cores": {own:.4}, "errors": {errors}, "first_error": {first_error:?}}}"#
    )
}

async fn watch(target: Target, agent: usize, seen: Shared) {
    loop {
        if let Err(error) = follow(&target, agent, &seen).await {
            let mut seen = seen.borrow_mut();
            if seen.errors == 0 {
                seen.first_error = error.to_string();
            }
            seen.errors += 1;
        }
        sleep(AFTER_ERROR).await;
    }
}

async fn follow(target: &Target, agent: usize, seen: &Shared) -> Result<()> {
    let mut connection = Connection::open(target, agent).await?;
    let (mut known, mut directives) = (None, String::new());
    loop {
        let answer = connection.playlist(&directives).await?;
        let text = std::str::from_utf8(&connection.body)?;
        if answer.status != 200 {
            return Err(format!("{} for the playlist: {text}", answer.status).into());
        }
        let parts = playlist::new_parts(text, known);
        let next = playlist::hint(text).ok_or("no hint")?;
        directives = format!("{}&_HLS_skip=YES", next.directives());
        note_list(&mut seen.borrow_mut(), &parts, known.is_some());
        for part in parts {
            let answer = connection.media(&part.file()).await?;
            if answer.status != 200 {
                return Err(format!("{} for {}", answer.status, part.file()).into());
            }
            note_part(&mut seen.borrow_mut(), part, answer.length);
            known = Some(part);
        }
    }
}

/// Who comes sees parts that were born before.
fn note_list(seen: &mut Seen, parts: &[Place], is_follower: bool) {
    if seen.measuring && is_follower {
        let now = Instant::now();
        parts.iter().for_each(|part| _ = seen.births.entry(*part).or_insert(now));
        seen.lists += 1;
    }
}

fn note_part(seen: &mut Seen, part: Place, length: usize) {
    // Of a part that was born before the measurement began nobody knows when.
    if seen.measuring
        && let Some(birth) = seen.births.get(&part)
    {
        let delay = u64::try_from(birth.elapsed().as_micros()).unwrap_or(u64::MAX);
        seen.delays.push(delay);
        seen.bytes += length as u64;
    }
}
