//! Every route, on one screen.

use axum::{Router, extract::DefaultBodyLimit, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Services, catalog, continuous, engine, engine_search, events, figures, hdhomerun, health, index, live,
    low_latency, openapi, play, problems, streams, web,
};

/// The routes, without what stands around them.
pub(super) fn routes(services: &Services) -> Router<Services> {
    documented()
        .split_for_parts()
        .0
        // The router has no parameters within a part of a path, so the handler reads `segment_{n}.ts` itself.
        .route("/api/stream/{hash}/{file}", get(live::segment))
        .route("/api/openapi.json", get(openapi::serve))
        .fallback(web::serve)
        .method_not_allowed_fallback(web::wrong_method)
        .layer(DefaultBodyLimit::max(services.http.max_body))
}

/// The routes that stand in the OpenAPI document as they stand in the router.
pub(super) fn documented() -> OpenApiRouter<Services> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(play::play))
        .routes(routes!(live::playlist))
        .routes(routes!(index::index))
        .routes(routes!(low_latency::playlist))
        .routes(routes!(continuous::stream))
        .routes(routes!(streams::list))
        .routes(routes!(streams::show, streams::stop))
        .routes(routes!(events::events))
        .merge(catalog::routes())
        .routes(routes!(hdhomerun::discover))
        .routes(routes!(hdhomerun::lineup))
        .routes(routes!(hdhomerun::status))
        .routes(routes!(hdhomerun::scan))
        .routes(routes!(hdhomerun::device))
        .routes(routes!(health::health))
        .routes(routes!(engine::list))
        .routes(routes!(engine_search::search))
        .routes(routes!(figures::metrics))
        .routes(routes!(figures::prometheus::scrape))
        .routes(routes!(problems::explain))
}
