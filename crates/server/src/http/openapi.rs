//! The OpenAPI document: made from the handlers, held by a test, the source of the web client's types.

use axum::Json;
use utoipa::OpenApi;

use super::{live, low_latency, router};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "acehls",
        description = "AceStream channels as HLS. Errors are RFC 9457 problem details. Where the server has a password, \
            every route but `/health` answers 401 without it.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(live::segment, low_latency::part),
    tags(
        (name = "live", description = "Watching"),
        (name = "streams", description = "What plays now"),
        (name = "playlists", description = "Channels"),
        (name = "operation", description = "The server itself"),
    )
)]
struct Head;

/// What the document has beside the routes of the router.
pub(super) fn head() -> utoipa::openapi::OpenApi {
    Head::openapi()
}

/// The whole document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    router::documented().into_openapi()
}

/// `GET /api/openapi.json`.
pub(super) async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_that_of_the_handlers() {
        let committed = include_str!("../../../../docs/openapi.json");

        let made = document().to_pretty_json().unwrap();

        assert_eq!(committed.trim_end(), made, "run `cargo run -p server -- openapi > docs/openapi.json`");
    }
}
