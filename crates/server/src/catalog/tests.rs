//! The catalogue on either database: what comes in is kept, and is there again after a start.

use std::sync::Arc;

use super::{
    Catalog, Folder, Given, Name, Only, Origin, Phase, Query, Store, Wanted, now, store::testing::databases,
};
use crate::fetch::{Config, Fetcher};

async fn catalog(store: &Store) -> Catalog {
    let folder = Arc::new(Folder::new("/nowhere".into()));
    Catalog::load(store.clone(), Fetcher::new(&Config::default()), folder).await.unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

async fn upload(catalog: &Catalog, list: &str) -> Phase {
    if catalog.list(&name("tv")).is_err() {
        let wanted = Wanted { name: Some(name("tv")), origin: Origin::Upload, refresh_s: None };
        catalog.add(wanted).await.unwrap();
    }
    let job = catalog.refresh(&name("tv"), Given::Bytes(list.to_owned().into())).unwrap();
    job.over().await;
    job.progress().phase
}

async fn upload_guide(catalog: &Catalog, guide: String) -> Phase {
    if catalog.guide(&name("es")).is_err() {
        let wanted = Wanted { name: Some(name("es")), origin: Origin::Upload, refresh_s: None };
        catalog.add_guide(wanted, 0).await.unwrap();
    }
    let job = catalog.refresh_guide(&name("es"), Some(guide.into())).unwrap();
    job.over().await;
    job.progress().phase
}

fn names(catalog: &Catalog, query: &Query) -> Vec<String> {
    let page = catalog.snapshot().find(query, &catalog.personal());
    page.channels.iter().map(|it| it.name().to_owned()).collect()
}

fn all() -> Query {
    Query { limit: 100, ..Query::default() }
}

const LIST: &str = "#EXTINF:-1 tvg-id=\"one\" group-title=\"A\",One\nhttp://tv.example/1\n\
                    #EXTINF:-1,Two\nhttp://tv.example/2\n#EXTINF:-1,Three\nhttp://tv.example/3\n";

#[tokio::test]
async fn what_comes_in_is_there_again_after_a_start() {
    for database in databases().await {
        let catalog_before = catalog(&database.store).await;
        assert_eq!(upload(&catalog_before, LIST).await, Phase::Done);
        let id = catalog_before.snapshot().find(&all(), &catalog_before.personal()).channels[1].id;
        catalog_before.add_favourite(id).await.unwrap();
        catalog_before.arrange(&[id]).await.unwrap();
        let known = catalog_before.snapshot().lists().to_vec();

        let catalog = catalog(&database.store).await;

        assert_eq!(catalog.snapshot().lists(), known);
        assert_eq!(names(&catalog, &all()), ["Two", "One", "Three"]);
        assert_eq!(names(&catalog, &Query { only: Some(Only::Favourites), ..all() }), ["Two"]);
        assert_eq!(upload(&catalog, LIST).await, Phase::Unchanged);
    }
}

#[tokio::test]
async fn a_guide_takes_the_place_of_the_one_before_and_leaves_nothing_of_it() {
    for database in databases().await {
        let catalog = catalog(&database.store).await;
        upload(&catalog, LIST).await;
        let at = now();
        let guide = |title: &str| {
            let time = |seconds| iptv_time(seconds);
            format!(
                "<tv><channel id=\"one\"><display-name>Uno</display-name></channel><programme channel=\"one\" \
                 start=\"{}\" stop=\"{}\"><title>{title}</title></programme></tv>",
                time(at - 60),
                time(at + 60)
            )
        };

        assert_eq!(upload_guide(&catalog, guide("First")).await, Phase::Done);
        assert_eq!(upload_guide(&catalog, guide("Second")).await, Phase::Done);

        let id = catalog.snapshot().find(&all(), &catalog.personal()).channels[0].id;
        let on = catalog.now_next(&[id], at).await.unwrap();
        assert_eq!(on[&id].now.as_ref().unwrap().title, "Second");
        assert_eq!(database.store.count_programmes().await, 1);
    }
}

/// As XMLTV writes a time, in UTC.
fn iptv_time(seconds: i64) -> String {
    crate::live::rfc3339_of(seconds).replace(['-', ':', 'T', 'Z'], "") + " +0000"
}

#[tokio::test]
async fn an_address_in_a_private_network_is_refused_when_it_is_fetched() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    let origin = Origin::Url { url: "http://me:secret@127.0.0.1:1/list.m3u".to_owned() };
    let playlist = catalog.add(Wanted { name: None, origin, refresh_s: Some(3600) }).await.unwrap();

    let job = catalog.refresh(&playlist.name, Given::Address { confirmed: false }).unwrap();
    job.over().await;

    let told = job.progress();
    let error = told.error.unwrap();
    assert_eq!(told.phase, Phase::Failed);
    assert!(error.contains("127.0.0.1 is not public") && !error.contains("secret"), "{error}");
    assert_eq!(catalog.list(&playlist.name).unwrap().playlist.state.error, Some(error));
}

#[tokio::test]
async fn a_list_that_shrinks_is_kept_back_and_one_that_is_cancelled_changes_nothing() {
    let list = |count: usize| -> String {
        (0..count).map(|n| format!("#EXTINF:-1,Channel {n}\nhttp://tv.example/{n}\n")).collect()
    };
    let sent = Arc::new(std::sync::Mutex::new(list(50)));
    let now_sent = Arc::clone(&sent);
    let answer = move || {
        let text = now_sent.lock().unwrap().clone();
        async move { text }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/list.m3u", listener.local_addr().unwrap());
    let routes = axum::Router::new().route("/list.m3u", axum::routing::get(answer));
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let _serving = tokio_util::task::AbortOnDropHandle::new(serving);

    let database = databases().await.remove(0);
    let config = Config { allow: vec!["127.0.0.1".parse().unwrap()], ..Config::default() };
    let folder = Arc::new(Folder::new("/nowhere".into()));
    let catalog = Catalog::load(database.store.clone(), Fetcher::new(&config), folder).await.unwrap();
    let wanted = Wanted { name: Some(name("tv")), origin: Origin::Url { url }, refresh_s: Some(3600) };
    catalog.add(wanted).await.unwrap();
    let refresh = async |confirmed| {
        let job = catalog.refresh(&name("tv"), Given::Address { confirmed }).unwrap();
        job.over().await;
        job.progress().phase
    };

    assert_eq!(refresh(false).await, Phase::Done);
    *sent.lock().unwrap() = list(10);
    assert_eq!(refresh(false).await, Phase::HeldBack);
    assert_eq!(names(&catalog, &all()).len(), 50);
    assert_eq!(catalog.list(&name("tv")).unwrap().playlist.state.held_back, Some(10));

    let job = catalog.refresh(&name("tv"), Given::Address { confirmed: true }).unwrap();
    job.cancel.cancel();
    job.over().await;
    assert_eq!((job.progress().phase, names(&catalog, &all()).len()), (Phase::Cancelled, 50));

    assert_eq!(refresh(true).await, Phase::Done);
    let list = catalog.list(&name("tv")).unwrap();
    assert_eq!(list.channels.iter().filter(|it| it.vanished_at.is_none()).count(), 10);
}

#[tokio::test]
async fn what_was_made_of_a_channel_comes_back_with_it() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    upload(&catalog, LIST).await;
    let id = catalog.snapshot().find(&all(), &catalog.personal()).channels[0].id;
    let edit = super::Edit { name: Some("Uno".to_owned()), ..super::Edit::default() };
    catalog.edit(vec![(id, edit)]).await.unwrap();

    catalog.remove(&name("tv")).await.unwrap();
    assert_eq!(names(&catalog, &all()), [""; 0]);
    upload(&catalog, LIST).await;

    assert_eq!(names(&catalog, &all()), ["Uno", "Two", "Three"]);
}

#[tokio::test]
async fn a_packed_list_that_breaks_off_leaves_the_old_one_as_it_was() {
    use std::io::Write as _;
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    upload(&catalog, LIST).await;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"#EXTINF:-1,One\nhttp://tv.example/1\n").unwrap();
    let mut packed = packed.finish().unwrap();
    packed.truncate(packed.len() - 6);

    let job = catalog.refresh(&name("tv"), Given::Bytes(packed.into())).unwrap();
    job.over().await;

    assert_eq!(job.progress().phase, Phase::Failed);
    assert_eq!(names(&catalog, &all()), ["One", "Two", "Three"]);
}
