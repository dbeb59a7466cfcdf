//! Playlists come in by upload, text and folder; their channels are found, changed and kept.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{TestApp, eventually};

const HASH: &str = "a7b7f1e2c3d4e5f6071829304a5b6c7d8e9f0a1b";

fn list() -> String {
    format!(
        "#EXTM3U\n#EXTINF:-1 tvg-id=\"one\" group-title=\"News\",One HD\nacestream://{HASH}\n\
         #EXTINF:-1 group-title=\"Sport\",Télé Sport\nhttp://tv.example/sport.ts\n\
         #EXTINF:-1,Canal 10\nhttp://tv.example/10.ts\n#EXTINF:-1,Canal 2\nhttp://tv.example/2.ts\nnonsense\n"
    )
}

impl TestApp {
    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Response {
        self.request(method, path).json(&body).send().await.unwrap()
    }

    pub(crate) async fn value(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Put `list` into the playlist `name`; the job when it is over.
    pub(crate) async fn upload(&self, name: &str, list: impl Into<reqwest::Body>) -> Value {
        let path = format!("/api/playlists/{name}/content");
        let response = self.request(Method::PUT, &path).body(list).send().await.unwrap();
        assert_eq!(response.status(), 202);
        let answer: Value = response.json().await.unwrap();
        self.job_over(&answer["job"]["id"]).await
    }

    /// The job when it is over.
    pub(crate) async fn job_over(&self, id: &Value) -> Value {
        eventually(async || {
            let progress = self.value(&format!("/api/jobs/{id}")).await;
            let phase = progress["phase"].as_str().unwrap();
            ["done", "unchanged", "held_back", "failed", "cancelled"].contains(&phase).then_some(progress)
        })
        .await
    }

    pub(crate) async fn names(&self, query: &str) -> Vec<String> {
        let page = self.value(&format!("/api/channels{query}")).await;
        let name = |row: &Value| row["name"].as_str().unwrap().to_owned();
        page["channels"].as_array().unwrap().iter().map(name).collect()
    }

    pub(crate) async fn id_of(&self, name: &str) -> i64 {
        let page = self.value("/api/channels?hidden=true").await;
        let row = page["channels"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
        row["id"].as_i64().unwrap()
    }
}

#[tokio::test]
async fn an_uploaded_list_is_found_by_text_group_and_order() {
    let app = TestApp::start().await;

    let job = app.upload("tv", list()).await;
    assert_eq!((&job["phase"], &job["found"], &job["acestream"]), (&json!("done"), &json!(4), &json!(1)));

    assert_eq!(app.names("").await, ["One HD", "Télé Sport", "Canal 10", "Canal 2"]);
    assert_eq!(app.names("?sort=name").await, ["Canal 2", "Canal 10", "One HD", "Télé Sport"]);
    assert_eq!(app.names("?q=tele%20spo").await, ["Télé Sport"]);
    assert_eq!(app.names("?q=cnaal").await, ["Canal 10", "Canal 2"]);
    assert_eq!(app.names("?group=News").await, ["One HD"]);
    assert_eq!(app.names("?group=").await, ["Canal 10", "Canal 2"]);
    assert_eq!(app.names("?sort=name&offset=1&limit=2").await, ["Canal 10", "One HD"]);
    assert_eq!(app.names("?playlist=other").await, [""; 0]);

    let groups = app.value("/api/groups").await;
    let group = |name: &str, channels: usize| json!({ "name": name, "channels": channels });
    assert_eq!(groups["groups"], json!([group("News", 1), group("Sport", 1), group("", 2)]));
    let marks = app.value("/api/channels/index?sort=name").await;
    let mark = |label: &str, offset: usize| json!({ "label": label, "offset": offset });
    assert_eq!(marks["marks"], json!([mark("C", 0), mark("O", 2), mark("T", 3)]));
    app.end().await;
}

#[tokio::test]
async fn the_playlist_tells_how_its_reading_went() {
    let app = TestApp::start().await;
    app.upload("tv", list()).await;

    let shown = app.value("/api/playlists/tv").await;

    assert_eq!((&shown["kind"], &shown["channels"]), (&json!("upload"), &json!(4)));
    assert_eq!((&shown["skipped_total"], &shown["skipped"][0]["line"]), (&json!(1), &json!(10)));
    assert!(shown["refreshed_at"].is_string() && shown["error"].is_null());
    let contents = app.value("/api/playlists/tv/channels").await;
    assert_eq!((&contents["total"], &contents["cached"]), (&json!(4), &json!(true)));
    assert_eq!(contents["channels"][0]["acestream_hash"], HASH);
    app.end().await;
}

#[tokio::test]
async fn edits_and_favourites_outlive_refresh_and_restart() {
    let app = TestApp::start().await;
    app.upload("tv", list()).await;
    let (one, ten) = (app.id_of("One HD").await, app.id_of("Canal 10").await);
    let edit = json!({ "name": "Uno", "group": "Mine" });
    assert_eq!(app.send(Method::PATCH, &format!("/api/channels/{one}"), edit).await.status(), 200);
    let hide = json!({ "hidden": true });
    assert_eq!(app.send(Method::PATCH, &format!("/api/channels/{ten}"), hide).await.status(), 200);
    for id in [ten, one] {
        assert_eq!(
            app.request(Method::PUT, &format!("/api/favourites/{id}")).send().await.unwrap().status(),
            204
        );
    }

    // Another address for one of them, and one more at the head.
    let moved = list()
        .replace("#EXTM3U\n", "#EXTM3U\n#EXTINF:-1,New\nhttp://tv.example/new\n")
        .replace("10.ts", "x.ts");
    let job = app.upload("tv", moved).await;
    assert_eq!((&job["added"], &job["changed"], &job["removed"]), (&json!(1), &json!(1), &json!(0)));
    let app = app.restart().await;

    assert_eq!(app.names("").await, ["New", "Uno", "Télé Sport", "Canal 2"]);
    assert_eq!(app.names("?group=Mine").await, ["Uno"]);
    let favourites = app.value("/api/favourites").await;
    let ids: Vec<&Value> = favourites["channels"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [ten, one]);
    let back = json!({ "name": null, "group": null });
    let details: Value =
        app.send(Method::PATCH, &format!("/api/channels/{one}"), back).await.json().await.unwrap();
    assert_eq!((&details["name"], &details["edit"]), (&json!("One HD"), &json!({})));
    app.end().await;
}

#[tokio::test]
async fn what_lets_anybody_in_to_logos_is_not_told_and_a_source_of_another_channel_is_not_chosen() {
    let app = TestApp::start().await;
    let logo = "http://me:secret@logos.example/one.png?size=2";
    app.upload("tv", format!("#EXTINF:-1 tvg-logo=\"{logo}\",One\nhttp://tv.example/1\n")).await;
    let id = app.id_of("One").await;

    assert_eq!(
        app.value("/api/channels").await["channels"][0]["logo"],
        "http://logos.example/one.png?size=2"
    );
    let choose = async |link: &str| {
        app.send(Method::PATCH, &format!("/api/channels/{id}"), json!({ "source": link })).await.status()
    };
    assert_eq!(
        (choose("http://tv.example/1").await, choose("http://tv.example/2").await),
        (reqwest::StatusCode::OK, reqwest::StatusCode::BAD_REQUEST)
    );
    app.end().await;
}

#[tokio::test]
async fn a_playlist_at_another_address_is_read_at_once() {
    let app = TestApp::start().await;
    let add = json!({ "name": "away", "url": "http://127.0.0.1:1/a.m3u" });
    let added: Value = app.send(Method::POST, "/api/playlists", add).await.json().await.unwrap();
    app.job_over(&added["job"]["id"]).await;

    let to = json!({ "url": "http://127.0.0.1:1/b.m3u" });
    assert_eq!(app.send(Method::PUT, "/api/playlists/away", to).await.status(), 200);
    let jobs = app.value("/api/jobs").await;
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 2);
    let same = json!({ "name": "there" });
    assert_eq!(app.send(Method::PUT, "/api/playlists/away", same).await.status(), 200);
    assert_eq!(app.value("/api/jobs").await["jobs"].as_array().unwrap().len(), 2);
    app.end().await;
}

#[tokio::test]
async fn a_playlist_that_moves_while_it_is_read_is_read_at_its_new_address() {
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app =
        TestApp::with(Vec::new(), |config| config.fetch.allow = vec!["127.0.0.1".parse().unwrap()]).await;
    let old = format!("http://{}/a.m3u", hanging.local_addr().unwrap());
    let added: Value = app
        .send(Method::POST, "/api/playlists", json!({ "name": "away", "url": old }))
        .await
        .json()
        .await
        .unwrap();
    let _asked = hanging.accept().await.unwrap();

    let to = json!({ "url": "http://127.0.0.1:1/b.m3u" });
    assert_eq!(app.send(Method::PUT, "/api/playlists/away", to).await.status(), 200);

    assert_eq!(app.job_over(&added["job"]["id"]).await["phase"], "cancelled");
    let jobs = app.value("/api/jobs").await;
    let second = app.job_over(&jobs["jobs"][1]["id"]).await;
    assert_eq!(second["phase"], "failed");
    app.end().await;
}

#[tokio::test]
async fn a_file_that_shrank_is_taken_as_it_is() {
    let app = TestApp::start().await;
    let many = |count: usize| -> String {
        (0..count).map(|n| format!("#EXTINF:-1,Channel {n}\nhttp://tv.example/{n}\n")).collect()
    };
    app.write_playlist("big.m3u", many(50));
    app.value("/api/playlists").await;
    assert_eq!(app.value("/api/channels?limit=0").await["total"], 50);

    app.write_playlist("big.m3u", many(10));
    app.value("/api/playlists").await;

    // A file in the folder is what its owner made it: nobody has to be asked.
    assert_eq!(app.value("/api/playlists/big").await["channels"], 10);
    assert_eq!(app.value("/api/playlists/big").await["vanished"], 40);
    app.end().await;
}

#[tokio::test]
async fn a_file_in_the_folder_is_a_playlist_until_it_goes() {
    let app = TestApp::start().await;
    let file = app.storage.path().join("playlists/tv.m3u");
    std::fs::write(&file, list()).unwrap();

    assert_eq!(app.value("/api/playlists").await["playlists"][0]["kind"], "folder");
    assert_eq!(app.names("?playlist=tv").await.len(), 4);
    let refused = app.request(Method::DELETE, "/api/playlists/tv").send().await.unwrap();
    assert_eq!(refused.status(), 409);

    std::fs::remove_file(&file).unwrap();
    assert_eq!(app.value("/api/playlists").await["total"], 0);
    assert_eq!(app.value("/api/channels").await["total"], 0);
    app.end().await;
}

#[tokio::test]
async fn pasted_links_are_a_playlist() {
    let app = TestApp::start().await;

    let text = format!("Cup final : {HASH}\n");
    let response = app.send(Method::POST, "/api/playlists", json!({ "text": text })).await;
    assert_eq!(response.status(), 202);
    let answer: Value = response.json().await.unwrap();
    let job = app.job_over(&answer["job"]["id"]).await;

    assert_eq!((&job["phase"], &answer["playlist"]["name"]), (&json!("done"), &json!("playlist")));
    assert_eq!(app.names("").await, ["Cup final"]);
    app.end().await;
}

#[tokio::test]
async fn what_is_no_list_leaves_the_old_one_as_it_was() {
    let app = TestApp::start().await;
    app.upload("tv", list()).await;

    let job = app.upload("tv", "<!DOCTYPE html><html><head><title>Log in</title></head></html>").await;

    assert_eq!(job["phase"], "failed");
    assert!(job["error"].as_str().unwrap().contains("web page (\"Log in\")"), "{job}");
    assert_eq!(app.names("").await.len(), 4);
    assert_eq!(app.value("/api/playlists/tv").await["error"], job["error"]);
    app.end().await;
}

#[tokio::test]
async fn requests_that_make_no_sense_are_told_so() {
    let app = TestApp::start().await;
    let post = |body: Value| app.send(Method::POST, "/api/playlists", body);

    assert_eq!(post(json!({})).await.status(), 400);
    assert_eq!(post(json!({ "url": "http://a/", "text": "b" })).await.status(), 400);
    assert_eq!(post(json!({ "url": "file:///etc/passwd" })).await.status(), 400);
    assert_eq!(post(json!({ "url": "http://a.example/", "refresh_s": 5 })).await.status(), 400);
    assert_eq!(post(json!({ "text": "x", "name": "../x" })).await.status(), 400);
    assert_eq!(post(json!({ "text": "x", "nmae": "x" })).await.status(), 422);
    for (path, status) in [
        ("/api/channels?limit=1001", 400),
        ("/api/channels?sort=colour", 400),
        ("/api/channels/0", 400),
        ("/api/channels/77", 404),
        ("/api/playlists/none", 404),
        ("/api/jobs/77", 404),
    ] {
        assert_eq!(app.get(path).await.status(), status, "{path}");
    }
    assert_eq!(app.request(Method::PUT, "/api/favourites/77").send().await.unwrap().status(), 404);
    app.end().await;
}

#[tokio::test]
async fn an_answer_is_not_sent_again_until_something_changed() {
    let app = TestApp::start().await;
    app.upload("tv", list()).await;
    let tag = app.get("/api/channels").await.headers()["etag"].clone();
    let again = || app.request(Method::GET, "/api/channels").header("if-none-match", &tag).send();

    assert_eq!(again().await.unwrap().status(), 304);
    let id = app.id_of("Canal 2").await;
    app.request(Method::PUT, &format!("/api/favourites/{id}")).send().await.unwrap();
    assert_eq!(again().await.unwrap().status(), 200);
    app.end().await;
}

#[tokio::test]
async fn what_the_user_made_goes_from_one_server_to_another() {
    let app = TestApp::start().await;
    app.upload("tv", list()).await;
    let (one, two) = (app.id_of("One HD").await, app.id_of("Canal 2").await);
    app.send(Method::PATCH, &format!("/api/channels/{one}"), json!({ "name": "Uno" })).await;
    app.send(Method::PUT, "/api/favourites", json!({ "ids": [two, one] })).await;
    app.send(Method::PATCH, "/api/settings", json!({ "language": "es" })).await;
    let backup = app.value("/api/backup").await;
    app.end().await;

    // A server where they are not yet says of them what it was told.
    let later = TestApp::start().await;
    let restored: Value = later.send(Method::PUT, "/api/backup", backup.clone()).await.json().await.unwrap();
    assert_eq!(restored, json!({ "favourites": 2, "edits": 1, "missing": 3 }));
    assert_eq!(later.value("/api/backup").await, backup);
    for name in ["television", "tv"] {
        later.upload(name, list()).await;
        assert_eq!(later.names("?only=favourites").await, ["Canal 2", "Uno"]);
    }
    // And when their list goes and comes by another name.
    for name in ["television", "tv"] {
        later.request(Method::DELETE, &format!("/api/playlists/{name}")).send().await.unwrap();
    }
    later.upload("anew", list()).await;
    assert_eq!(later.names("?only=favourites").await, ["Canal 2", "Uno"]);
    later.end().await;

    // The same channels in a playlist of another name have other IDs.
    let other = TestApp::start().await;
    other.upload("television", list()).await;
    // As large as one of a great catalogue is.
    let large = backup.to_string() + &" ".repeat(32 << 20);
    let restore = other.request(Method::PUT, "/api/backup").header("content-type", "application/json");
    let restored: Value = restore.body(large).send().await.unwrap().json().await.unwrap();

    assert_eq!(restored, json!({ "favourites": 2, "edits": 1, "missing": 0 }));
    assert_eq!(other.names("?only=favourites").await, ["Canal 2", "Uno"]);
    assert_eq!(other.value("/api/settings").await, json!({ "language": "es" }));
    let wrong = json!({ "format": "something else", "version": 1 });
    assert_eq!(other.send(Method::PUT, "/api/backup", wrong).await.status(), 400);
    other.end().await;
}

#[tokio::test]
async fn a_logo_comes_from_this_server_for_a_year() {
    let site = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/logo.svg", site.local_addr().unwrap());
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    let routes = axum::Router::new().route("/logo.svg", axum::routing::get(move || async move { drawing }));
    let serving = async move { axum::serve(site, routes).await.unwrap() };
    let app = TestApp::with(Vec::new(), |it| it.fetch.allow = vec!["127.0.0.1".parse().unwrap()]).await;
    let list = format!(
        "#EXTINF:-1 tvg-logo=\"{address}\",One\nhttp://tv.example/1\n#EXTINF:-1,Two\nhttp://tv.example/2\n"
    );
    app.upload("tv", list).await;
    let looks = async {
        let rows = app.value("/api/channels").await;
        let url = rows["channels"][0]["logo_url"].as_str().unwrap().to_owned();

        let logo = app.get(&url).await;

        let (headers, status) = (logo.headers().clone(), logo.status());
        assert_eq!(
            (status, &headers["content-type"]),
            (reqwest::StatusCode::OK, &"image/svg+xml".parse().unwrap())
        );
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
        let again =
            app.request(Method::GET, &url).header("if-none-match", &headers["etag"]).send().await.unwrap();
        assert_eq!(again.status(), 304);
        let id = app.id_of("Two").await;
        assert_eq!(app.get(&format!("/api/channels/{id}/logo")).await.status(), 404);
    };
    tokio::select! {
        () = looks => {}
        () = serving => {}
    }
    app.end().await;
}
