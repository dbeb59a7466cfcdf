//! JSON as Python writes it: a space behind each colon and comma, which some clients' string matching needs.

use std::io;

use serde::Serialize;
use serde_json::{Value, ser::Formatter};

/// `{"response": …, "error": null}`, the envelope of `/ace`.
pub(super) fn response(value: &Value) -> String {
    format!(r#"{{"response": {}, "error": null}}"#, text(value))
}

/// `{"response": null, "error": "…"}`.
pub(super) fn refusal(error: &str) -> String {
    format!(r#"{{"response": null, "error": {}}}"#, text(&error.into()))
}

/// `{"result": …, "error": …}`, the envelope of `/webui/api`.
pub(super) fn web_result(value: &Value, error: &Value) -> String {
    format!(r#"{{"result": {}, "error": {}}}"#, text(value), text(error))
}

/// `value` as Python writes it.
pub(super) fn text(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Python);
    value.serialize(&mut serializer).expect("writing JSON to memory does not fail");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_spaced_as_python_does() {
        assert_eq!(text(&json!({ "a": [1, "b"], "c": null })), r#"{"a": [1, "b"], "c": null}"#);
        assert_eq!(refusal("no \"x\""), r#"{"response": null, "error": "no \"x\""}"#);
    }
}
