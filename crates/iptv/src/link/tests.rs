use proptest::prelude::*;

use super::*;

const ID: &str = "d65257bb7856e13b718df1dfe65ee482d90dd384";
const BASE32: &str = "2ZJFPO3YK3QTW4MN6HP6MXXEQLMQ3U4E";

fn content_id() -> Link {
    Link::ContentId(ID.to_owned())
}

fn infohash() -> Link {
    Link::Infohash(ID.to_owned())
}

/// Each text with `ID` in it reads as `link`.
fn all_are(link: &Link, texts: &[&str]) {
    for text in texts {
        let text = text.replace("ID", ID);
        assert_eq!(parse_link(&text).as_ref(), Ok(link), "{text}");
    }
}

#[test]
fn an_id_alone_is_a_content_id() {
    let text = "a7b7f1e2c3d4e5f6g7h8i9j0k1l2m3n4o5P6q7r8";

    all_are(&content_id(), &["ID", "  ID\r\n", "D65257BB7856E13B718DF1DFE65EE482D90DD384"]);
    // Only hexadecimal is lower-cased.
    assert_eq!(parse_link(text), Ok(Link::ContentId(text.to_owned())));
}

#[test]
fn acestream_links_carry_a_content_id() {
    all_are(
        &content_id(),
        &[
            "acestream://ID",
            "AceStream://ID/",
            "acestream://ID?name=x",
            "acestream:ID",
            "acestream://ID&index=1",
        ],
    );
}

#[test]
fn acestream_queries_carry_any_selector() {
    all_are(
        &content_id(),
        &[
            "acestream:?content_id=ID",
            "acestream:?index=2&content_id=ID",
            "acestream://?id=ID",
            "acestream:?infohash=ffffffffffffffffffffffffffffffffffffffff&content_id=ID",
        ],
    );
    all_are(&infohash(), &["acestream:?infohash=ID&index=0"]);
    let file = Link::TransportFile("http://x/a.acelive?b=1".to_owned());
    all_are(&file, &["acestream:?url=http%3A%2F%2Fx%2Fa.acelive%3Fb%3D1"]);
    let magnet = Link::Magnet { infohash: ID.to_owned(), uri: format!("magnet:?xt=urn:btih:{ID}") };
    all_are(&magnet, &["acestream:?magnet=magnet%3A%3Fxt%3Durn%3Abtih%3AID"]);
    all_are(&Link::TransportData("AAEC+w==".to_owned()), &["acestream:?data=AAEC%2Bw%3D%3D&index=1"]);
}

#[test]
fn acestream_links_encoded_once_too_often_are_repaired() {
    all_are(&content_id(), &["acestream:%3Fcontent_id=ID", "acestream:%3fcontent_id%3DID%26index%3D1"]);
}

#[test]
fn magnets_have_their_hash_in_hexadecimal_or_base32() {
    for text in [
        format!("magnet:?xt=urn:btih:{ID}"),
        format!("magnet:?dn=x&tr=http://t/a&xt=urn:btih:{}", ID.to_uppercase()),
        format!("magnet:?dn=x&amp;xt=urn%3Abtih%3A{ID}"),
        format!("magnet:?xt=urn:btmh:1220aa&xt=urn:btih:{ID}"),
        format!("MAGNET:?xt.1=urn:btih:{BASE32}"),
        format!("magnet:?xt=urn:btih:{}", BASE32.to_lowercase()),
    ] {
        assert_eq!(parse_link(&text), Ok(Link::Magnet { infohash: ID.to_owned(), uri: text.clone() }));
    }
}

#[test]
fn addresses_of_transport_files_are_known_by_their_extension() {
    for url in ["http://x/a.acelive", "https://x/p/a.torrent?k=1", "http://x/A.ACEMEDIA#f"] {
        assert_eq!(parse_link(url), Ok(Link::TransportFile(url.to_owned())));
    }
    let url = "http://x/a.torrent/b.ts?c=a.acelive";
    assert_eq!(parse_link(url), Ok(Link::Http(url.to_owned())));
}

#[test]
fn addresses_that_start_a_session_at_any_engine_carry_their_selector() {
    all_are(
        &content_id(),
        &[
            "http://127.0.0.1:6878/ace/getstream?id=ID",
            "http://127.0.0.1:6878/ace/getstream?format=json&amp;id=ID&pid=7#x",
            "https://engine.example/ace/manifest.m3u8?content_id=ID",
            "http://user:pw@[::1]:8080/ace/getstream?id=ID&.mp4",
            "http://host:8000/hls/manifest.m3u8?id=ID",
            "http://host/hls/getstream/?id=ID",
            "http://host/proxy/acestream/stream?api_password=x&id=ID",
            "http://host/proxy/acestream/manifest.m3u8?id=ID",
            "http://host/behind/a/proxy/ace/getstream?id=ID",
        ],
    );
    all_are(
        &infohash(),
        &["http://h/ace/getstream?infohash=ID", "http://h/proxy/acestream/stream?infohash=ID"],
    );
    let file = Link::TransportFile("http://x/a.acelive".to_owned());
    all_are(&file, &["http://h/ace/getstream?url=http%3A%2F%2Fx%2Fa.acelive"]);
    let magnet = Link::Magnet { infohash: ID.to_owned(), uri: format!("magnet:?xt=urn:btih:{ID}") };
    all_are(&magnet, &["http://h/ace/getstream?magnet=magnet:?xt=urn:btih:ID"]);
    let hls = Link::Http("http://x/a.m3u8".to_owned());
    all_are(&hls, &["http://h/hls/manifest.m3u8?manifest_url=http%3A%2F%2Fx%2Fa.m3u8"]);
}

#[test]
fn addresses_of_running_sessions_give_their_infohash() {
    all_are(
        &infohash(),
        &[
            "http://h:6878/ace/r/ID/0123456789abcdef0123456789abcdef",
            "http://h:6878/ace/m/ID/0123456789abcdef0123456789abcdef.m3u8",
            "http://h:6878/ace/c/ID/7.ts",
            "http://h:6878/content/ID/0.123",
        ],
    );
    // An open re-implementation of the engine has the content ID there.
    all_are(&content_id(), &["http://h:6878/ace/r/cid:ID/0f", "http://h:6878/content/cid%3AID/0f"]);
}

#[test]
fn addresses_of_aceproxy_carry_a_selector_in_their_path() {
    all_are(&content_id(), &["http://h:8000/pid/ID/stream.mp4", "http://h:8000/content_id/ID/stream.ts"]);
    all_are(&infohash(), &["http://h:8000/infohash/ID/stream.ts"]);
    let file = Link::TransportFile("http://x/a.acelive".to_owned());
    all_are(
        &file,
        &[
            "http://h:8000/torrent/http%3A%2F%2Fx%2Fa.acelive/stream.mp4",
            "http://h:8000/url/http%3A%2F%2Fx%2Fa.acelive/stream.ts",
            "http://h:8000/efile_url/http%3A%2F%2Fx%2Fa.acelive/stream.ts",
        ],
    );
    all_are(&Link::TransportData("AAEC+w==".to_owned()), &["http://h:8000/data/AAEC%2Bw==/stream.ts"]);
    all_are(
        &Link::Http("http://x/a.ts".to_owned()),
        &["http://h:8000/direct_url/http%3A%2F%2Fx%2Fa.ts/stream.ts"],
    );
}

#[test]
fn pages_that_embed_a_channel_are_kept_as_pages() {
    for url in [
        "https://acestream.me/embed/ID",
        "https://www.acestream.org/play/ID?autoplay=1",
        "https://tv.AceStream.net/embed/ID",
        "http://acestream.tv/play/ID",
    ] {
        let url = url.replace("ID", ID);
        let link = parse_link(&url).unwrap();
        assert_eq!(link.acestream_hash(), Some(ID));
        assert_eq!(link, Link::Embed { id: ID.to_owned(), url });
    }
}

#[test]
fn pages_of_sites_that_only_look_alike_are_any_web_address() {
    for url in [
        "https://acestream.evil.example/embed/ID",
        "https://acestream.me.evil.example/embed/ID",
        "https://notacestream.me/embed/ID",
        "https://acestream.example/play/ID",
        "https://acestream.me@evil.example/embed/ID",
    ] {
        let url = url.replace("ID", ID);
        assert_eq!(parse_link(&url), Ok(Link::Http(url)));
    }
    let url = format!("https://evil.example\\@acestream.me/embed/{ID}");
    assert!(parse_link(&url).is_err());
}

#[test]
fn kodi_horus_carries_a_query_or_a_dictionary() {
    all_are(
        &content_id(),
        &[
            "plugin://script.module.horus/?action=play&id=ID&title=x",
            "plugin://script.module.horus?action=play&id=ID",
            // {'action': 'play', 'id': '…', 'title': 'x'} and {"id": "…", "action": "play"}
            "plugin://script.module.horus/?eydhY3Rpb24nOiAncGxheScsICdpZCc6ICdkNjUyNTdiYjc4NTZlMTNiNzE4ZGYxZGZlNjVlZTQ4MmQ5MGRkMzg0JywgJ3RpdGxlJzogJ3gnfQ==",
            "plugin://script.module.horus?eyJpZCI6ICJkNjUyNTdiYjc4NTZlMTNiNzE4ZGYxZGZlNjVlZTQ4MmQ5MGRkMzg0IiwgImFjdGlvbiI6ICJwbGF5In0%3D",
        ],
    );
    all_are(&infohash(), &["plugin://script.module.horus/?action=play&infohash=ID"]);
}

#[test]
fn kodi_plexus_and_p2p_streams_carry_an_acestream_link() {
    all_are(
        &content_id(),
        &[
            "plugin://program.plexus/?url=acestream://ID&mode=1&name=x",
            "plugin://program.plexus/?mode=1&name=x&url=acestream%3A%2F%2FID",
            "plugin://program.plexus/?url=ID&mode=1",
            "plugin://plugin.video.p2p-streams/?url=acestream://ID&mode=1&name=x",
        ],
    );
}

#[test]
fn lines_of_text_and_html_have_their_link_found() {
    all_are(
        &content_id(),
        &[
            "Cup final : ID",
            "Cup final ID",
            "watch acestream://ID now",
            "<li><a class=\"x\" href=\"acestream://ID\">Cup</a></li>",
        ],
    );
}

#[test]
fn any_other_web_address_is_a_channel_without_an_engine() {
    for url in [
        "http://x/live/a.ts",
        "HTTPS://x.example:8443/a/master.m3u8?token=1",
        "http://x/hls/manifest.m3u8",
        "http://x/content/news/today.ts",
        "http://x/data/today.ts",
        "http://x/url/today.ts",
        "http://x",
    ] {
        let link = parse_link(url).unwrap();
        assert_eq!((link.acestream_hash(), &link), (None, &Link::Http(url.to_owned())));
    }
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let sentence = |text: &str| parse_link(text).unwrap_err().to_string();

    assert_eq!(sentence("  "), "the link is empty");
    assert_eq!(
        sentence("d65257bb"),
        "\"d65257bb\" is no AceStream ID: it has 8 characters, an ID has 32 to 64 (usually 40)"
    );
    assert_eq!(
        sentence("acestream://d65257bb-7856e13b718df1dfe65ee482d90dd384"),
        "\"d65257bb-7856e13b718df1dfe65ee482d90dd384\" is no AceStream ID: '-' is neither a letter nor a digit"
    );
    assert!(sentence("http://h/ace/getstream?id=abc").starts_with("\"abc\" is no AceStream ID"));
    assert_eq!(
        sentence("http://h/ace/getstream?format=json"),
        "the link \"http://h/…\" names no channel \
         (id, content_id, infohash, url or magnet)"
    );
    assert!(sentence("plugin://script.module.horus/").contains("names no channel"));
    assert!(sentence("magnet:?xt=urn:btmh:1220").contains("has no urn:btih hash"));
    assert_eq!(sentence("rtmp://x/y"), "links of the kind \"rtmp\" are not supported");
    assert!(sentence("acestream:?url=file:///etc/passwd").contains("not supported"));
    assert!(sentence("http:///path").contains("is no AceStream link"));
}

#[test]
fn the_title_in_a_link_is_read() {
    assert_eq!(title("magnet:?xt=x&dn=A+B%20%D0%96").as_deref(), Some("A B Ж"));
    assert_eq!(title("plugin://script.module.horus/?id=x&title=Cup").as_deref(), Some("Cup"));
    assert_eq!((title("http://x/?name="), title("http://x/")), (None, None));
}

proptest! {
    #[test]
    fn any_text_is_a_link_or_an_error_and_ids_are_always_sound(text in any::<String>()) {
        if let Ok(link) = parse_link(&text) && let Some(id) = link.acestream_hash() {
            prop_assert!(ID_LEN.contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn a_magnets_base32_and_hexadecimal_hash_are_the_same(hash in "[A-Z2-7]{32}") {
        let link = parse_link(&format!("magnet:?xt=urn:btih:{hash}")).unwrap();

        let again = parse_link(&format!("magnet:?xt=urn:btih:{}", link.acestream_hash().unwrap())).unwrap();
        prop_assert_eq!(link.acestream_hash(), again.acestream_hash());
    }
}
