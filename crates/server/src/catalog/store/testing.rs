//! Both databases, for tests: PostgreSQL where its programs are installed.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::Store;

/// An empty database of its own, that goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) store: Store,
    _folder: tempfile::TempDir,
}

/// One of each kind that can run here.
pub(crate) async fn databases() -> Vec<Fresh> {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec![Fresh { store: Store::in_folder(folder.path()).await.unwrap(), _folder: folder }];
    if let Some(postgres) = postgres() {
        let store = Store::at(&postgres.database().await).await.unwrap();
        all.push(Fresh { store, _folder: tempfile::tempdir().unwrap() });
    }
    all
}

/// A PostgreSQL server of this process's own, which ends with it.
struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
}

fn postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    let start = || {
        let programs = programs();
        if programs.is_none() {
            eprintln!(
                "NOTICE: PostgreSQL's server programs are not installed: its half of these tests is skipped"
            );
        }
        programs.map(Postgres::start)
    };
    SERVER.get_or_init(start).as_ref()
}

/// Where `initdb` and `pg_ctl` are: Debian keeps them out of the path.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(debian).find(|folder| folder.join("initdb").is_file())
}

impl Postgres {
    fn start(programs: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        let server = Self { programs, folder };
        if is_root() {
            run(Command::new("chown").arg("nobody").arg(&server.folder));
        }
        let data = server.data();
        run(server
            .program("initdb")
            .args(["--auth=trust", "--username=test", "--no-sync", "--encoding=UTF8"])
            .arg("--locale=C")
            .arg(&data));
        let options = format!("-k {} -c listen_addresses= -c fsync=off", server.folder.display());
        let log = server.folder.join("log");
        run(server
            .program("pg_ctl")
            .args(["--wait", "start", "-o", &options])
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(log));
        server.end_with_us();
        server
    }

    /// A shell that waits until this process is gone, however that ends, and then stops the server.
    fn end_with_us(&self) {
        let script = r#"read -r _; "$@" -m immediate stop; rm -rf "$FOLDER""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]).args(self.words("pg_ctl")).arg("-D").arg(self.data());
        shell.env("FOLDER", &self.folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        std::mem::forget(shell.spawn().unwrap());
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The address of a new database.
    async fn database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut server = PgConnection::connect(&self.address("postgres")).await.unwrap();
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        self.address(&name)
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://test@localhost/{database}?host={}", self.folder.display())
    }

    fn program(&self, name: &str) -> Command {
        let words = self.words(name);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(&self.folder);
        command
    }

    /// PostgreSQL refuses to be run by root.
    fn words(&self, name: &str) -> Vec<PathBuf> {
        let as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"].map(PathBuf::from);
        let mut words = if is_root() { as_nobody.to_vec() } else { Vec::new() };
        words.push(self.programs.join(name));
        words
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Run it to its end; what it says is shown if it fails.
fn run(command: &mut Command) {
    let out = command.stdin(Stdio::null()).output().unwrap();
    if !out.status.success() {
        std::io::stderr().write_all(&[out.stdout, out.stderr].concat()).unwrap();
        panic!("{command:?}: {}", out.status);
    }
}
