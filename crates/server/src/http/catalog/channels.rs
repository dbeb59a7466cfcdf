//! Channels by text, group and more; and what the user makes of each.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    super::{
        Kind, Problem, Services,
        extract::{Json as Body, Path, Query},
    },
    Tag, fresh, fresh_as,
    row::{Row, SourceRow, View},
};
use crate::catalog::{self, ChannelId, Edit, Only, Patch, Phase, Progress, Shape, Sort, guide};
use crate::clock::now;

/// As many channels come at once, unless another number is asked for.
const LIMIT: usize = 100;

/// As many come at most.
const LIMIT_MAX: usize = 1000;

/// Which channels.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    /// Words of their names: folded, the beginning of a word is enough, and so is nearly right.
    q: String,
    /// The name of one playlist.
    playlist: Option<String>,
    /// One group; empty for the channels without one.
    group: Option<String>,
    /// The favourites, in their own order, or what was played last, the latest first.
    #[param(inline)]
    only: Option<Whose>,
    /// How they did when they were last played.
    #[param(inline)]
    health: Option<Did>,
    /// Those that are hidden too.
    hidden: bool,
    /// Their order. Without it, what fits best comes first where there is a `q`, else that of the lists.
    #[param(inline)]
    sort: Option<Order>,
    /// What is on each of them too, and what comes next. `GET /api/channels/index` passes it over.
    now: bool,
    /// How many to pass over.
    offset: usize,
    /// How many at most: 100 unless told, up to 1000.
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Whose {
    Favourites,
    Recents,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Did {
    Working,
    Failing,
    Unknown,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Order {
    List,
    Name,
    Number,
}

/// A part of the channels that were asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelPage)]
pub(super) struct Rows {
    channels: Vec<Row>,
    /// How many there are in all.
    total: usize,
    /// How many were passed over.
    offset: usize,
}

/// Where the letters begin, or the groups.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelIndex)]
pub(super) struct Marks {
    marks: Vec<Mark>,
}

/// Where a letter begins, or a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelMark)]
pub(super) struct Mark {
    /// The letter, `#` for all that is none; or the group.
    label: String,
    /// How many channels stand in front of it.
    offset: usize,
}

/// A channel, with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelDetails)]
pub(super) struct Details {
    #[serde(flatten)]
    row: Row,
    /// What its playlist calls it.
    listed_name: String,
    /// Its ID in the guide, as its playlist has it.
    tvg_id: Option<String>,
    /// Where it plays, the first choice first.
    all_sources: Vec<SourceRow>,
    /// What the user made of it.
    edit: Edit,
    /// The channel of a guide that belongs to it.
    guide: Option<GuideMatch>,
}

/// A channel of a guide that belongs to a channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelGuide)]
pub(super) struct GuideMatch {
    /// The guide's name.
    guide: String,
    /// The channel's ID in it.
    id: String,
    /// What it is called there.
    name: Option<String>,
    /// What tells: `user`, `id` or `name`.
    by: &'static str,
    /// How sure it is, up to 1.
    score: f32,
}

impl GuideMatch {
    fn of(found: &guide::Match<'_>) -> Self {
        Self {
            guide: found.guide.name.as_str().to_owned(),
            id: found.channel.xmltv_id.to_string(),
            name: found.channel.names.first().map(ToString::to_string),
            by: match found.by {
                guide::By::User => "user",
                guide::By::Id => "id",
                guide::By::Name => "name",
            },
            score: found.score,
        }
    }
}

/// Groups and how many channels each has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelGroups)]
pub(super) struct Groups {
    groups: Vec<Group>,
    /// How many there are.
    total: usize,
}

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelGroup)]
pub(super) struct Group {
    /// Its name; empty for the channels without one.
    name: String,
    /// How many channels it has.
    channels: usize,
}

/// Whose groups.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    /// The name of one playlist.
    playlist: Option<String>,
}

/// Channels in an order.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChannelOrder)]
#[serde(deny_unknown_fields)]
pub(super) struct Ids {
    /// Their IDs, the first first.
    #[schema(value_type = Vec<i64>)]
    pub(super) ids: Vec<ChannelId>,
}

impl Asked {
    fn query(self) -> Result<catalog::Query, Problem> {
        let limit = self.limit.unwrap_or(LIMIT);
        if limit > LIMIT_MAX {
            let detail = format!("limit: {limit} channels are too many at once, it takes {LIMIT_MAX}");
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
        Ok(catalog::Query {
            text: self.q,
            playlist: self.playlist.map(|name| name.parse()).transpose()?,
            group: self.group,
            only: self.only.map(|it| match it {
                Whose::Favourites => Only::Favourites,
                Whose::Recents => Only::Recents,
            }),
            health: self.health.map(|it| match it {
                Did::Working => Shape::Working,
                Did::Failing => Shape::Failing,
                Did::Unknown => Shape::Unknown,
            }),
            hidden: self.hidden,
            sort: self.sort.map(|it| match it {
                Order::List => Sort::List,
                Order::Name => Sort::Name,
                Order::Number => Sort::Number,
            }),
            offset: self.offset,
            limit,
        })
    }
}

/// The rows of what `query` finds.
pub(super) fn rows(services: &Services, query: &catalog::Query) -> Rows {
    let view = View::of(&services.catalog);
    let page = view.snapshot.find(query, &view.personal);
    Rows { channels: view.rows(&page.channels), total: page.total, offset: query.offset }
}

/// The same, with what is on: it changes as programmes end.
async fn rows_now(
    services: &Services,
    headers: &HeaderMap,
    query: &catalog::Query,
) -> Result<Response, Problem> {
    let (tag, view) = (Tag::of(&services.catalog), View::of(&services.catalog));
    let page = view.snapshot.find(query, &view.personal);
    let ids: Vec<ChannelId> = page.channels.iter().map(|it| it.id).collect();
    let mut on = services.catalog.now_next(&ids, now()).await?;
    let begin = |it: &Option<guide::Programme>| it.as_ref().map(|it| it.start);
    let begins: Vec<_> =
        ids.iter().map(|id| on.get(id).map(|it| (begin(&it.now), begin(&it.next)))).collect();
    Ok(fresh_as(headers, &tag.with(&begins), || {
        let rows = view.rows(&page.channels).into_iter().zip(&ids);
        let channels = rows.map(|(row, id)| row.with(on.remove(id).unwrap_or_default())).collect();
        Rows { channels, total: page.total, offset: query.offset }
    }))
}

/// Channels by text, playlist, group and more; a part of them, and how many there are.
#[utoipa::path(
    get, path = "/api/channels", operation_id = "list_channels", tag = "channels", params(Asked),
    responses(
        (status = 200, body = Rows),
        (status = 304, description = "Nothing has changed since the answer whose ETag came with the request"),
        (status = 400, description = "A parameter does not fit", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn list(
    State(services): State<Services>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (is_now, query) = (asked.now, asked.query()?);
    if is_now {
        return rows_now(&services, &headers, &query).await;
    }
    Ok(fresh(&headers, &services.catalog, || rows(&services, &query)))
}

/// Where each letter begins among the same channels, sorted by name; each group, in the order of the lists.
#[utoipa::path(
    get, path = "/api/channels/index", operation_id = "index_channels", tag = "channels", params(Asked),
    responses(
        (status = 200, body = Marks),
        (status = 304, description = "Nothing has changed since the answer whose ETag came with the request"),
        (status = 400, description = "A parameter does not fit", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn marks(
    State(services): State<Services>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let query = asked.query()?;
    Ok(fresh(&headers, &services.catalog, || {
        let found = services.catalog.snapshot().marks(&query, &services.catalog.personal());
        Marks { marks: found.into_iter().map(|it| Mark { label: it.label, offset: it.offset }).collect() }
    }))
}

/// One channel.
#[utoipa::path(
    get, path = "/api/channels/{id}", operation_id = "show_channel", tag = "channels",
    params(("id" = i64, Path, description = "The channel's ID")),
    responses(
        (status = 200, body = Details),
        (status = 400, description = "This is no ID", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such channel", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn show(
    State(services): State<Services>,
    Path(id): Path<String>,
) -> Result<Json<Details>, Problem> {
    details(&services, id.parse()?)
}

/// Change what the user makes of a channel: a field that is not given stays, one that is `null` is the list's again.
#[utoipa::path(
    patch, path = "/api/channels/{id}", operation_id = "edit_channel", tag = "channels",
    params(("id" = i64, Path, description = "The channel's ID")), request_body = Patch,
    responses(
        (status = 200, body = Details),
        (status = 400, description = "This is no ID, or a text is empty or too long", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such channel", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn edit(
    State(services): State<Services>,
    Path(id): Path<String>,
    Body(patch): Body<Patch>,
) -> Result<Json<Details>, Problem> {
    let id = id.parse()?;
    services.catalog.edit(id, patch).await?;
    details(&services, id)
}

fn details(services: &Services, id: ChannelId) -> Result<Json<Details>, Problem> {
    let channel = services.catalog.channel(id)?;
    let view = View::of(&services.catalog);
    Ok(Json(Details {
        row: view.row(&channel),
        listed_name: channel.listed.name.to_string(),
        tvg_id: channel.listed.tvg_id.as_deref().map(str::to_owned),
        all_sources: channel.sources().map(|source| SourceRow::of(source, &view.personal)).collect(),
        edit: channel.edit.as_deref().cloned().unwrap_or_default(),
        guide: services.catalog.directory().find(&channel).as_ref().map(GuideMatch::of),
    }))
}

/// Find out whether a channel works, by playing it for a moment: a job, one at a time.
///
/// A channel that somebody watches works, and is not touched. What is found out is remembered.
#[utoipa::path(
    post, path = "/api/channels/{id}/check", operation_id = "check_channel", tag = "channels",
    params(("id" = i64, Path, description = "The channel's ID")),
    responses(
        (status = 202, description = "It waits for its turn", body = Progress),
        (status = 400, description = "This is no ID", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such channel", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 503, description = "Too many wait already", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn check(
    State(services): State<Services>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Progress>), Problem> {
    let id: ChannelId = id.parse()?;
    services.catalog.channel(id)?;
    let (job, is_new) = services.catalog.begin_check(id);
    if is_new && let Err(full) = services.checks.ask(id, job.clone()) {
        job.enter(Phase::Cancelled);
        return Err(Problem::new(Kind::CatalogueBusy, full.to_string()));
    }
    Ok((StatusCode::ACCEPTED, Json(job.progress())))
}

/// Put channels in front of all others, in this order. Those that were there and are not named go back to their lists'.
#[utoipa::path(
    put, path = "/api/channels/order", operation_id = "arrange_channels", tag = "channels", request_body = Ids,
    responses(
        (status = 204, description = "They stand in this order"),
        (status = 404, description = "No such channel", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn arrange(
    State(services): State<Services>,
    Body(order): Body<Ids>,
) -> Result<StatusCode, Problem> {
    services.catalog.arrange(order.ids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The groups in the order of the lists, with how many channels each has.
#[utoipa::path(
    get, path = "/api/groups", operation_id = "list_groups", tag = "channels", params(Of),
    responses(
        (status = 200, body = Groups),
        (status = 304, description = "Nothing has changed since the answer whose ETag came with the request"),
        (status = 400, description = "No playlist can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn groups(
    State(services): State<Services>,
    headers: HeaderMap,
    Query(of): Query<Of>,
) -> Result<Response, Problem> {
    let name = of.playlist.map(|name| name.parse()).transpose()?;
    Ok(fresh(&headers, &services.catalog, || {
        let found = services.catalog.snapshot().groups(name.as_ref());
        let group = |it: catalog::Group| Group {
            name: it.name.map(String::from).unwrap_or_default(),
            channels: it.channels,
        };
        Groups { total: found.len(), groups: found.into_iter().map(group).collect() }
    }))
}
