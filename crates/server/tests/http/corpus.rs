//! Real captures as live channels, through the whole server. What FFmpeg can play from the capture it can play from the
//! server, by lists that keep to the standard; what nobody can play ends, and says why. The captures are not part of the
//! repository: skipped, with a notice, where they or FFmpeg are absent.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use acestream::{
    ContentId,
    fake::{Channel, Clip, FakeConfig},
};
use reqwest::Client;
use tokio::{process::Command, sync::Semaphore, task::JoinSet, time::timeout};

use crate::app::{TestApp, problem};

/// Captures that are looked at in the same moment.
const AT_ONCE: usize = 6;

/// How much of each channel is decoded, in seconds.
const DECODED: u32 = 8;

/// Captures in which so much is scrambled or lost that their low-latency lists cannot keep to the standard: parts are as
/// short as what is left between the holes.
const RAGS: [&str; 1] = ["france-tnt-scrambled-0x02d0.ts"];

/// MPEG-H sound, which FFmpeg cannot decode, and takes for MP3 where it finds something like it.
const MPEG_H: &str = "sample_mpegh";

/// More than FFmpeg takes for what it decodes here; a channel that gives it nothing would keep it for ever.
const LIMIT: Duration = Duration::from_secs(60);

/// A capture that the fake engine can play.
struct Capture {
    path: PathBuf,
    id: ContentId,
    clip: Arc<Clip>,
}

impl Capture {
    fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap()
    }

    fn channel(&self) -> Channel {
        Channel { burst: Duration::from_secs(30), ..Channel::new(self.id.clone(), Arc::clone(&self.clip)) }
    }
}

/// All captures long enough to be played in a loop.
fn captures() -> Vec<Capture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let manifest = fs::read_to_string(root.join("MANIFEST.tsv")).unwrap_or_default();
    let paths = manifest.lines().skip(1).filter_map(|line| line.split('\t').next());
    let captures = paths.enumerate().filter_map(|(number, path)| {
        let path = root.join(path);
        let clip = Arc::new(Clip::new(fs::read(&path).unwrap()).ok()?);
        Some(Capture { path, id: format!("{number:040}").parse().unwrap(), clip })
    });
    captures.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_capture_plays_as_a_live_channel_or_says_why_not() {
    let captures = captures();
    if captures.is_empty() || Command::new("ffmpeg").arg("-version").output().await.is_err() {
        println!("NOTICE: skipped, no captures or no ffmpeg here");
        return;
    }
    let channels = captures.iter().map(Capture::channel).collect();
    let fake = FakeConfig { speed: 1000.0, channels, ..FakeConfig::default() };
    let app = TestApp::on(fake, |config| config.live.max_streams = 200).await;
    let (places, mut looks) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    let total = captures.len();
    for capture in captures {
        let (places, client, base) = (Arc::clone(&places), app.client.clone(), app.base.clone());
        looks.spawn(async move {
            let _place = places.acquire().await.unwrap();
            let found = look(&client, &base, &capture).await;
            found.map_err(|wrong| format!("{}: {wrong}", capture.name()))
        });
    }

    let (mut played, mut wrong) = (0, Vec::new());
    for found in looks.join_all().await {
        match found {
            Ok(plays) => played += usize::from(plays),
            Err(why) => wrong.push(why),
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(played * 10 > total * 7, "only {played} of {total} captures play");
    app.end().await;
}

/// Whether the capture plays; an error is what is wrong with how it does, or does not.
async fn look(client: &Client, base: &str, capture: &Capture) -> Result<bool, String> {
    let url = |file: &str| format!("{base}/api/stream/{}/{file}", capture.id);
    let playable = match capture.name() {
        name if name.starts_with(MPEG_H) => 0,
        _ => decode(&capture.path.to_string_lossy()).await,
    };
    let response = client.get(url("playlist.m3u8")).send().await.unwrap();
    if response.status() != 200 {
        let (status, told) = problem(response).await;
        let is_clear = status == 502 && ["no_media", "scrambled"].iter().any(|code| told["code"] == *code);
        return if is_clear && playable == 0 { Ok(false) } else { Err(format!("not played: {told}")) };
    }
    let (playlist, live) = (url("playlist.m3u8"), url("live.m3u8"));
    let (first, second, decoded) = tokio::join!(
        validate(&playlist, "0"),
        async { if RAGS.contains(&capture.name()) { Ok(()) } else { validate(&live, "3").await } },
        async { if playable == 0 { 0 } else { decode(&playlist).await } },
    );
    first.and(second)?;
    let expected = f64::from(playable) / capture.clip.duration().as_secs_f64() * f64::from(DECODED);
    let enough = f64::from(decoded) >= expected.min(f64::from(DECODED) * 10.0) * 0.7;
    if enough {
        Ok(playable > 0)
    } else {
        Err(format!("{decoded} frames, about {expected:.0} were expected"))
    }
}

/// What our own validator says of a playlist and its media.
async fn validate(url: &str, follow: &str) -> Result<(), String> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_acehls"));
    let output = program.args(["validate", url, "--follow", follow]).env_clear().output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let musts: Vec<_> = said.lines().filter(|line| line.contains("MUST (")).take(3).collect();
    if output.status.success() { Ok(()) } else { Err(format!("{url}: {musts:?} {}", output.status)) }
}

/// How many frames FFmpeg decodes, of the picture or, where there is none, of the sound.
async fn decode(input: &str) -> u32 {
    for track in ["0:v:0", "0:a:0"] {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-nostdin", "-v", "quiet", "-i", input, "-t", &DECODED.to_string(), "-map", track]);
        ffmpeg.args(["-fps_mode", "passthrough", "-f", "framecrc", "-"]).stdin(Stdio::null());
        let Ok(output) = timeout(LIMIT, ffmpeg.kill_on_drop(true).output()).await else { return 0 };
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let frames = text.lines().filter(|line| !line.starts_with('#')).count();
        if frames > 0 {
            return u32::try_from(frames).unwrap();
        }
    }
    0
}
