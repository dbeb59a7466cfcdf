//! Channels and their sources.

use std::collections::HashMap;

use sqlx::{Database, QueryBuilder};

use super::{Error, Store, on};
use crate::catalog::{Channel, ChannelId, Listed, Playlist, PlaylistId, Source, store::Saved};

/// As many channels are written by one statement: SQLite takes 32,766 values, and more gain nothing.
pub(super) const ROWS: usize = 400;

/// As many are named by one statement.
pub(super) const IDS: usize = 1000;

/// A row of `channels`.
type Row = (
    i64,
    i64,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
);

impl Store {
    /// All playlists by name, with their channels.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn load(&self) -> Result<Vec<Saved>, Error> {
        let playlists = self.playlists().await?;
        let mut channels = self.channels().await?;
        let saved = |(playlist, ordering): (Playlist, Vec<ChannelId>)| {
            let mut channels = channels.remove(&playlist.id).unwrap_or_default();
            let places: HashMap<ChannelId, usize> = ordering.into_iter().zip(0..).collect();
            channels.sort_by_cached_key(|it| (places.get(&it.id).copied().unwrap_or(usize::MAX), it.id));
            Saved { playlist, channels }
        };
        Ok(playlists.into_iter().map(saved).collect())
    }

    async fn channels(&self) -> Result<HashMap<PlaylistId, Vec<Channel>>, Error> {
        const SQL: &str = "SELECT id, playlist, name, tvg_id, tvg_name, logo, group_title, number, more, vanished_at \
                           FROM channels";
        let mut edits = self.edits().await?;
        let mut sources = self.sources().await?;
        let rows: Vec<Row> = on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        let mut found: HashMap<PlaylistId, Vec<Channel>> = HashMap::new();
        for (id, playlist, name, tvg_id, tvg_name, logo, group, number, more, vanished_at) in rows {
            let listed = Listed {
                name: name.into(),
                tvg_id: tvg_id.map(Into::into),
                tvg_name: tvg_name.map(Into::into),
                logo: logo.map(Into::into),
                group: group.map(Into::into),
                number: number.map(Into::into),
                more: more.map(|more| serde_json::from_str(&more)).transpose()?,
                sources: sources.remove(&id).unwrap_or_default(),
            };
            let edit = edits.remove(&id).map(Box::new);
            let channel = Channel { id: ChannelId(id), listed, edit, vanished_at };
            found.entry(PlaylistId(playlist)).or_default().push(channel);
        }
        Ok(found)
    }

    /// The sources of all channels, in order.
    async fn sources(&self) -> Result<HashMap<i64, Vec<Source>>, Error> {
        const SQL: &str = "SELECT channel, url, options FROM sources ORDER BY channel, position";
        let rows: Vec<(i64, String, Option<String>)> =
            on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        let mut found: HashMap<i64, Vec<Source>> = HashMap::with_capacity(rows.len());
        for (channel, url, options) in rows {
            let options = options.map(|options| serde_json::from_str(&options)).transpose()?;
            // Nearly all channels have one.
            let sources = found.entry(channel).or_insert_with(|| Vec::with_capacity(1));
            sources.push(Source { url: url.into(), options });
        }
        Ok(found)
    }
}

/// A statement that removes `ids`, and their sources with them.
pub(super) fn delete<DB: Database>(ids: &[ChannelId]) -> QueryBuilder<DB>
where
    i64: sqlx::Type<DB> + for<'t> sqlx::Encode<'t, DB>,
{
    let mut sql = QueryBuilder::new("DELETE FROM channels WHERE id IN (");
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(id.0);
    }
    sql.push(")");
    sql
}

/// A statement that adds `channels` to `playlist`.
pub(super) fn insert<DB: Database>(
    playlist: PlaylistId,
    channels: &[&Channel],
) -> Result<QueryBuilder<DB>, Error>
where
    i64: sqlx::Type<DB> + for<'t> sqlx::Encode<'t, DB>,
    Option<i64>: sqlx::Type<DB> + for<'t> sqlx::Encode<'t, DB>,
    for<'t> &'t str: sqlx::Type<DB> + sqlx::Encode<'t, DB>,
    for<'t> Option<&'t str>: sqlx::Type<DB> + sqlx::Encode<'t, DB>,
    Option<String>: sqlx::Type<DB> + for<'t> sqlx::Encode<'t, DB>,
{
    let mut sql = QueryBuilder::new(
        "INSERT INTO channels (id, playlist, name, tvg_id, tvg_name, logo, group_title, number, more, vanished_at) ",
    );
    let more = channels.iter().map(|it| it.listed.more.as_ref().map(serde_json::to_string).transpose());
    let more: Vec<Option<String>> = more.collect::<Result<_, _>>()?;
    sql.push_values(channels.iter().zip(more), |mut row, (channel, more)| {
        let listed = &channel.listed;
        row.push_bind(channel.id.0)
            .push_bind(playlist.0)
            .push_bind(&*listed.name)
            .push_bind(listed.tvg_id.as_deref())
            .push_bind(listed.tvg_name.as_deref())
            .push_bind(listed.logo.as_deref())
            .push_bind(listed.group.as_deref())
            .push_bind(listed.number.as_deref())
            .push_bind(more)
            .push_bind(channel.vanished_at);
    });
    Ok(sql)
}

/// A statement that adds the sources of `channels`.
pub(super) fn insert_sources<DB: Database>(channels: &[&Channel]) -> Result<QueryBuilder<DB>, Error>
where
    i64: sqlx::Type<DB> + for<'t> sqlx::Encode<'t, DB>,
    for<'t> &'t str: sqlx::Type<DB> + sqlx::Encode<'t, DB>,
    Option<String>: sqlx::Type<DB> + for<'t> sqlx::Encode<'t, DB>,
{
    let mut rows = Vec::with_capacity(channels.len());
    for channel in channels {
        for (position, source) in (0_i64..).zip(&channel.listed.sources) {
            let options = source.options.as_ref().map(serde_json::to_string).transpose()?;
            rows.push((channel.id, position, &*source.url, options));
        }
    }
    let mut sql = QueryBuilder::new("INSERT INTO sources (channel, position, url, options) ");
    sql.push_values(rows, |mut row, (channel, position, url, options)| {
        row.push_bind(channel.0).push_bind(position).push_bind(url).push_bind(options);
    });
    Ok(sql)
}
