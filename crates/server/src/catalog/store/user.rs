//! What the user made: edits, favourites, recents, settings; and how sources did.

use std::collections::HashMap;

use super::{Error, Store, on};
use crate::catalog::{ChannelId, Edit, Favourites, Health};

/// A row of `edits`.
type EditRow =
    (i64, Option<String>, i64, Option<String>, Option<String>, Option<i64>, Option<String>, Option<String>);

/// A row of `health`.
type HealthRow = (String, Option<i64>, Option<i64>, Option<i64>, Option<String>);

impl Store {
    /// All edits, by channel.
    pub(super) async fn edits(&self) -> Result<HashMap<i64, Edit>, Error> {
        const SQL: &str =
            "SELECT channel, name, hidden, number, group_title, position, guide, source FROM edits";
        let rows: Vec<EditRow> = on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        let edit = |(channel, name, hidden, number, group, position, guide, source): EditRow| {
            (channel, Edit { name, hidden: hidden != 0, number, group, position, guide, source })
        };
        Ok(rows.into_iter().map(edit).collect())
    }

    /// All edits, those of channels that are gone included.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn all_edits(&self) -> Result<Vec<(ChannelId, Edit)>, Error> {
        Ok(self.edits().await?.into_iter().map(|(channel, edit)| (ChannelId(channel), edit)).collect())
    }

    /// Keep what the user made of channels; an edit that says nothing is forgotten.
    ///
    /// # Errors
    /// As the database has them; then nothing has changed.
    pub async fn set_edits(&self, edits: &[(ChannelId, Edit)]) -> Result<(), Error> {
        const FORGET: &str = "DELETE FROM edits WHERE channel = $1";
        const KEEP: &str = "INSERT INTO edits (channel, name, hidden, number, group_title, position, guide, source) \
                            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        on!(self, pool => {
            let mut work = pool.begin_with(BEGIN).await?;
            for (channel, edit) in edits {
                sqlx::query(FORGET).bind(channel.0).execute(&mut *work).await?;
                if *edit == Edit::default() {
                    continue;
                }
                sqlx::query(KEEP)
                    .bind(channel.0)
                    .bind(edit.name.as_deref())
                    .bind(i64::from(edit.hidden))
                    .bind(edit.number.as_deref())
                    .bind(edit.group.as_deref())
                    .bind(edit.position)
                    .bind(edit.guide.as_deref())
                    .bind(edit.source.as_deref())
                    .execute(&mut *work)
                    .await?;
            }
            work.commit().await?;
        });
        Ok(())
    }

    /// The favourites in order, and since when each is one.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn favourites(&self) -> Result<Favourites, Error> {
        const SQL: &str = "SELECT channel, added_at FROM favourites ORDER BY position, added_at";
        let rows: Vec<(i64, i64)> = on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(channel, at)| (ChannelId(channel), at)).collect())
    }

    /// Keep the favourites, in this order.
    ///
    /// # Errors
    /// As the database has them; then nothing has changed.
    pub async fn set_favourites(&self, favourites: &Favourites) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO favourites (channel, position, added_at) VALUES ($1, $2, $3)";
        on!(self, pool => {
            let mut work = pool.begin_with(BEGIN).await?;
            sqlx::query("DELETE FROM favourites").execute(&mut *work).await?;
            for ((channel, added_at), position) in favourites.iter().zip(0_i64..) {
                sqlx::query(SQL).bind(channel.0).bind(position).bind(*added_at).execute(&mut *work).await?;
            }
            work.commit().await?;
        });
        Ok(())
    }

    /// The channels played last, the latest first, each with when.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn recents(&self) -> Result<Vec<(ChannelId, i64)>, Error> {
        const SQL: &str = "SELECT channel, played_at FROM recents ORDER BY played_at DESC, channel LIMIT 200";
        let rows: Vec<(i64, i64)> = on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(channel, at)| (ChannelId(channel), at)).collect())
    }

    /// Keep that a channel was played.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn add_recent(&self, channel: ChannelId, at: i64) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO recents (channel, played_at, plays) VALUES ($1, $2, 1) \
                           ON CONFLICT (channel) DO UPDATE SET played_at = $2, plays = recents.plays + 1";
        on!(self, pool => sqlx::query(SQL).bind(channel.0).bind(at).execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Forget what was played.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn clear_recents(&self) -> Result<(), Error> {
        on!(self, pool => sqlx::query("DELETE FROM recents").execute(pool).await.map(drop))?;
        Ok(())
    }

    /// How sources did, by link.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn health(&self) -> Result<HashMap<String, Health>, Error> {
        const SQL: &str = "SELECT link, worked_at, took_ms, failed_at, failure FROM health";
        let rows: Vec<HealthRow> = on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        let health = |(link, worked_at, took_ms, failed_at, failure): HealthRow| {
            (link, Health { worked_at, took_ms, failed_at, failure })
        };
        Ok(rows.into_iter().map(health).collect())
    }

    /// Keep how the source behind `link` did.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn set_health(&self, link: &str, health: &Health) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO health (link, worked_at, took_ms, failed_at, failure) \
                           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (link) DO UPDATE SET worked_at = $2, \
                           took_ms = $3, failed_at = $4, failure = $5";
        on!(self, pool => sqlx::query(SQL)
            .bind(link)
            .bind(health.worked_at)
            .bind(health.took_ms)
            .bind(health.failed_at)
            .bind(health.failure.as_deref())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// A setting, as JSON.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, Error> {
        const SQL: &str = "SELECT value FROM settings WHERE key = $1";
        Ok(on!(self, pool => sqlx::query_scalar(SQL).bind(key).fetch_optional(pool).await)?)
    }

    /// Keep a setting.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO settings (key, value) VALUES ($1, $2) \
                           ON CONFLICT (key) DO UPDATE SET value = $2";
        on!(self, pool => sqlx::query(SQL).bind(key).bind(value).execute(pool).await.map(drop))?;
        Ok(())
    }
}
