//! The server as a television tuner.

use serde_json::{Value, json};

use crate::app::{NEWS, TestApp, news};

async fn tuner() -> TestApp {
    let app = TestApp::with(vec![news()], |config| config.hdhomerun.enabled = true).await;
    let list = format!(
        "#EXTINF:-1 tvg-chno=\"5.1\",One\nacestream://{NEWS}\n#EXTINF:-1,Two\nhttp://tv.example/2.ts\n\
         #EXTINF:-1,A list of segments\nhttp://tv.example/3.m3u8?x\n#EXTINF:-1 tvg-chno=\"5.1\",Four\nhttp://tv.example/4\n"
    );
    app.upload("tv", list).await;
    app
}

fn channel(number: &str, name: &str, url: &str) -> Value {
    json!({ "GuideNumber": number, "GuideName": name, "URL": url })
}

#[tokio::test]
async fn a_tuner_has_the_channels_that_come_as_one_stream_each_with_a_number_of_its_own() {
    let app = tuner().await;

    let lineup = app.value("/lineup.json").await;

    let stream = format!("{}/api/stream/{NEWS}/stream.ts", app.base);
    let expected = [
        channel("5.1", "One", &stream),
        channel("1000", "Two", "http://tv.example/2.ts"),
        channel("1001", "Four", "http://tv.example/4"),
    ];
    assert_eq!(lineup, json!(expected));
    let id = app.id_of("Four").await;
    app.request(reqwest::Method::PUT, &format!("/api/favourites/{id}")).send().await.unwrap();
    assert_eq!(app.value("/lineup.json").await, json!([channel("5.1", "Four", "http://tv.example/4")]));
    app.end().await;
}

#[tokio::test]
async fn a_tuner_says_what_it_is_and_stays_the_same() {
    let app = tuner().await;
    let known = app.value("/discover.json").await;
    assert_eq!(known["LineupURL"], format!("{}/lineup.json", app.base));
    assert_eq!(app.value("/lineup_status.json").await["ScanInProgress"], 0);

    let app = app.restart().await;

    assert_eq!(app.value("/discover.json").await["DeviceID"], known["DeviceID"]);
    let device = app.get("/device.xml").await.text().await.unwrap();
    let serial = format!("<serialNumber>{}</serialNumber>", known["DeviceID"].as_str().unwrap());
    assert!(device.contains(&serial), "{device}");
    app.end().await;
}

#[tokio::test]
async fn a_server_is_no_tuner_unless_it_is_told_to_be_one() {
    let app = TestApp::start().await;
    for path in ["/discover.json", "/lineup.json", "/lineup_status.json", "/device.xml"] {
        assert_eq!(app.get(path).await.status(), 404, "{path}");
    }
    app.end().await;
}
