//! Reading what the engine says: bounded, and forgiving about everything but the meaning.

use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{Error, wire};

/// The most that is read of an answer that should be a few lines of JSON.
const MAX_ANSWER: usize = 64 * 1024;

/// The most characters of a strange answer that an error repeats.
const MAX_QUOTE: usize = 200;

/// The JSON of an answer whose envelope is `{"<payload>": …, "error": …}`, down to the payload.
///
/// The engine says `error` with status 200 too, as a text or as an object with a `message`.
pub(crate) async fn payload(response: Response, name: &str) -> Result<Value, Error> {
    payload_within(MAX_ANSWER, response, name).await
}

/// As [`payload`], of at most `limit` bytes.
pub(crate) async fn payload_within(limit: usize, response: Response, name: &str) -> Result<Value, Error> {
    let status = response.status();
    refuse_video(&content_type(&response).unwrap_or_default())?;
    read(status.as_u16(), &body(response, limit).await?, name)
}

/// As [`payload`], of an answer that came over a connection of its own.
pub(crate) async fn payload_of(answer: wire::Answer, name: &str) -> Result<Value, Error> {
    refuse_video(&answer.head.content_type)?;
    let status = answer.head.status;
    read(status, &answer.body(MAX_ANSWER).await?, name)
}

/// The body of a video has no end.
fn refuse_video(content_type: &str) -> Result<(), Error> {
    if content_type.starts_with("video/") {
        return Err(Error::Unexpected(format!("{content_type} where JSON was asked for")));
    }
    Ok(())
}

/// As [`payload`], of an answer's `status` and whole `body`.
pub(crate) fn read(status: u16, body: &[u8], name: &str) -> Result<Value, Error> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return Err(not_json(status, body));
    };
    if let Some(message) = refusal(&value) {
        return Err(Error::Refused(message));
    }
    match value.get_mut(name) {
        Some(payload) if !payload.is_null() => Ok(payload.take()),
        _ => Err(Error::Unexpected(quote(body))),
    }
}

/// The engine's short texts on 500 are refusals; anything else without JSON is not an engine's.
fn not_json(status: u16, body: &[u8]) -> Error {
    let text = quote(body);
    let is_short_text = !text.is_empty() && text.len() < MAX_QUOTE && !text.starts_with('<');
    if status >= 500 && is_short_text {
        return Error::Refused(text);
    }
    let text = if text.is_empty() { "an empty answer".to_owned() } else { text };
    Error::Unexpected(if status == 200 { text } else { format!("HTTP {status}: {text}") })
}

/// What the envelope's `error` says, if it says anything.
pub(crate) fn refusal(value: &Value) -> Option<String> {
    let error = value.get("error")?;
    let message = match error {
        Value::Null | Value::Bool(false) => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text.clone(),
        Value::Object(object) => match object.get("message").and_then(Value::as_str) {
            Some(message) => message.to_owned(),
            None => error.to_string(),
        },
        other => other.to_string(),
    };
    Some(quote(message.as_bytes()))
}

/// The content type without its parameters, in lower case.
pub(crate) fn content_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = value.split(';').next().unwrap_or_default();
    Some(kind.trim().to_ascii_lowercase())
}

/// The whole body, an error when it is longer than `limit` bytes.
pub(crate) async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Error::from_request(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(Error::Unexpected(format!("an answer of more than {limit} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The beginning of `bytes` as one line of text.
pub(crate) fn quote(bytes: &[u8]) -> String {
    // Four bytes are the longest character.
    let head = bytes.get(..MAX_QUOTE * 4).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let line = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    line.take(MAX_QUOTE).collect()
}

/// A count: a number or a string of one, not negative.
pub(crate) fn number(object: &Value, name: &str) -> Option<u64> {
    match object.get(name)? {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(u64::from(*flag)),
        _ => None,
    }
}

/// As [`number`], the largest `u32` where it is more.
pub(crate) fn small_number(object: &Value, name: &str) -> Option<u32> {
    number(object, name).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// A text that is not empty.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A text that is not empty, as [`quote`] shows it: for logs and for people.
pub(crate) fn line(object: &Value, name: &str) -> Option<String> {
    text(object, name).map(|text| quote(text.as_bytes()))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn whole(number: f64) -> Option<u64> {
    (0.0..9.0e15).contains(&number).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_count_may_be_a_number_or_a_string_and_minus_one_is_none() {
        let object =
            json!({ "a": 7, "b": "8", "c": -1, "d": null, "e": 9.9, "f": "-1", "g": [], "h": 1e300 });

        assert_eq!(number(&object, "a"), Some(7));
        assert_eq!(number(&object, "b"), Some(8));
        assert_eq!(number(&object, "e"), Some(9));
        for name in ["c", "d", "f", "g", "h", "missing"] {
            assert_eq!(number(&object, name), None, "{name}");
        }
    }

    #[test]
    fn a_count_too_large_for_32_bits_is_the_largest() {
        assert_eq!(small_number(&json!({ "peers": 1_u64 << 40 }), "peers"), Some(u32::MAX));
    }

    #[test]
    fn an_error_is_read_from_a_text_and_from_an_object() {
        let refused = |value: Value| refusal(&value);

        assert_eq!(refused(json!({ "error": "no" })).as_deref(), Some("no"));
        assert_eq!(refused(json!({ "error": { "message": "no", "code": 0 } })).as_deref(), Some("no"));
        assert_eq!(refused(json!({ "error": { "code": 3 } })).as_deref(), Some(r#"{"code":3}"#));
        assert_eq!(refused(json!({ "error": null })), None);
        assert_eq!(refused(json!({ "response": {} })), None);
        assert_eq!(refused(json!([])), None);
    }

    #[test]
    fn a_quote_is_one_short_line() {
        assert_eq!(quote(b" a\r\nb\0 \xff "), "a  b  \u{fffd}");
        assert_eq!(quote(&[b'x'; 5000]).len(), 200);
        assert_eq!(quote("ä".repeat(5000).as_bytes()).chars().count(), 200);
    }
}
