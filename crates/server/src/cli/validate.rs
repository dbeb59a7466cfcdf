//! `acehls validate`: whether a playlist, ours or anybody's, keeps to RFC 8216bis, and its media with it.

use std::{collections::HashMap, process::ExitCode, time::Duration};

use anyhow::Context as _;
use hls::validate::{Contents, is_multivariant, media_playlists, multivariant, variants};
use reqwest::Url;
use tokio::task::JoinSet;

use super::output::{complain, say};

mod delivery;
mod fetch;
mod media;
mod told;
mod watch;

use fetch::Fetch;
use told::Told;
use watch::Watch;

/// More playlists than this are not looked at.
const MOST_PLAYLISTS: usize = 16;

/// The exit code when something could not be fetched.
const NOT_FETCHED: u8 = 2;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A playlist: an `http://` URL or a file. A multivariant playlist is looked at with all that it names.
    input: String,
    /// How long to follow a live playlist.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=86_400))]
    follow: u64,
}

/// Look, and say what was found: exit code 0 when nothing is forbidden, 1 when something is, 2 when it could not be
/// fetched.
pub(super) async fn run(arguments: Arguments) -> ExitCode {
    match look(&arguments).await {
        Ok(told) => {
            complain(&format!("{told}: {}", arguments.input));
            if told.musts() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            complain(&format!("acehls: {error:#}"));
            ExitCode::from(NOT_FETCHED)
        }
    }
}

async fn look(arguments: &Arguments) -> anyhow::Result<Told> {
    let input = fetch::place(&arguments.input)?;
    let fetch = Fetch::new(input.clone())?;
    let answer = fetch.playlist(&input).await?;
    let follow = Duration::from_secs(arguments.follow);
    if !is_multivariant(&answer.text) {
        let watch = Watch::new(fetch, answer.url.clone(), String::new());
        return Ok(watch.run(Some(answer), follow).await?.told);
    }
    let mut told = Told::new(String::new());
    told.tell(answer.findings);
    told.tell(multivariant(&answer.text));
    let mut named = media_playlists(&answer.text);
    if named.len() > MOST_PLAYLISTS {
        say(&format!("{} playlists are named, the first {MOST_PLAYLISTS} are looked at", named.len()));
        named.truncate(MOST_PLAYLISTS);
    }
    let contents = all(&fetch, &answer.url, &named, follow, &mut told).await?;
    told.tell(variants(&answer.text, |uri| contents.get(uri)));
    Ok(told)
}

/// Look at all the playlists named at `base`, at the same time; returns what is in the media of each.
async fn all(
    fetch: &Fetch,
    base: &Url,
    named: &[String],
    follow: Duration,
    told: &mut Told,
) -> anyhow::Result<HashMap<String, Contents>> {
    let mut watches = JoinSet::new();
    for name in named {
        let url = fetch::join(base, name).with_context(|| format!("finding {name}"))?;
        let (watch, name) = (Watch::new(fetch.clone(), url, format!("{name}: ")), name.clone());
        watches.spawn(async move { Ok::<_, anyhow::Error>((name, watch.run(None, follow).await?)) });
    }
    let mut contents = HashMap::new();
    while let Some(watched) = watches.join_next().await {
        let (name, watched) = watched.context("looking at a playlist")??;
        told.add(&watched.told);
        contents.insert(name, watched.contents);
    }
    Ok(contents)
}
