//! A player as a program of its own, and how many pictures it has shown.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustix::process::{Pid, Signal, getuid, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};
use tokio_util::task::TaskTracker;

/// More than any player takes for what is waited for here; only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(90);

/// A picture of the demo's clip, 640 × 360 in 4:2:0.
const PICTURE: u64 = 640 * 360 * 3 / 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ffmpeg,
    Mpv,
    Streamlink,
    Vlc,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Ffmpeg, Self::Mpv, Self::Streamlink, Self::Vlc];

    /// The program without which there is nothing to prove.
    fn program(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg",
            Self::Mpv => "mpv",
            Self::Streamlink => "streamlink",
            Self::Vlc => "cvlc",
        }
    }

    /// What writes to its output for each picture that it has decoded. `$0` is the address.
    fn script(self) -> &'static str {
        match self {
            Self::Ffmpeg => {
                "exec ffmpeg -nostdin -v error -i $0 -map 0:v -fps_mode passthrough -flush_packets 1 -f framecrc -"
            }
            Self::Mpv => {
                "exec mpv --no-config --no-input-terminal --vo=null --ao=null --term-status-msg= \
                 --msg-level=all=warn,ffmpeg=v --vf=lavfi=[showinfo] $0"
            }
            Self::Streamlink => {
                "streamlink --stdout $0 best | \
                 ffmpeg -nostdin -v error -i - -map 0:v -fps_mode passthrough -flush_packets 1 -f framecrc -"
            }
            // A pipe of ours belongs to another user, and then VLC may not open it by its name.
            Self::Vlc => "cvlc -I dummy --aout=adummy --vout=yuv --yuv-file=/dev/stdout $0 | cat",
        }
    }

    /// Pictures, by a line of its output.
    fn counts(self, line: &str) -> bool {
        match self {
            Self::Mpv => line.contains(" pts_time:"),
            _ => !line.starts_with('#'),
        }
    }
}

/// A player that plays. Dropping it ends it.
pub(super) struct Player {
    name: String,
    child: Child,
    shown: watch::Receiver<u64>,
    said: Arc<Mutex<String>>,
    _home: tempfile::TempDir,
}

impl Player {
    /// Play `url`, if the player is here.
    pub(super) fn start(kind: Kind, url: &str) -> Option<Self> {
        if !is_here(kind.program()) {
            println!("NOTICE: skipped, no {} here", kind.program());
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let mut command = runner(kind, &home);
        // A test that is killed ends nothing: then time does.
        command.args(["timeout", "300", "sh", "-c", kind.script(), url]).env("HOME", home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.process_group(0).spawn().unwrap();
        let (output, complaints) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (count, shown) = watch::channel(0);
        let said = Arc::default();
        let pipes = TaskTracker::new();
        pipes.spawn(listen(complaints, Arc::clone(&said)));
        match kind {
            Kind::Vlc => pipes.spawn(count_bytes(output, count)),
            _ => pipes.spawn(count_lines(output, kind, count)),
        };
        let name = format!("{kind:?} on {}", url.rsplit('/').next().unwrap());
        Some(Self { name, child, shown, said, _home: home })
    }

    /// The picture it has come to.
    pub(super) fn shown(&self) -> u64 {
        *self.shown.borrow()
    }

    /// Wait until it has come to picture `wanted`.
    pub(super) async fn comes_to(&mut self, wanted: u64) {
        let ended = match timeout(LIMIT, self.shown.wait_for(|shown| *shown >= wanted)).await {
            Ok(Ok(_)) => return,
            Ok(Err(_)) => "gave up",
            Err(_) => "hangs",
        };
        panic!("{} {ended} at picture {}, {wanted} are wanted: {}", self.name, self.shown(), self.said());
    }

    /// What it complained of.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

impl Drop for Player {
    /// With all that its script started.
    fn drop(&mut self) {
        let leader = self.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(leader) = leader {
            // It fails when nothing is left to end.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// What runs the player's command. VLC refuses to run as root: then it is nobody, in a home that is nobody's.
fn runner(kind: Kind, home: &tempfile::TempDir) -> Command {
    const NOBODY: u32 = 65_534;
    if kind != Kind::Vlc || !getuid().is_root() {
        return Command::new("env");
    }
    std::os::unix::fs::chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).env_remove("XDG_RUNTIME_DIR");
    command
}

async fn listen(mut complaints: impl AsyncRead + Unpin, said: Arc<Mutex<String>>) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = complaints.read(&mut piece).await {
        said.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..length]));
    }
}

async fn count_lines(output: impl AsyncRead + Unpin, kind: Kind, count: watch::Sender<u64>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if kind.counts(&line) {
            count.send_modify(|count| *count += 1);
        }
    }
}

async fn count_bytes(mut output: impl AsyncRead + Unpin, count: watch::Sender<u64>) {
    let (mut piece, mut bytes) = (vec![0; 1 << 16], 0);
    while let Ok(length @ 1..) = output.read(&mut piece).await {
        bytes += length as u64;
        count.send_replace(bytes / PICTURE);
    }
}
