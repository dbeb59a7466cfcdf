//! What an error shows of a bad text: enough to find it again, and nothing that lets anybody in.

/// How much is shown at most, in characters.
const QUOTED: usize = 48;

/// What stands in front of these is shown. Behind them come users, passwords, paths that hold both, and queries; the
/// like in front of an `@`.
const ENDS: [char; 11] = [':', '/', '\\', '?', '&', '=', '#', '|', '@', '%', ';'];

/// The beginning of `text`; of an address its scheme, its host and its port.
pub(super) fn quote(text: &str) -> String {
    let end = text.find(ENDS).unwrap_or(text.len());
    let (shown, rest) = text.split_at(end);
    let shown = match rest.strip_prefix("://") {
        Some(rest) => format!("{shown}://{}", server(rest)),
        None if rest.starts_with('@') => "…".to_owned(),
        None if rest.len() <= 1 => text.to_owned(),
        None => format!("{shown}{}…", &rest[..1]),
    };
    shown.chars().take(QUOTED).collect()
}

/// The host and the port of an address without its scheme.
fn server(rest: &str) -> String {
    let ends = |c: char| c.is_whitespace() || c != ':' && c != '@' && ENDS.contains(&c);
    let (authority, path) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
    // A password may have any character in it: the last `@` of all is where it ends at the latest.
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    if path.contains('@') {
        return "…".to_owned();
    }
    let host = match server.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|c| c.is_ascii_digit()) => server,
        _ => server.split(':').next().unwrap_or_default(),
    };
    let more = match path.chars().next() {
        Some(_) if path == "/" => "/",
        Some('/') => "/…",
        Some(_) => "…",
        None => "",
    };
    format!("{host}{more}")
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn what_lets_anybody_in_is_not_quoted() {
        for (text, quoted) in [
            ("http://me:secret@tv.example:8080/live/me/secret/1.ts", "http://tv.example:8080/…"),
            ("http://tv.example/get.php?username=me&password=secret", "http://tv.example/…"),
            ("http://tv.example?password=secret", "http://tv.example…"),
            ("http://me:se/cr@et@tv.example/", "http://…"),
            ("http://me:secret", "http://me"),
            ("http:///me/secret", "http:///…"),
            ("One http://me:secret@tv.example/", "One http://tv.example/"),
            ("tv.example/live/me/secret/1", "tv.example/…"),
            ("username=me&password=secret", "username=…"),
            ("me:secret@tv.example", "me:…"),
            ("me@tv.example", "…"),
            ("http%3A%2F%2Fme%3Asecret%40tv.example", "http%…"),
            ("?password=secret", "?…"),
        ] {
            assert_eq!(quote(text), quoted, "{text}");
        }
    }

    #[test]
    fn the_beginning_of_any_other_text_is_quoted() {
        for text in ["Tonight at nine:", "d65257bb-7856e13b", "", "Télé", "plugin://script.module.horus/"] {
            assert_eq!(quote(text), text);
        }
        assert_eq!(quote(&"é".repeat(100)), "é".repeat(48));
    }
}
