//! The program as it is called.
#![expect(clippy::unwrap_used, reason = "tests")]

mod configuration;
mod doctor;
mod killed;
mod package;
mod running;

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

/// More than anything takes; only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(60);

/// The program with an environment that is only what `variables` say.
fn acehls(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acehls"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command
}

fn output(arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String, String) {
    told(acehls(arguments, variables).output().unwrap())
}

fn told(output: Output) -> (bool, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// What `look` finds, once it finds something.
fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < LIMIT, "nothing within {LIMIT:?}");
        std::thread::yield_now();
    }
}

/// The client that is at the door, if there is one.
fn client(server: &TcpListener) -> Option<TcpStream> {
    server.set_nonblocking(true).unwrap();
    let (client, _) = match server.accept() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
        accepted => accepted.unwrap(),
    };
    client.set_nonblocking(false).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.set_write_timeout(Some(LIMIT)).unwrap();
    Some(client)
}

fn clip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts")
}

/// A program that runs until the test ends, and the address it printed.
struct Running(Child, String);

impl Running {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child =
            acehls(arguments, variables).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_once("http://").unwrap().1.split('/').next().unwrap().to_owned();
        Self(child, address)
    }

    fn get(&self, path: &str) -> String {
        let mut tcp = TcpStream::connect(&self.1).unwrap();
        write!(tcp, "GET {path} HTTP/1.1\r\nhost: tv\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Stop as a service manager does; true when the program ended well.
    fn stop(mut self) -> bool {
        Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        self.ended().success()
    }

    /// What `look` finds while the program runs.
    fn until<T>(&mut self, mut look: impl FnMut() -> Option<T>) -> T {
        eventually(|| {
            let ended = self.0.try_wait().unwrap();
            let found = look();
            assert!(found.is_some() || ended.is_none(), "it ended with {ended:?}: {}", self.complaint());
            found
        })
    }

    fn ended(&mut self) -> ExitStatus {
        eventually(|| self.0.try_wait().unwrap())
    }

    /// What a program that ended complained of.
    fn complaint(&mut self) -> String {
        self.0.stderr.take().map(|said| std::io::read_to_string(said).unwrap()).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program under these limits of open files.
fn limited(limits: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("{limits} exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_acehls")]).args(arguments);
    command.env_clear().envs(variables.iter().copied());
    command
}
