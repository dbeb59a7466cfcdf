//! Channels of which the user made something, and that are not there.

use std::collections::HashMap;

use super::{Error, Store, on};
use crate::catalog::{ChannelId, known::Known};

impl Store {
    /// All of them.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn strangers(&self) -> Result<HashMap<ChannelId, Known>, Error> {
        const SQL: &str = "SELECT known FROM strangers";
        let rows: Vec<String> = on!(self, pool => sqlx::query_scalar(SQL).fetch_all(pool).await)?;
        let known = |text: String| {
            let known: Known = serde_json::from_str(&text)?;
            Ok((known.id, known))
        };
        rows.into_iter().map(known).collect()
    }

    /// Keep what these are known by.
    ///
    /// # Errors
    /// As the database has them; then nothing has changed.
    pub async fn add_strangers(&self, strangers: &[Known]) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO strangers (channel, known) VALUES ($1, $2) \
                           ON CONFLICT (channel) DO UPDATE SET known = $2";
        on!(self, pool => {
            let mut work = pool.begin_with(BEGIN).await?;
            for known in strangers {
                let text = serde_json::to_string(known)?;
                sqlx::query(SQL).bind(known.id.get()).bind(text).execute(&mut *work).await?;
            }
            work.commit().await?;
        });
        Ok(())
    }

    /// These are there now.
    ///
    /// # Errors
    /// As the database has them; then nothing has changed.
    pub async fn remove_strangers(&self, ids: impl Iterator<Item = ChannelId>) -> Result<(), Error> {
        on!(self, pool => {
            let mut work = pool.begin_with(BEGIN).await?;
            for id in ids {
                sqlx::query("DELETE FROM strangers WHERE channel = $1").bind(id.get()).execute(&mut *work).await?;
            }
            work.commit().await?;
        });
        Ok(())
    }
}
