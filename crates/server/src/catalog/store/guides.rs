//! Guides and their programmes.

use sqlx::QueryBuilder;

use super::{Error, Store, on};
use crate::catalog::guide::{Guide, GuideChannel, GuideId, Programme};

/// As many rows are written by one statement.
const ROWS: usize = 1000;

/// As many channels are asked for by one statement.
pub(in crate::catalog) const IDS: usize = 500;

/// A row of `guides`.
type GuideRow = (i64, String, String, Option<i64>, i64, String, Option<i64>);

/// A row of `programmes`.
type Row = (i64, i64, Option<i64>, String, Option<String>);

/// The channel of a programme, when it begins, and what it is called.
pub type Title = (i64, i64, String);

impl Store {
    /// All guides, those that are asked first first.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn guides(&self) -> Result<Vec<Guide>, Error> {
        const SQL: &str = "SELECT id, name, origin, refresh_s, priority, state, edition FROM guides ORDER BY priority, name";
        let rows: Vec<GuideRow> = on!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?;
        let guide = |(id, name, origin, refresh_s, priority, state, edition): GuideRow| {
            Ok(Guide {
                id: GuideId(id),
                name: name.parse()?,
                origin: serde_json::from_str(&origin)?,
                refresh_s: refresh_s.and_then(|seconds| u32::try_from(seconds).ok()),
                priority,
                state: serde_json::from_str(&state)?,
                edition,
            })
        };
        rows.into_iter().map(guide).collect()
    }

    /// Keep a guide as it is now, in the place of what was kept of it.
    ///
    /// # Errors
    /// As the database has them; one is that the name is taken.
    pub async fn set_guide(&self, guide: &Guide) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO guides (id, name, origin, refresh_s, priority, state, edition) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET name = $2, \
                           origin = $3, refresh_s = $4, priority = $5, state = $6, edition = $7";
        let (origin, state) = (serde_json::to_string(&guide.origin)?, serde_json::to_string(&guide.state)?);
        on!(self, pool => sqlx::query(SQL)
            .bind(guide.id.0)
            .bind(guide.name.as_str())
            .bind(origin)
            .bind(guide.refresh_s.map(i64::from))
            .bind(guide.priority)
            .bind(state)
            .bind(guide.edition)
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Remove a guide. What it holds is nobody's then ([`Store::lost_guide_channels`]).
    ///
    /// # Errors
    /// As the database has them.
    pub async fn remove_guide(&self, id: GuideId) -> Result<(), Error> {
        const SQL: &str = "DELETE FROM guides WHERE id = $1";
        on!(self, pool => sqlx::query(SQL).bind(id.0).execute(pool).await.map(drop))?;
        Ok(())
    }

    /// The channels that belong to no guide: those of old editions, and of editions that were never finished.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn lost_guide_channels(&self) -> Result<Vec<i64>, Error> {
        const SQL: &str = "SELECT id FROM guide_channels WHERE edition NOT IN \
                           (SELECT edition FROM guides WHERE edition IS NOT NULL) ORDER BY id";
        Ok(on!(self, pool => sqlx::query_scalar(SQL).fetch_all(pool).await)?)
    }

    /// Remove channels of guides, and their programmes.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn remove_guide_channels(&self, ids: &[i64]) -> Result<(), Error> {
        const CHANNELS: &str = "DELETE FROM guide_channels WHERE id = $1";
        const PROGRAMMES: &str = "DELETE FROM programmes WHERE channel = $1";
        on!(self, pool => {
            for some in ids.chunks(IDS) {
                // Others may write in between.
                let mut work = pool.begin_with(BEGIN).await?;
                for id in some {
                    sqlx::query(PROGRAMMES).bind(id).execute(&mut *work).await?;
                    sqlx::query(CHANNELS).bind(id).execute(&mut *work).await?;
                }
                work.commit().await?;
            }
        });
        Ok(())
    }

    /// The channels of an edition.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn guide_channels(&self, edition: i64) -> Result<Vec<GuideChannel>, Error> {
        const SQL: &str =
            "SELECT id, xmltv_id, names, icon FROM guide_channels WHERE edition = $1 ORDER BY id";
        type Row = (i64, String, String, Option<String>);
        let rows: Vec<Row> = on!(self, pool => sqlx::query_as(SQL).bind(edition).fetch_all(pool).await)?;
        let channel = |(id, xmltv_id, names, icon): Row| {
            let (xmltv_id, names) = (xmltv_id.into(), serde_json::from_str(&names)?);
            Ok(GuideChannel { id, xmltv_id, names, icon: icon.map(Into::into) })
        };
        rows.into_iter().map(channel).collect()
    }

    /// Write channels of an edition, or write them again.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn add_guide_channels(&self, edition: i64, channels: &[GuideChannel]) -> Result<(), Error> {
        for some in channels.chunks(ROWS) {
            let names: Vec<String> =
                some.iter().map(|it| serde_json::to_string(&it.names)).collect::<Result<_, _>>()?;
            on!(self, pool => {
                let mut sql = QueryBuilder::new("INSERT INTO guide_channels (id, edition, xmltv_id, names, icon) ");
                sql.push_values(some.iter().zip(names), |mut row, (channel, names)| {
                    row.push_bind(channel.id)
                        .push_bind(edition)
                        .push_bind(&*channel.xmltv_id)
                        .push_bind(names)
                        .push_bind(channel.icon.as_deref());
                });
                sql.push(" ON CONFLICT (id) DO UPDATE SET names = excluded.names, icon = excluded.icon");
                sql.build().execute(pool).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Write programmes; of two of a channel that begin at once the first stays.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn add_programmes(&self, programmes: &[Programme]) -> Result<(), Error> {
        let none = crate::catalog::guide::About::default();
        on!(self, pool => {
            let mut work = pool.begin_with(BEGIN).await?;
            for some in programmes.chunks(ROWS) {
                let more = some.iter().map(|it| (it.more != none).then(|| serde_json::to_string(&it.more)).transpose());
                let more: Vec<Option<String>> = more.collect::<Result<_, _>>()?;
                let mut sql = QueryBuilder::new("INSERT INTO programmes (channel, start, stop, title, more) ");
                sql.push_values(some.iter().zip(more), |mut row, (programme, more)| {
                    row.push_bind(programme.channel)
                        .push_bind(programme.start)
                        .push_bind(programme.stop)
                        .push_bind(&*programme.title)
                        .push_bind(more);
                });
                sql.push(" ON CONFLICT DO NOTHING");
                sql.build().execute(&mut *work).await?;
            }
            work.commit().await?;
        });
        Ok(())
    }

    /// The programmes of these channels that begin from `from` to before `to`, by channel and time.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn programmes(&self, channels: &[i64], from: i64, to: i64) -> Result<Vec<Programme>, Error> {
        let mut found = Vec::new();
        for some in channels.chunks(IDS) {
            let rows: Vec<Row> = on!(self, pool => {
                let mut sql =
                    QueryBuilder::new("SELECT channel, start, stop, title, more FROM programmes WHERE start >= ");
                sql.push_bind(from).push(" AND start < ").push_bind(to).push(" AND channel IN (");
                let mut list = sql.separated(", ");
                for id in some {
                    list.push_bind(*id);
                }
                sql.push(") ORDER BY channel, start");
                sql.build_query_as().fetch_all(pool).await
            })?;
            found.extend(rows.into_iter().map(programme).collect::<Result<Vec<_>, Error>>()?);
        }
        Ok(found)
    }

    /// When what begins of these channels from `from` to before `to`, and what it is called; by channel and time, behind
    /// `after`, `limit` of them at most. There should be `IDS` channels at most: each is looked up anew by each call.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn titles(
        &self,
        channels: &[i64],
        (from, to): (i64, i64),
        after: (i64, i64),
        limit: i64,
    ) -> Result<Vec<Title>, Error> {
        if channels.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on!(self, pool => {
            let mut sql = QueryBuilder::new("SELECT channel, start, title FROM programmes WHERE start >= ");
            sql.push_bind(from).push(" AND start < ").push_bind(to);
            sql.push(" AND (channel, start) > (").push_bind(after.0).push(", ").push_bind(after.1);
            sql.push(") AND channel IN (");
            let mut list = sql.separated(", ");
            for id in channels {
                list.push_bind(*id);
            }
            sql.push(") ORDER BY channel, start LIMIT ").push_bind(limit);
            sql.build_query_as().fetch_all(pool).await
        })?)
    }

    /// The programmes of which channel and beginning are these.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn programmes_at(&self, keys: &[(i64, i64)]) -> Result<Vec<Programme>, Error> {
        const SQL: &str = ") SELECT p.channel, p.start, p.stop, p.title, p.more FROM asked \
                           JOIN programmes p ON p.channel = asked.channel AND p.start = asked.start";
        let mut found = Vec::new();
        for some in keys.chunks(IDS) {
            let rows: Vec<Row> = on!(self, pool => {
                let mut sql = QueryBuilder::new("WITH asked (channel, start) AS (");
                sql.push_values(some, |mut row, (channel, start)| {
                    row.push_bind(*channel).push_bind(*start);
                });
                sql.push(SQL);
                sql.build_query_as().fetch_all(pool).await
            })?;
            found.extend(rows.into_iter().map(programme).collect::<Result<Vec<_>, Error>>()?);
        }
        Ok(found)
    }

    /// How many programmes there are of all channels of all editions.
    #[cfg(test)]
    pub(in crate::catalog) async fn count_programmes(&self) -> i64 {
        const SQL: &str = "SELECT count(*) FROM programmes";
        on!(self, pool => sqlx::query_scalar(SQL).fetch_one(pool).await.unwrap())
    }

    /// What is on each of these channels at a time of its own, if anything is, and what begins next; `span` seconds back
    /// and ahead at most. By channel and time; a channel that is asked about twice has its programmes twice.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn on_air(&self, asked: &[(i64, i64)], span: i64) -> Result<Vec<Programme>, Error> {
        const NOW: &str = ") SELECT p.channel, p.start, p.stop, p.title, p.more FROM asked JOIN programmes p \
            ON p.channel = asked.channel AND p.start = (SELECT it.start FROM programmes it \
            WHERE it.channel = asked.channel AND it.start <= asked.at AND it.start > asked.at - asked.span \
            AND (it.stop > asked.at OR (it.stop IS NULL AND NOT EXISTS (SELECT 1 FROM programmes later \
            WHERE later.channel = it.channel AND later.start > it.start AND later.start <= asked.at))) \
            ORDER BY it.start DESC LIMIT 1)";
        const NEXT: &str = " UNION ALL SELECT p.channel, p.start, p.stop, p.title, p.more FROM asked JOIN programmes p \
            ON p.channel = asked.channel AND p.start = (SELECT min(it.start) FROM programmes it \
            WHERE it.channel = asked.channel AND it.start > asked.at AND it.start < asked.at + asked.span) \
            ORDER BY 1, 2";
        let mut found = Vec::new();
        for some in asked.chunks(IDS) {
            let rows: Vec<Row> = on!(self, pool => {
                let mut sql = QueryBuilder::new("WITH asked (channel, at, span) AS (");
                sql.push_values(some, |mut row, (channel, at)| {
                    row.push_bind(*channel).push_bind(*at).push_bind(span);
                });
                sql.push(NOW).push(NEXT);
                sql.build_query_as().fetch_all(pool).await
            })?;
            found.extend(rows.into_iter().map(programme).collect::<Result<Vec<_>, Error>>()?);
        }
        Ok(found)
    }

    /// Forget the programmes that began before `time`.
    ///
    /// # Errors
    /// As the database has them.
    pub async fn forget_programmes(&self, time: i64) -> Result<(), Error> {
        const SQL: &str = "DELETE FROM programmes WHERE start < $1";
        on!(self, pool => sqlx::query(SQL).bind(time).execute(pool).await.map(drop))?;
        Ok(())
    }
}

fn programme((channel, start, stop, title, more): Row) -> Result<Programme, Error> {
    let more = more.map(|more| serde_json::from_str(&more)).transpose()?.unwrap_or_default();
    Ok(Programme { channel, start, stop, title, more })
}
