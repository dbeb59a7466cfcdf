//! `acehls demo`: server, fake engine and channels in one process; nothing else is needed, nothing is left behind.

use std::{sync::Arc, time::Duration};

use acestream::fake::{Channel, Clip, Fake, FakeConfig};
use anyhow::Context as _;
use rust_embed::RustEmbed;

use super::{output::say, port, signals::Signals};
use crate::{app::App, config::Config, descriptors, telemetry};

/// The clips, and the playlist that names them.
#[derive(RustEmbed)]
#[folder = "../../demo"]
struct Files;

const PLAYLIST: &str = "demo.m3u";

/// People wait while the fake engine pretends to look for peers.
const SPEED: f64 = 5.0;

pub(super) async fn run(mut config: Config) -> anyhow::Result<()> {
    telemetry::start(&config.log)?;
    descriptors::raise();
    let signals = Signals::listen()?;
    let storage = tempfile::Builder::new().prefix("acehls-demo-").tempdir().context("making a folder")?;
    let fake = FakeConfig { speed: SPEED, channels: channels()?, ..FakeConfig::default() };
    let fake = Fake::start(fake).await.context("starting the fake engine")?;
    config.engine.base_url = fake.base().into();
    config.storage_dir = storage.path().to_owned();
    config.catalog.folder = None;
    config.http.port = port::next_free(config.http.address()).port();
    write_playlist(&config)?;
    let app = App::load(config).await?;
    say(&format!("acehls demo: open http://{}/ (Ctrl-C ends it)", app.address()));
    Box::pin(signals.run(|stop| app.run(stop))).await?;
    fake.shutdown().await;
    Ok(())
}

fn write_playlist(config: &Config) -> anyhow::Result<()> {
    let folder = config.playlists_folder();
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join(PLAYLIST), file(PLAYLIST)?))
        .with_context(|| format!("writing the playlist to {}", folder.display()))
}

/// The channels of the demo playlist. A channel's `tvg-id` is its clip's name.
pub(super) fn channels() -> anyhow::Result<Vec<Channel>> {
    let playlist = file(PLAYLIST)?;
    iptv::parse_m3u(playlist).entries.iter().map(channel).collect()
}

fn channel(entry: &iptv::Entry<'_>) -> anyhow::Result<Channel> {
    let clip = entry.tvg_id.as_deref().unwrap_or_default();
    let hash = entry.link.acestream_hash().with_context(|| format!("{}: no content ID", entry.name))?;
    let bytes = file(&format!("{clip}.ts"))?;
    let mut channel = Channel::new(hash.parse()?, Arc::new(Clip::new(bytes)?));
    entry.name.as_ref().clone_into(&mut channel.name);
    match clip {
        "bursty" => channel.lump = Duration::from_secs(4),
        "slow" => channel.start_delay = Duration::from_secs(6),
        _ => {}
    }
    Ok(channel)
}

fn file(name: &str) -> std::io::Result<Vec<u8>> {
    let file = Files::get(name).ok_or_else(|| std::io::Error::other(format!("{name} is not built in")))?;
    Ok(file.data.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_of_the_demo_has_its_clip() {
        let names: Vec<String> = channels().unwrap().into_iter().map(|channel| channel.name).collect();

        assert_eq!(names, ["Demo: clean", "Demo: bursty", "Demo: slow"]);
    }
}
