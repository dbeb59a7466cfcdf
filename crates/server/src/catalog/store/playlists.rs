//! Playlists, and all their channels at once.

use super::{Error, Store, channels, on};
use crate::catalog::{Channel, ChannelId, Playlist, PlaylistId};

/// A playlist as it was saved, with its channels in the list's order; those that vanished come last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The playlist.
    pub playlist: Playlist,
    /// Its channels.
    pub channels: Vec<Channel>,
}

/// What a refresh changes.
#[derive(Debug, Default)]
pub struct Change<'a> {
    /// The channels that are new.
    pub added: Vec<&'a Channel>,
    /// Those of which the list says something else now, or that came or went.
    pub changed: Vec<&'a Channel>,
    /// Those that go for good.
    pub removed: Vec<ChannelId>,
    /// All channels in the list's order.
    pub ordering: Vec<ChannelId>,
}

impl Store {
    /// All playlists, by name.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn playlists(&self) -> Result<Vec<(Playlist, Vec<ChannelId>)>, Error> {
        type Row = (i64, String, String, Option<i64>, String, Vec<u8>);
        const SQL: &str = "SELECT id, name, origin, refresh_s, state, ordering FROM playlists ORDER BY name";
        let rows: Vec<Row> = on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        let playlist = |(id, name, origin, refresh_s, state, ordering): Row| {
            let playlist = Playlist {
                id: PlaylistId(id),
                name: name.parse()?,
                origin: serde_json::from_str(&origin)?,
                refresh_s: refresh_s.and_then(|seconds| u32::try_from(seconds).ok()),
                state: serde_json::from_str(&state)?,
            };
            Ok((playlist, ids(&ordering)))
        };
        rows.into_iter().map(playlist).collect()
    }

    /// Keep a new playlist, without channels.
    ///
    /// # Errors
    /// As the database has them; one is that the name is taken.
    pub async fn add_playlist(&self, playlist: &Playlist) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO playlists (id, name, origin, refresh_s, state, ordering) \
                           VALUES ($1, $2, $3, $4, $5, $6)";
        let (origin, state) =
            (serde_json::to_string(&playlist.origin)?, serde_json::to_string(&playlist.state)?);
        on!(self, pool => sqlx::query(SQL)
            .bind(playlist.id.0)
            .bind(playlist.name.as_str())
            .bind(origin)
            .bind(playlist.refresh_s.map(i64::from))
            .bind(state)
            .bind(Vec::<u8>::new())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Keep what is said of a playlist; its channels stay.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn set_playlist(&self, playlist: &Playlist) -> Result<(), Error> {
        const SQL: &str =
            "UPDATE playlists SET name = $1, origin = $2, refresh_s = $3, state = $4 WHERE id = $5";
        let (origin, state) =
            (serde_json::to_string(&playlist.origin)?, serde_json::to_string(&playlist.state)?);
        on!(self, pool => sqlx::query(SQL)
            .bind(playlist.name.as_str())
            .bind(origin)
            .bind(playlist.refresh_s.map(i64::from))
            .bind(state)
            .bind(playlist.id.0)
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Remove a playlist and its channels. What the user made of them stays, should they come back.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn remove_playlist(&self, id: PlaylistId) -> Result<(), Error> {
        const SQL: &str = "DELETE FROM playlists WHERE id = $1";
        on!(self, pool => sqlx::query(SQL).bind(id.0).execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Bring the channels of a playlist, and what is said of it, to what a refresh found: all of it, or nothing.
    ///
    /// # Errors
    /// As the database has them; then nothing has changed.
    pub async fn refresh(&self, playlist: &Playlist, change: &Change<'_>) -> Result<(), Error> {
        const SQL: &str = "UPDATE playlists SET state = $1, ordering = $2 WHERE id = $3";
        let state = serde_json::to_string(&playlist.state)?;
        let gone: Vec<ChannelId> =
            change.changed.iter().map(|it| it.id).chain(change.removed.iter().copied()).collect();
        on!(self, pool => {
            let mut work = pool.begin_with(BEGIN).await?;
            sqlx::query(SQL)
                .bind(state)
                .bind(bytes(&change.ordering))
                .bind(playlist.id.0)
                .execute(&mut *work)
                .await?;
            for some in gone.chunks(channels::IDS) {
                channels::delete(some).build().execute(&mut *work).await?;
            }
            for added in [&change.added, &change.changed] {
                for some in added.chunks(channels::ROWS) {
                    channels::insert(playlist.id, some)?.build().execute(&mut *work).await?;
                }
                for some in channels::others(added).chunks(channels::ROWS) {
                    channels::insert_others(some)?.build().execute(&mut *work).await?;
                }
            }
            work.commit().await?;
        });
        Ok(())
    }
}

fn bytes(ids: &[ChannelId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.0.to_le_bytes()).collect()
}

fn ids(bytes: &[u8]) -> Vec<ChannelId> {
    bytes.as_chunks().0.iter().map(|bytes| ChannelId(i64::from_le_bytes(*bytes))).collect()
}
