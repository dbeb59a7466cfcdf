//! Guides come in, belong to channels, and tell what is on.

use reqwest::Method;
use serde_json::{Value, json};
use server::clock::now;

use crate::app::TestApp;

/// As XMLTV writes it, in a zone two hours east of Greenwich.
fn time(seconds: i64) -> String {
    let shown = rfc3339(seconds + 2 * 3600);
    format!("{} +0200", shown.replace(['-', ':', 'T', 'Z'], ""))
}

/// As the API writes it.
pub(crate) fn rfc3339(seconds: i64) -> String {
    let at = format!("@{seconds}");
    let out = std::process::Command::new("date").args(["-u", "-d", &at, "+%FT%TZ"]).output().unwrap();
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

const LIST: &str = "#EXTM3U\n\
    #EXTINF:-1 tvg-id=\"one.es\",One HD\nhttp://tv.example/1\n\
    #EXTINF:-1,ES | Dos FHD\nhttp://tv.example/2\n\
    #EXTINF:-1 tvg-id=\"one.es\" tvg-shift=\"1\",One plus\nhttp://tv.example/3\n\
    #EXTINF:-1,Nobody knows it\nhttp://tv.example/4\n";

/// A guide in which a programme began an hour before `at`, and one begins an hour after it.
fn guide(at: i64) -> String {
    let programme = |channel: &str, from: i64, to: Option<i64>, title: &str| {
        let stop = to.map(|to| format!(" stop=\"{}\"", time(to))).unwrap_or_default();
        format!(
            "<programme channel=\"{channel}\" start=\"{}\"{stop}><title>{title}</title></programme>",
            time(from)
        )
    };
    [
        "<tv><channel id=\"one.es\"><display-name>Uno</display-name></channel>",
        "<channel id=\"dos\"><display-name>Dos</display-name></channel>",
        &programme("one.es", at - 3600, Some(at + 3600), "Film &amp; more"),
        &programme("one.es", at + 3600, Some(at + 7200), "News"),
        &programme("dos", at - 60, None, "Match"),
        &programme("dos", at + 5400, None, "Talk"),
        &programme("dos", at - 90_000 - 3600, Some(at - 90_000), "Long over"),
        &programme("dos", at + 15 * 86_400, None, "Far ahead"),
        &programme("not in any list", at + 60, None, "Elsewhere"),
        "</tv>",
    ]
    .concat()
}

impl TestApp {
    pub(crate) async fn upload_guide(&self, name: &str, guide: String) -> Value {
        let path = format!("/api/guides/{name}/content");
        let response = self.request(Method::PUT, &path).body(guide).send().await.unwrap();
        assert_eq!(response.status(), 202);
        let answer: Value = response.json().await.unwrap();
        self.job_over(&answer["job"]["id"]).await
    }

    /// The titles of what is on, and of what comes next.
    async fn now_on(&self, name: &str) -> Value {
        let id = self.id_of(name).await.to_string();
        let on = self.value(&format!("/api/guide/now?ids={id}")).await;
        let channel = &on["channels"][&id];
        if channel.is_null() {
            Value::Null
        } else {
            json!([channel["now"]["title"], channel["next"]["title"]])
        }
    }
}

#[tokio::test]
async fn what_is_on_is_told_by_id_by_name_and_by_what_the_user_says() {
    let app = TestApp::start().await;
    app.upload("tv", LIST).await;
    let at = now();

    let job = app.upload_guide("es", guide(at)).await;
    assert_eq!((&job["phase"], &job["found"]), (&json!("done"), &json!(5)), "{job}");
    let shown = app.value("/api/guides/es").await;
    assert_eq!(
        (&shown["channels"], &shown["programmes"], &shown["unwanted"]),
        (&json!(3), &json!(5), &json!(2))
    );

    let app = app.restart().await;
    assert_eq!(app.now_on("One HD").await, json!(["Film & more", "News"]));
    assert_eq!(app.now_on("ES | Dos FHD").await, json!(["Match", "Talk"]));
    assert_eq!(app.now_on("Nobody knows it").await, Value::Null);
    let shifted = app.now_on("One plus").await;
    assert_eq!(shifted, json!(["Film & more", "News"]));

    let id = app.id_of("Nobody knows it").await;
    app.send(Method::PATCH, &format!("/api/channels/{id}"), json!({ "guide": "dos" })).await;
    assert_eq!(app.now_on("Nobody knows it").await, json!(["Match", "Talk"]));
    let details = app.value(&format!("/api/channels/{id}")).await;
    assert_eq!((&details["guide"]["id"], &details["guide"]["by"]), (&json!("dos"), &json!("user")));
    app.end().await;
}

#[tokio::test]
async fn a_grid_has_what_is_on_at_some_time_of_its_span() {
    let app = TestApp::start().await;
    app.upload("tv", LIST).await;
    let at = now();
    app.upload_guide("es", guide(at)).await;
    let (one, dos, plus) =
        (app.id_of("One HD").await, app.id_of("ES | Dos FHD").await, app.id_of("One plus").await);

    let grid =
        app.value(&format!("/api/guide?ids={one},{dos},{plus}&from={}&to={}", at + 3700, at + 5500)).await;

    let programme = |title: &str, start: i64, stop: Option<i64>| json!({ "title": title, "start": rfc3339(start), "stop": stop.map(rfc3339) });
    let expected = json!({
        one.to_string(): [programme("News", at + 3600, Some(at + 7200))],
        dos.to_string(): [programme("Match", at - 60, Some(at + 5400)), programme("Talk", at + 5400, None)],
        plus.to_string(): [programme("Film & more", at, Some(at + 7200))],
    });
    assert_eq!(grid["channels"], expected);
    for query in ["from=0&to=200000&ids=1", "from=5&to=5&ids=1", "from=0&to=9&ids=x"] {
        assert_eq!(app.get(&format!("/api/guide?{query}")).await.status(), 400, "{query}");
    }
    app.end().await;
}

#[tokio::test]
async fn events_come_from_guides_and_from_names() {
    let app = TestApp::start().await;
    let named = "#EXTINF:-1,Event 1: 23:59 Alpha v Beta UTC\nhttp://tv.example/e1\n";
    app.upload("tv", format!("{LIST}{named}")).await;
    let at = now();
    app.upload_guide("es", guide(at)).await;

    let span = format!("from={at}&to={}", at + 86_400);
    let all = app.value(&format!("/api/guide/events?{span}")).await;
    let titles: Vec<&str> =
        all["events"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap()).collect();
    assert_eq!(titles.iter().filter(|it| **it == "News").count(), 2, "{titles:?}");
    assert!(!titles.contains(&"Elsewhere"), "{titles:?}");
    let found = app.value(&format!("/api/guide/events?{span}&q=alpha")).await;
    let event = &found["events"][0];
    assert_eq!((&found["total"], &event["from_name"]), (&json!(1), &json!(true)), "{found}");
    assert!(event["start"].as_str().unwrap().ends_with("T23:59:00Z"), "{event}");
    app.end().await;
}

#[tokio::test]
async fn the_guide_goes_out_as_xmltv_under_the_ids_of_the_list() {
    let app = TestApp::start().await;
    app.upload("tv", LIST).await;
    app.upload_guide("es", guide(now())).await;

    let xmltv = app.get("/xmltv.xml").await.text().await.unwrap();
    let list = app.get("/playlist.m3u").await.text().await.unwrap();

    for id in ["one.es", "dos"] {
        assert!(xmltv.contains(&format!("<channel id=\"{id}\">")), "{xmltv}");
        assert!(list.contains(&format!("tvg-id=\"{id}\"")), "{list}");
    }
    assert!(xmltv.contains("<title>Film &amp; more</title>") && xmltv.trim_end().ends_with("</tv>"));
    assert!(!xmltv.contains("Elsewhere"));
    app.end().await;
}

#[tokio::test]
async fn an_id_that_no_list_can_hold_is_the_same_in_list_and_guide() {
    let app = TestApp::start().await;
    app.upload("tv", "#EXTINF:-1 tvg-id=\"the \"one\"\",One\nhttp://tv.example/1\n").await;
    let programme =
        format!("<programme channel='the \"one\"' start=\"{}\"><title>On</title></programme>", time(now()));
    app.upload_guide("es", format!("<tv><channel id='the \"one\"'/>{programme}</tv>")).await;

    let xmltv = app.get("/xmltv.xml").await.text().await.unwrap();
    let list = app.get("/playlist.m3u").await.text().await.unwrap();

    assert!(list.contains(" tvg-id=\"the 'one'\","), "{list}");
    assert!(
        xmltv.contains("<channel id=\"the 'one'\">") && xmltv.contains(" channel=\"the 'one'\""),
        "{xmltv}"
    );
    app.end().await;
}

#[tokio::test]
async fn what_is_no_guide_leaves_the_old_one_as_it_was() {
    let app = TestApp::start().await;
    app.upload("tv", LIST).await;
    app.upload_guide("es", guide(now())).await;

    let job = app.upload_guide("es", "#EXTM3U\n".to_owned()).await;

    assert_eq!(job["phase"], "failed");
    assert!(job["error"].as_str().unwrap().contains("no XMLTV"), "{job}");
    assert_eq!(app.now_on("One HD").await, json!(["Film & more", "News"]));
    assert_eq!(app.request(Method::DELETE, "/api/guides/es").send().await.unwrap().status(), 204);
    assert_eq!(app.now_on("One HD").await, Value::Null);
    app.end().await;
}

#[tokio::test]
async fn rows_tell_what_is_on_when_asked_and_take_the_logo_of_the_guide() {
    let app = TestApp::start().await;
    app.upload("tv", LIST).await;
    let icon = "<icon src=\"http://logos.example/uno.png\"/></channel>";
    app.upload_guide("es", guide(now()).replacen("</channel>", icon, 1)).await;
    let ask = async |tag: &str| {
        let request = app.request(Method::GET, "/api/channels?now=true&limit=2");
        request.header("if-none-match", tag).send().await.unwrap()
    };

    let response = ask("").await;
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    let page: Value = response.json().await.unwrap();
    let again = ask(&tag).await;
    app.upload_guide("es", guide(now() - 5400)).await;
    let later = ask(&tag).await;
    let plain = app.value("/api/channels").await;

    let titles = |row: &Value| json!([row["now"]["title"], row["next"]["title"]]);
    let rows = &page["channels"];
    assert_eq!(
        (titles(&rows[0]), titles(&rows[1])),
        (json!(["Film & more", "News"]), json!(["Match", "Talk"]))
    );
    assert_eq!(rows[0]["logo"], "http://logos.example/uno.png");
    assert!(rows[0]["logo_url"].as_str().unwrap().contains("/logo?v="), "{page}");
    assert_eq!((again.status().as_u16(), later.status().as_u16()), (304, 200));
    assert_eq!((&plain["channels"][0]["now"], &plain["channels"][0]["logo"]), (&Value::Null, &Value::Null));
    app.end().await;
}
