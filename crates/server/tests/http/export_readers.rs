//! The exports as parsers of others read them: `web/scripts/exports.ts` is their client.

use std::{path::Path, process::Stdio, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use server::clock::now;

use crate::{
    app::{NEWS, TestApp},
    guide::rfc3339,
};

/// A channel as it is put in: its name, ID and group.
const ODD: [[&str; 3]; 9] = [
    [r#"News, "One" <b>&amp; R&B</b>"#, "r&b, <one>", "News, <&> more"],
    ["📺 Télé 24/7 🇫🇷 👩‍👩‍👧", "télé.fr", "🎬"],
    ["Россия 1", "россия", "Новости"],
    ["القناة الأولى", "قناة", "أخبار"],
    ["中文台,1", "中文", "新聞"],
    ["#EXTINF:-1,it's = 100% | #1", "#1;x|y", "#EXTGRP:it's"],
    ["-1 , , comma", "a=b", "http://not.example/a,b"],
    [r"Back\slash {curly} [square] `tick`", r"back\slash", r"C:\tv"],
    ["http://name.example/?a=1&b=2", "&lt;&amp;", "&quot;Best&quot;"],
];

fn logo(number: usize) -> String {
    format!("https://logo.example/{number}?a=1&b=<2>,c='d'")
}

fn list() -> String {
    let entry = |(number, [name, id, group]): (usize, &[&str; 3])| {
        format!(
            "#EXTINF:-1 tvg-id=\"{id}\" tvg-logo=\"{}\" group-title=\"  {group} \" \
             tvg-shift=\"{number}.5\",   {name} \r\n\
             http://tv.example/{number}?a=1&b=2,3\r\n",
            logo(number)
        )
    };
    let odd: String = ODD.iter().enumerate().map(entry).collect();
    format!(
        "#EXTM3U\r\n{odd}#EXTINF:-1 tvg-id=\"the \"best\"\" group-title=\"The \"Best\"\" catchup=\"append\" \
         catchup-days=\"7\" catchup-source=\"?utc={{utc}}\",Best\u{2028}of all\r\n\
         #EXTVLCOPT:http-user-agent=Box/1 (a; b)\r\n#EXTVLCOPT:http-referrer=http://ref.example/?a=1&b\r\n\
         acestream://{NEWS}\r\n"
    )
}

/// What the parser is to find. Double quotes cannot stand in attributes: they become single ones.
fn expected_list(app: &TestApp) -> Value {
    let entry = |(number, [name, id, group]): (usize, &[&str; 3])| {
        json!({
            "name": name,
            "tvg": { "id": id, "logo": logo(number), "shift": format!("{number}.5") },
            "group": { "title": group },
            "url": format!("http://tv.example/{number}?a=1&b=2,3"),
        })
    };
    let mut all: Vec<Value> = ODD.iter().enumerate().map(entry).collect();
    all[2]["name"] = json!("Eins, \"zwei\" 😀");
    all.push(json!({
        "name": "Best of all",
        "tvg": { "id": "the 'best'" },
        "group": { "title": "The 'Best'" },
        "catchup": { "type": "append", "days": "7", "source": "?utc={utc}" },
        "http": { "user-agent": "Box/1 (a; b)", "referrer": "http://ref.example/?a=1&b" },
        "url": format!("{}/api/stream/{NEWS}/stream.ts", app.base),
    }));
    all.into()
}

/// As XMLTV writes times, without a zone.
fn digits(seconds: i64) -> String {
    rfc3339(seconds).replace(['-', ':', 'T', 'Z'], "")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Every channel with its names and a programme; the first with all that is kept, in odd words, languages and zones.
fn guide(at: i64) -> String {
    let [_, first, _] = ODD[0];
    let ids = ODD.iter().map(|odd| odd[1]).chain(["the \"best\""]);
    let channel = |id: &str| {
        let (id, start) = (escaped(id), digits(at));
        format!(
            "<channel id=\"{id}\"><display-name lang=\"es\">{id} &#13;&#10;HD</display-name>\
             <display-name lang=\"en\">2</display-name><icon src=\"https://logo.example/?a&amp;b\"/></channel>\
             <programme channel=\"{id}\" start=\"{start}\"><title>{id}</title></programme>"
        )
    };
    let (begin, end, last) = (digits(at + 7200 + 5400), digits(at + 14_400 - 12_600), digits(at + 21_600));
    format!(
        "<tv>{channels}<programme channel=\"{first}\" start=\"{begin} +0130\" stop=\"{end} -0330\">\
         <title lang=\"es\">&lt;¿Qué?&gt; &amp;amp; \"R&amp;B\" 📺</title><title lang=\"en\">What</title>\
         <sub-title lang=\"ru\">Серия, 1</sub-title><desc>It's\nعربي&#13;\n中文 ]]&gt; &#x1F600;</desc>\
         <credits><actor>Nobody</actor></credits><date>20240229</date><category lang=\"es\">Cine &amp; más</category>\
         <category lang=\"en\">Film, \"new\"</category><icon src=\"https://p.example/1?a=1&amp;b='2'\"/>\
         <episode-num system=\"xmltv_ns\">1.3/9.0/2</episode-num><previously-shown/><new/>\
         <rating system=\"x\"><value>16 &amp; up</value></rating></programme>\
         <programme channel=\"{first}\" start=\"{last} Z\"><title>Last</title></programme></tv>",
        channels = ids.map(channel).collect::<String>(),
        first = escaped(first),
    )
}

/// What the parser is to find, in order. Of several titles the first is kept; the end of a programme is the start of the
/// next. The year alone is no date to this parser.
fn expected_guide(at: i64) -> Value {
    let time = |seconds: i64| rfc3339(seconds).replace('Z', ".000Z");
    let ids: Vec<&str> = ODD.iter().map(|odd| odd[1]).chain(["the \"best\""]).collect();
    let held = |id: &str| id.replace('"', "'");
    let channel = |id: &&str| {
        json!({
            "id": held(id),
            "displayName": [{ "value": format!("{id} \nHD") }, { "value": "2" }],
            "icon": [{ "src": "https://logo.example/?a&b" }],
        })
    };
    let mut programmes: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "channel": held(id), "start": time(at), "title": [{ "value": id }] }))
        .collect();
    programmes[0]["stop"] = json!(time(at + 7200));
    let film = json!({
        "channel": ids[0],
        "start": time(at + 7200),
        "stop": time(at + 14_400),
        "title": [{ "value": "<¿Qué?> &amp; \"R&B\" 📺" }],
        "subTitle": [{ "value": "Серия, 1" }],
        "desc": [{ "value": "It's\nعربي\n中文 ]]> 😀" }],
        "category": [{ "value": "Cine & más" }, { "value": "Film, \"new\"" }],
        "icon": [{ "src": "https://p.example/1?a=1&b='2'" }],
        "episodeNum": [{ "system": "xmltv_ns", "value": "1.3." }],
        "previouslyShown": [{}],
        "new": true,
        "rating": [{ "value": "16 & up" }],
    });
    let last = json!({ "channel": ids[0], "start": time(at + 21_600), "title": [{ "value": "Last" }] });
    programmes.splice(1..1, [film, last]);
    in_order(json!({ "channels": ids.iter().map(channel).collect::<Vec<_>>(), "programs": programmes }))
}

/// Channels come in any order.
fn in_order(mut guide: Value) -> Value {
    for list in ["channels", "programs"] {
        guide[list]
            .as_array_mut()
            .unwrap()
            .sort_by_key(|it| ["id", "channel", "start"].map(|key| it[key].to_string()));
    }
    guide
}

/// What they read at this server, unless they are not installed.
async fn read_by_others(app: &TestApp) -> Option<Value> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let modules = web.join("node_modules");
    if ["epg-parser", "iptv-playlist-parser"].iter().any(|it| !modules.join(it).exists()) {
        println!(
            "NOTICE: skipped, web/node_modules has not what web/package.json wants: `make web/dist/index.html`"
        );
        return None;
    }
    let mut node = Command::new("node");
    // As npm does: the Node of the web app before the machine's own.
    let path = std::env::var("PATH").unwrap_or_default();
    node.current_dir(web).env("PATH", format!("{}:{path}", modules.join(".bin").display()));
    node.args(["scripts/exports.ts", &app.base]).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(Duration::from_secs(60), node.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test]
async fn parsers_of_others_read_in_the_exports_what_was_put_in() {
    let app = TestApp::start().await;
    let at = now();
    app.upload("tv", list()).await;
    app.upload_guide("es", guide(at)).await;
    let edited = format!("/api/channels/{}", app.id_of(ODD[2][0]).await);
    let broken = app.send(Method::PATCH, &edited, json!({ "name": "A\r\nhttp://evil.example/" })).await;
    assert_eq!(broken.status(), 400);
    let odd = app.send(Method::PATCH, &edited, json!({ "name": "  Eins, \"zwei\" 😀 " })).await;
    assert_eq!(odd.status(), 200);

    let read = read_by_others(&app).await;

    if let Some(mut read) = read {
        assert_eq!(read["list"], expected_list(&app), "{:#}", read["list"]);
        let guide = in_order(read["guide"].take());
        assert_eq!(guide, expected_guide(at), "{guide:#}");
    }
    app.end().await;
}
