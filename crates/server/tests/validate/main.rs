//! `acehls validate` as it is called.
#![expect(clippy::unwrap_used, reason = "tests")]

mod files;
mod followed;
mod passwords;
mod ranges;

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// The exit code, what was said, and what was complained of.
fn validate(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_acehls"))
        .arg("validate")
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn clip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts")
}

/// A folder that `acehls package` wrote.
fn packaged() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut package = Command::new(env!("CARGO_BIN_EXE_acehls"));
    let output = package.arg("package").args([&clip(), folder.path()]).env_clear().output().unwrap();
    assert!(output.status.success());
    folder
}

/// A live playlist of one segment and some parts, none of which can be fetched.
fn live(parts: usize, end: &str) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=1\n\
                    #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3,CAN-SKIP-UNTIL=24\n\
                    #EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:52:33.120Z\n\
                    #EXT-X-GAP\n#EXTINF:4.0,\nsegment_7.ts\n"
        .to_owned();
    for part in 0..parts {
        text += &format!("#EXT-X-PART:DURATION=1.0,URI=\"part_8_{part}.ts\",GAP=YES\n");
    }
    text + end
}

/// What a server answers, and what `Cache-Control` it sends with it.
struct Answer(u16, &'static str, Vec<u8>);

/// A playlist.
fn text(body: impl Into<String>) -> Answer {
    Answer(200, "no-cache", body.into().into_bytes())
}

/// A segment or part.
fn media(body: impl Into<Vec<u8>>) -> Answer {
    Answer(200, "max-age=24", body.into())
}

fn refused(status: u16) -> Answer {
    Answer(status, "no-store", Vec::new())
}

/// What `acehls validate` says of `path` of a server that answers each request, by its target, with `answer`.
fn served(path: &str, arguments: &[&str], answer: impl Fn(&str) -> Answer + Sync) -> (i32, String, String) {
    served_to("", path, arguments, |request| answer(request.split(' ').nth(1).unwrap()))
}

/// The same where `user`, who may be nobody, asks, and `answer` sees the whole request.
fn served_to(
    user: &str,
    path: &str,
    arguments: &[&str],
    answer: impl Fn(&str) -> Answer + Sync,
) -> (i32, String, String) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{user}{}", server.local_addr().unwrap());
    let (is_done, server, answer) = (AtomicBool::new(false), &server, &answer);
    std::thread::scope(|scope| {
        let _closing = Closing(server, &is_done);
        scope.spawn(|| {
            while let Ok((client, _)) = server.accept() {
                if is_done.load(Ordering::Acquire) {
                    break;
                }
                scope.spawn(move || respond(client, answer));
            }
        });
        let url = format!("{base}{path}");
        validate(&[&[url.as_str()], arguments].concat())
    })
}

/// Ends who accepts from a server when it goes, also when a test fails: the scope waits for its threads.
struct Closing<'a>(&'a TcpListener, &'a AtomicBool);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.1.store(true, Ordering::Release);
        drop(self.0.local_addr().and_then(TcpStream::connect));
    }
}

fn respond(mut client: TcpStream, answer: impl Fn(&str) -> Answer) {
    let mut request = [0; 2_048];
    // A program that ends leaves connections on which it asks nothing.
    let Ok(length @ 1..) = client.read(&mut request) else { return };
    let Answer(status, cache, body) = answer(&String::from_utf8_lossy(&request[..length]));
    let head = format!(
        "HTTP/1.1 {status} OK\r\nconnection: close\r\ncache-control: {cache}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // Who asked may have gone.
    drop(client.write_all(&[head.as_bytes(), &body].concat()));
}

/// The first packets of a segment: tables and the begin of a picture.
fn part() -> Vec<u8> {
    std::fs::read(packaged().path().join("segment_0.ts")).unwrap()[..4 * 188].to_vec()
}

/// The value of a header in a request.
fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = request.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
