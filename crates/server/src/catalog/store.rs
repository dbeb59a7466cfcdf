//! What of the catalogue outlives the process: SQL, all of it. SQLite in the storage folder, or PostgreSQL where
//! several servers share one catalogue; every statement here runs on both.

mod channels;
mod guides;
mod playlists;
mod shared;
mod strangers;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod user;

use std::{path::Path, str::FromStr as _, time::Duration};

use sqlx::{
    Connection as _, PgPool, SqlSafeStr as _, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub(super) use guides::IDS;
pub use guides::Title;
pub use playlists::{Change, Saved};
pub use shared::{Area, Revisions, Turn};

use super::InvalidName;

/// The file in the storage folder.
const FILE: &str = "catalogue.db";

/// How long a statement waits for another that writes, or for a connection.
const PATIENCE: Duration = Duration::from_secs(15);

/// As many connections are open at once: SQLite has one writer, and what is asked often is in memory.
const CONNECTIONS: u32 = 4;

/// Each has a thread and memory of its own, which are given back after this long without a question.
const IDLE: Duration = Duration::from_secs(30);

/// As many to PostgreSQL: who waits for a turn, and who writes an edition of a guide, holds one all the while.
const CONNECTIONS_SHARED: u32 = 10;

/// A server that is cut off holds its locks no longer than a minute.
const KEEPALIVE: [(&str, &str); 3] =
    [("tcp_keepalives_idle", "30"), ("tcp_keepalives_interval", "10"), ("tcp_keepalives_count", "3")];

/// The pages that SQLite keeps in memory a connection, as it wants to be told: less than 0 is KiB. A list of 100,000
/// channels is written in one piece.
const CACHE: &str = "-16384";

/// The steps from an empty database to today's. They only go forward and are never edited once released.
const MIGRATIONS: [(i64, &str, &str); 4] = [
    (1, "catalogue", include_str!("../../migrations/0001_catalogue.sql")),
    (2, "guide", include_str!("../../migrations/0002_guide.sql")),
    (3, "revisions", include_str!("../../migrations/0003_revisions.sql")),
    (4, "strangers", include_str!("../../migrations/0004_strangers.sql")),
];

/// Why the catalogue cannot be kept or read back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database says no.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables cannot be brought to today's shape.
    #[error("preparing the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Something in it is not what was written.
    #[error("the database holds something that cannot be read: {0}")]
    Damaged(#[from] serde_json::Error),
    /// A channel in it is not as channels are written.
    #[error("the database holds a channel that cannot be read")]
    Record,
    /// A playlist in it has a name that none can have.
    #[error("the database holds a playlist whose name cannot be one: {0}")]
    Name(#[from] InvalidName),
    /// The address of the database names none that is known.
    #[error("catalog.database_url: only postgres:// addresses are known; without one, SQLite is used")]
    Scheme,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
}

#[derive(Debug, Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The same lines for either database: `$pool` is its pool, `BEGIN` begins a transaction that will write.
macro_rules! on {
    ($store:expr, $pool:ident => $body:expr) => {
        match &$store.pool {
            $crate::catalog::store::Pool::Sqlite($pool) => {
                #[allow(dead_code, reason = "not all lines write")]
                const BEGIN: &str = "BEGIN IMMEDIATE";
                $body
            }
            $crate::catalog::store::Pool::Postgres($pool) => {
                #[allow(dead_code, reason = "not all lines write")]
                const BEGIN: &str = "BEGIN";
                $body
            }
        }
    };
}
use on;

/// Make the file for its owner alone, if it is not there: it holds what lets us in to servers. SQLite gives its other
/// files the same permissions.
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::File::options().create(true).append(true).mode(0o600).open(path).map(drop)
}

impl Store {
    /// The SQLite database in `folder`, made if need be.
    ///
    /// # Errors
    /// It cannot be opened, or was made by a newer version.
    pub async fn in_folder(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        keep_private(&path).map_err(sqlx::Error::Io)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What a power cut takes is the last seconds, never the whole (SQLite, "Write-Ahead Logging", 2.2).
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(PATIENCE)
            .pragma("cache_size", CACHE);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .idle_timeout(IDLE)
            .acquire_timeout(PATIENCE)
            // On a full disk SQLite ends a transaction by itself, and the connection goes on believing in it.
            .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }));
        let pool = Pool::Sqlite(pool.connect_with(options).await?);
        Self { pool }.migrated().await
    }

    /// The PostgreSQL database at `url`.
    ///
    /// # Errors
    /// It cannot be reached, or was made by a newer version.
    pub async fn at(url: &str) -> Result<Self, Error> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(Error::Scheme);
        }
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS_SHARED).acquire_timeout(PATIENCE);
        let options = PgConnectOptions::from_str(url)?.options(KEEPALIVE);
        let pool = Pool::Postgres(pool.connect_with(options).await?);
        Self { pool }.migrated().await
    }

    async fn migrated(self) -> Result<Self, Error> {
        let step = |(version, name, sql): (i64, &'static str, &'static str)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        };
        let steps: Vec<Migration> = MIGRATIONS.into_iter().map(step).collect();
        let migrator = Migrator { migrations: steps.into(), ..Migrator::DEFAULT };
        on!(self, pool => migrator.run(pool).await)?;
        Ok(self)
    }

    /// End all connections; SQLite puts its log into the file.
    pub async fn close(&self) {
        on!(self, pool => pool.close().await);
    }
}
