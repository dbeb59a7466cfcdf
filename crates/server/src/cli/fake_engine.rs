//! `acehls fake-engine`: the fake engine on its own.

use std::{net::SocketAddr, sync::Arc};

use acestream::fake::{Channel, ChannelArgument, Clip, Fake, FakeConfig, Profile};
use anyhow::Context as _;

use super::{demo, output::say, signals::Signals};

/// GET `/fake/fault?id=…&fault=silence@0s` changes what goes wrong with a channel while it runs; `fault=none` ends it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where it listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6878")]
    listen: SocketAddr,
    /// Whose rules hold: 3.2.3, 3.2.11, or open for those of an open re-implementation.
    #[arg(long, value_name = "PROFILE", default_value = "3.2.11")]
    profile: Profile,
    /// How much faster than a real engine it answers.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    speed: f64,
    /// A channel: `id=<40 hex>,clip=<file>` and any of name, infohash, fault, `start_delay`, burst, offset, lump,
    /// `ends_after`, `wall_clock`.
    /// May be given more than once; without it, the demo channels.
    #[arg(long = "channel", value_name = "CHANNEL")]
    channels: Vec<ChannelArgument>,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let speed = arguments.speed;
    anyhow::ensure!(speed.is_finite() && speed > 0.0, "--speed: {speed} is no factor above 0");
    let given = arguments.channels.into_iter().map(channel).collect::<anyhow::Result<Vec<_>>>()?;
    let channels = if given.is_empty() { demo::channels()? } else { given };
    let names: Vec<String> = channels
        .iter()
        .map(|channel| format!("  acestream://{}  {}", channel.ids[0], channel.name))
        .collect();
    let config = FakeConfig {
        listen: arguments.listen,
        profile: arguments.profile,
        speed,
        channels,
        ..FakeConfig::default()
    };
    let signals = Signals::listen()?;
    let fake = Fake::start(config).await.with_context(|| format!("listening on {}", arguments.listen))?;
    say(&format!("fake engine: {}\n{}", fake.base(), names.join("\n")));
    signals.run(|stop| stop).await?;
    fake.shutdown().await;
    Ok(())
}

fn channel(argument: ChannelArgument) -> anyhow::Result<Channel> {
    let path = argument.clip().to_owned();
    let bytes = std::fs::read(&path).with_context(|| format!("reading the clip {path}"))?;
    let clip = Clip::new(bytes).with_context(|| format!("the clip {path}"))?;
    Ok(argument.with_clip(Arc::new(clip)))
}
