//! `GET /problems/{slug}`: every problem's `type` resolves to its explanation.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{Kind, Problem, extract::Path};

const PROBLEMS: &str = include_str!("../../../../docs/problems.md");

/// What a problem means and what to do.
#[utoipa::path(
    get, path = "/problems/{slug}", tag = "operation",
    params(("slug" = String, Path, description = "The last part of a problem's `type`")),
    responses(
        (status = 200, description = "The explanation, in Markdown", content_type = "text/plain", body = String),
        (status = 404, description = "There is no such problem", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn explain(Path(slug): Path<String>) -> Result<Response, Problem> {
    let section = section(&slug)
        .ok_or_else(|| Problem::new(Kind::NotFound, format!("There is no problem called {slug:?}.")))?;
    // Browsers show plain text; Markdown they would save to a file.
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, plain)], section).into_response())
}

/// The section `## {slug}`, up to the next.
fn section(slug: &str) -> Option<&'static str> {
    let rest = PROBLEMS.split("\n## ").skip(1);
    rest.map(str::trim).find(|section| section.lines().next() == Some(slug))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_problem_is_explained() {
        for kind in Kind::ALL {
            let section =
                section(kind.slug()).unwrap_or_else(|| panic!("docs/problems.md lacks {}", kind.slug()));
            assert!(section.lines().count() > 2, "{section}");
        }
    }

    #[test]
    fn every_explanation_is_of_a_kind_of_problem() {
        let slugs = PROBLEMS.lines().filter_map(|line| line.strip_prefix("## "));
        for slug in slugs {
            assert!(Kind::ALL.iter().any(|kind| kind.slug() == slug), "{slug}");
        }
    }
}
