//! The memory that all windows share.

use std::time::Duration;

use acestream::fake::FakeConfig;
use server::{
    config::size::Size,
    live::{
        Config, Stream,
        limits::{Limit, LimitError},
    },
};

use crate::stage::{Stage, channel, config, fake, id, reach};

async fn stage(total: usize) -> Stage {
    let channels = ['a', 'b', 'c', 'd'].map(channel).into();
    let config = Config { max_total_window_bytes: Some(Size(total)), ..config() };
    Stage::with(FakeConfig { channels, ..fake() }, config).await
}

/// Wait until a stream has sent as much as its window would hold.
async fn filled(stream: &Stream) {
    let whole = Duration::from_secs(40);
    let first = reach(stream, |now| !now.window.is_empty()).await.window.first();
    let rest = |now: u64| now.saturating_sub(first.unwrap_or_default()) >= 10;
    reach(stream, |now| now.window.duration() >= whole || now.window.last().is_some_and(rest)).await;
}

fn held(stage: &Stage) -> usize {
    stage.hub.usage()[Limit::WindowBytes as usize].used
}

/// What one whole window of these channels takes.
async fn whole_window() -> usize {
    let stage = stage(1 << 30).await;
    filled(&stage.tune(&id('a'))).await;
    let held = held(&stage);
    stage.end().await;
    held
}

#[tokio::test]
async fn windows_shrink_but_to_three_segments_rather_than_take_more_than_there_is() {
    let whole = whole_window().await;
    let stage = stage(whole).await;

    let mut streams = Vec::new();
    for digit in ['a', 'b'] {
        streams.push(stage.tune(&id(digit)));
        filled(&streams[streams.len() - 1]).await;
    }

    // The first one gives way with its next segment.
    let shrunk = |stream: &Stream| stream.report().window.bytes < whole * 3 / 4;
    reach(&streams[0], |_| shrunk(&streams[0])).await;
    assert!(shrunk(&streams[1]), "{:#?} of {whole}", streams[1].report().window);
    assert!(streams.iter().all(|stream| stream.now().window.listed().len() >= 3));
    assert!(held(&stage) <= whole + whole / 4, "{} of {whole}", held(&stage));
    stage.end().await;
}

#[tokio::test]
async fn a_stream_for_which_there_is_no_memory_is_refused() {
    let total = whole_window().await / 2;
    let stage = stage(total).await;
    let stream = stage.hub.join(&id('a'), 1).unwrap();
    filled(&stream).await;

    let refused = stage.hub.tune(&id('b')).unwrap_err();

    assert_eq!(refused, LimitError { limit: Limit::WindowBytes, value: total }.into());
    assert_eq!(stage.hub.streams().len(), 1);
    assert!(stream.report().window.bytes <= total, "{:#?} of {total}", stream.report().window);
    stage.end().await;
}
