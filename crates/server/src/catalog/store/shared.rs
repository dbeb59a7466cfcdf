//! Several servers with one database: whose turn it is to change something, and what another one has changed. SQLite
//! has one server, and none of this is done there.

use sqlx::{Postgres, Transaction};

use super::{Error, Pool, Store};

/// The locks are PostgreSQL's advisory ones: numbers that nobody else in the database uses ("acehls" and a digit).
const CHANGE: i64 = 0x6163_6568_6c73_0001;
const EDITIONS: i64 = 0x6163_6568_6c73_0002;

/// Another server's change is waited for no longer.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '60s'";

/// What is changed, and read again, as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Playlists, channels and their edits.
    Lists,
    /// Favourites, recents and health.
    Personal,
    /// Guides and their channels.
    Guides,
}

/// How often each area has been changed, by whichever server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Revisions {
    /// Of the lists.
    pub lists: i64,
    /// Of what is personal.
    pub personal: i64,
    /// Of the guides.
    pub guides: i64,
}

/// No other server does the same while this is held.
#[derive(Debug)]
pub struct Turn {
    // Dropped, it is rolled back a moment later, and the lock goes with it: also when this process ends in the middle.
    lock: Option<Transaction<'static, Postgres>>,
}

impl Turn {
    /// It is over now, and not a moment later.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn end(self) -> Result<(), Error> {
        match self.lock {
            Some(work) => Ok(work.rollback().await?),
            None => Ok(()),
        }
    }
}

impl Revisions {
    /// How often an area has been changed.
    #[must_use]
    pub const fn of(self, area: Area) -> i64 {
        match area {
            Area::Lists => self.lists,
            Area::Personal => self.personal,
            Area::Guides => self.guides,
        }
    }

    /// Note that an area has been changed for this time.
    pub const fn note(&mut self, area: Area, number: i64) {
        match area {
            Area::Lists => self.lists = number,
            Area::Personal => self.personal = number,
            Area::Guides => self.guides = number,
        }
    }
}

impl Area {
    const fn name(self) -> &'static str {
        match self {
            Self::Lists => "lists",
            Self::Personal => "personal",
            Self::Guides => "guides",
        }
    }
}

impl Store {
    /// Whether other servers may use the same database.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.pool, Pool::Postgres(_))
    }

    /// Wait until no other server changes anything.
    ///
    /// # Errors
    /// As the database has them, and if another server takes a minute.
    pub async fn turn(&self) -> Result<Turn, Error> {
        self.lock("SELECT pg_advisory_xact_lock($1)", CHANGE).await
    }

    /// While this is held, no other server sweeps editions of guides.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn writing_edition(&self) -> Result<Turn, Error> {
        self.lock("SELECT pg_advisory_xact_lock_shared($1)", EDITIONS).await
    }

    async fn lock(&self, sql: &'static str, number: i64) -> Result<Turn, Error> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(Turn { lock: None }) };
        let mut work = pool.begin().await?;
        sqlx::query(LOCK_TIMEOUT).execute(&mut *work).await?;
        sqlx::query(sql).bind(number).execute(&mut *work).await?;
        Ok(Turn { lock: Some(work) })
    }

    /// The right to sweep editions of guides, unless one is being written.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn no_edition_written(&self) -> Result<Option<Turn>, Error> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(Some(Turn { lock: None })) };
        let mut work = pool.begin().await?;
        let sql = "SELECT pg_try_advisory_xact_lock($1)";
        let is_free: bool = sqlx::query_scalar(sql).bind(EDITIONS).fetch_one(&mut *work).await?;
        Ok(is_free.then_some(Turn { lock: Some(work) }))
    }

    /// How often each area has been changed.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn revisions(&self) -> Result<Revisions, Error> {
        let mut revisions = Revisions::default();
        let Pool::Postgres(pool) = &self.pool else { return Ok(revisions) };
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT part, number FROM revisions").fetch_all(pool).await?;
        for area in [Area::Lists, Area::Personal, Area::Guides] {
            let row = rows.iter().find(|(name, _)| name == area.name());
            row.inspect(|(_, number)| revisions.note(area, *number));
        }
        Ok(revisions)
    }

    /// Tell the others that `area` is about to change: how often it has been, this time included. Said before it is
    /// done, so that a server that ends in between makes the others read again what they have, and not miss it.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn tell(&self, area: Area) -> Result<i64, Error> {
        const SQL: &str = "UPDATE revisions SET number = number + 1 WHERE part = $1 RETURNING number";
        let Pool::Postgres(pool) = &self.pool else { return Ok(0) };
        Ok(sqlx::query_scalar(SQL).bind(area.name()).fetch_one(pool).await?)
    }
}
