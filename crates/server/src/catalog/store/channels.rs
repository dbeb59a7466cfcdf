//! Channels and their sources.

use std::collections::HashMap;

use memchr::memchr_iter;
use sqlx::{Database, QueryBuilder};

use super::{Error, Store, on};
use crate::catalog::{Channel, ChannelId, Listed, Playlist, PlaylistId, Source, store::Saved};

/// As many channels are written by one statement: SQLite takes 32,766 values, and more gain nothing.
pub(super) const ROWS: usize = 400;

/// As many are named by one statement.
pub(super) const IDS: usize = 1000;

/// Between the values of a channel, and between channels: neither stands in a text ([`Listed::of`], JSON).
const UNIT: u8 = 0x1F;
const RECORD: char = '\u{1e}';

/// All channels come in so many pieces, by their IDs.
const PIECES: i64 = 256;

/// How many values a channel has.
const VALUES: usize = 12;

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

    /// All channels, by playlist. Hundreds of thousands of rows, each handed from thread to thread by itself, would
    /// take seconds: the database puts them together.
    async fn channels(&self) -> Result<HashMap<PlaylistId, Vec<Channel>>, Error> {
        // `concat_ws` leaves a NULL out, with its separator: none may reach it.
        const SQL: &str = "SELECT string_agg(concat_ws($1, id, playlist, name, COALESCE(tvg_id, ''), \
                           COALESCE(tvg_name, ''), COALESCE(logo, ''), COALESCE(group_title, ''), \
                           COALESCE(number, ''), COALESCE(more, ''), url, COALESCE(options, ''), \
                           COALESCE(CAST(vanished_at AS TEXT), '')), $2) \
                           FROM channels WHERE id >= $3 AND id < $4";
        let (mut edits, mut others) = tokio::try_join!(self.edits(), self.other_sources())?;
        let mut found: HashMap<PlaylistId, Vec<Channel>> = HashMap::new();
        let mut texts = [None, None];
        // The database puts the next two pieces together, by two connections, while these are read.
        for piece in (0..=PIECES).step_by(2) {
            let read = async { texts.each_ref().map(|text: &Option<String>| channels(text.as_deref())) };
            let next = async { tokio::try_join!(self.piece(SQL, piece), self.piece(SQL, piece + 1)) };
            let (next, read) = tokio::join!(next, read);
            texts = next?.into();
            let [one, other] = read;
            for (playlist, mut channel) in one?.into_iter().chain(other?) {
                channel.listed.sources.extend(others.remove(&channel.id.0).into_iter().flatten());
                channel.edit = edits.remove(&channel.id.0).map(Box::new);
                found.entry(playlist).or_default().push(channel);
            }
        }
        Ok(found)
    }

    /// The channels whose IDs are in this piece, as one text; nothing behind the last.
    async fn piece(&self, sql: &'static str, piece: i64) -> Result<Option<String>, Error> {
        const WIDTH: i64 = (ChannelId::MAX + 1) / PIECES;
        let (from, to) = (piece * WIDTH, (piece + 1) * WIDTH);
        Ok(on!(self, pool => sqlx::query_scalar(sql)
            .bind(char::from(UNIT).to_string())
            .bind(RECORD.to_string())
            .bind(from)
            .bind(to)
            .fetch_one(pool)
            .await)?)
    }

    /// The sources behind the first of all channels, in order.
    async fn other_sources(&self) -> Result<HashMap<i64, Vec<Source>>, Error> {
        const SQL: &str = "SELECT channel, url, options FROM sources ORDER BY channel, position";
        let rows: Vec<(i64, String, Option<String>)> =
            on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        let mut found: HashMap<i64, Vec<Source>> = HashMap::new();
        for (channel, url, options) in rows {
            found.entry(channel).or_default().push(source(&url, options.as_deref())?);
        }
        Ok(found)
    }
}

/// The channels in a text that the database put together.
fn channels(text: Option<&str>) -> Result<Vec<(PlaylistId, Channel)>, Error> {
    text.unwrap_or_default().split(RECORD).filter(|record| !record.is_empty()).map(channel).collect()
}

/// A channel with its first source, as the database puts it together.
fn channel(record: &str) -> Result<(PlaylistId, Channel), Error> {
    let mut begin = 0;
    let ends = memchr_iter(UNIT, record.as_bytes()).chain([record.len()]);
    let mut values = ends.map(|end| &record[std::mem::replace(&mut begin, end + 1)..end]);
    let values: [Option<&str>; VALUES] = std::array::from_fn(|_| values.next());
    let [
        Some(id),
        Some(playlist),
        Some(name),
        Some(tvg_id),
        Some(tvg_name),
        Some(logo),
        Some(group),
        Some(number),
        Some(more),
        Some(url),
        Some(options),
        Some(vanished_at),
    ] = values
    else {
        return Err(Error::Record);
    };
    let some = |text: &str| (!text.is_empty()).then(|| text.into());
    let whole = |text: &str| text.parse::<i64>().map_err(|_| Error::Record);
    let listed = Listed {
        name: name.into(),
        tvg_id: some(tvg_id),
        tvg_name: some(tvg_name),
        logo: some(logo),
        group: some(group),
        number: some(number),
        more: (!more.is_empty()).then(|| serde_json::from_str(more)).transpose()?,
        sources: vec![source(url, (!options.is_empty()).then_some(options))?],
    };
    let vanished_at = (!vanished_at.is_empty()).then(|| whole(vanished_at)).transpose()?;
    Ok((PlaylistId(whole(playlist)?), Channel { id: ChannelId(whole(id)?), listed, edit: None, vanished_at }))
}

fn source(url: &str, options: Option<&str>) -> Result<Source, Error> {
    let options = options.map(serde_json::from_str).transpose()?;
    Ok(Source { url: url.into(), options })
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
        "INSERT INTO channels (id, playlist, name, tvg_id, tvg_name, logo, group_title, number, more, url, options, \
         vanished_at) ",
    );
    let json = |it: &&Channel| -> Result<_, Error> {
        let more = it.listed.more.as_ref().map(serde_json::to_string).transpose()?;
        let first = it.listed.sources.first();
        let options =
            first.and_then(|source| source.options.as_ref()).map(serde_json::to_string).transpose()?;
        Ok((more, options))
    };
    let json: Vec<_> = channels.iter().map(json).collect::<Result<_, _>>()?;
    sql.push_values(channels.iter().zip(json), |mut row, (channel, (more, options))| {
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
            .push_bind(listed.sources.first().map_or("", |source| &source.url))
            .push_bind(options)
            .push_bind(channel.vanished_at);
    });
    Ok(sql)
}

/// A source behind the first, as it is written.
pub(super) type Other<'a> = (ChannelId, i64, &'a Source);

/// The sources of `channels` behind the first of each.
pub(super) fn others<'a>(channels: &[&'a Channel]) -> Vec<Other<'a>> {
    let others = |channel: &&'a Channel| {
        let id = channel.id;
        (0_i64..).zip(&channel.listed.sources).skip(1).map(move |(position, source)| (id, position, source))
    };
    channels.iter().flat_map(others).collect()
}

/// A statement that adds `sources`, which are some.
pub(super) fn insert_others<DB: Database>(sources: &[Other<'_>]) -> Result<QueryBuilder<DB>, Error>
where
    i64: sqlx::Type<DB> + for<'t> sqlx::Encode<'t, DB>,
    for<'t> &'t str: sqlx::Type<DB> + sqlx::Encode<'t, DB>,
    Option<String>: sqlx::Type<DB> + for<'t> sqlx::Encode<'t, DB>,
{
    let options = sources.iter().map(|it| it.2.options.as_ref().map(serde_json::to_string).transpose());
    let options: Vec<Option<String>> = options.collect::<Result<_, _>>()?;
    let mut sql = QueryBuilder::new("INSERT INTO sources (channel, position, url, options) ");
    sql.push_values(sources.iter().zip(options), |mut row, ((channel, position, source), options)| {
        row.push_bind(channel.0).push_bind(*position).push_bind(&*source.url).push_bind(options);
    });
    Ok(sql)
}
