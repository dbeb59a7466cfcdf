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

/// A guide with one channel, and what begins on it: so many seconds from now, and its title.
fn guide_of(id: &str, called: &str, begins: &[(i64, &str)]) -> String {
    let programme = |(at, title): &(i64, &str)| {
        let start = iptv_time(now() + at);
        format!("<programme channel=\"{id}\" start=\"{start}\"><title>{title}</title></programme>")
    };
    let programmes: String = begins.iter().map(programme).collect();
    format!("<tv><channel id=\"{id}\"><display-name>{called}</display-name></channel>{programmes}</tv>")
}

#[tokio::test]
async fn a_search_for_events_misses_nothing_and_shows_no_channel_that_lists_do_not() {
    for database in databases().await {
        let catalog = catalog(&database.store).await;
        let plus = "#EXTINF:-1 tvg-id=\"one\" tvg-shift=\"1\",Plus\nhttp://tv.example/4\n";
        let gone = "#EXTINF:-1 tvg-id=\"one\",Gone\nhttp://tv.example/5\n";
        upload(&catalog, &format!("{LIST}{plus}{gone}")).await;
        upload(&catalog, &format!("{LIST}{plus}")).await;
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let mut begins: Vec<(i64, &str)> = names.iter().zip(1..).map(|(it, at)| (at * 60, *it)).collect();
        begins.push((3000, "Nadel im Heu"));
        upload_guide(&catalog, guide_of("one", "Uno", &begins)).await;

        let (from, to) = (now(), now() + 86_400);
        let sought = super::guide::Sought { from, to, text: "nadel".into(), limit: 10, ..Default::default() };
        let found = catalog.events(sought.clone()).await.unwrap();
        let hour = catalog.events(super::guide::Sought { to: from + 3600, ..sought.clone() }).await.unwrap();
        let second = super::guide::Sought { text: String::new(), offset: 1, limit: 1, ..sought };
        let second = catalog.events(second).await.unwrap();

        let on: Vec<&str> = found.events.iter().map(|it| it.channel.name()).collect();
        assert_eq!((found.total, on), (2, vec!["One", "Plus"]));
        assert_eq!(found.events[1].programme.start - found.events[0].programme.start, 3600);
        assert_eq!(hour.total, 1);
        assert_eq!((second.total, &*second.events[0].programme.title), (16, "b"));
    }
}

async fn xmltv(catalog: &Catalog) -> Result<String, super::guide::BrokenOff> {
    let (mut pieces, mut text) = (catalog.xmltv(), String::new());
    while let Some(piece) = pieces.next().await? {
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    Ok(text)
}

#[tokio::test]
async fn two_guides_with_one_id_for_two_channels_go_out_under_two() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    upload(&catalog, LIST).await;
    upload_guide(&catalog, guide_of("one", "Uno", &[(60, "Ours")])).await;
    let wanted = Wanted { name: Some(name("other")), origin: Origin::Upload, refresh_s: None };
    catalog.add_guide(wanted, 7).await.unwrap();
    let other = guide_of("One", "Two", &[(60, "Theirs")]);
    catalog.refresh_guide(&name("other"), Some(other.into())).unwrap().over().await;

    let ids = catalog.guide_ids(&catalog.snapshot());
    let mut ids: Vec<&str> = ids.values().map(|id| &**id).collect();
    ids.sort_unstable();
    let text = xmltv(&catalog).await.unwrap();

    assert_eq!(ids, ["One@other", "one"]);
    let mut reader = iptv::xmltv::Reader::new(1 << 20);
    let mut programmes = Vec::new();
    let mut take = |item: iptv::xmltv::Item<'_>| {
        if let iptv::xmltv::Item::Programme(it) = item {
            programmes.push(format!("{} {}", it.channel, it.titles[0].text));
        }
    };
    reader.push(text.as_bytes(), &mut take).unwrap();
    reader.finish(&mut take).unwrap();
    programmes.sort();
    assert_eq!(programmes, ["One@other Theirs", "one Ours"]);
}

#[tokio::test]
async fn a_guide_that_cannot_be_read_to_its_end_breaks_off() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    upload(&catalog, LIST).await;
    upload_guide(&catalog, guide_of("one", "Uno", &[(60, "Ours")])).await;

    database.store.close().await;

    assert!(xmltv(&catalog).await.is_err());
}

#[tokio::test]
async fn a_guide_that_is_being_saved_is_saved_whoever_cancels() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    upload(&catalog, LIST).await;
    upload_guide(&catalog, guide_of("one", "Uno", &[(-60, "First")])).await;

    let writing = catalog.write().await;
    let given = guide_of("one", "Uno", &[(-60, "Second")]);
    let job = catalog.refresh_guide(&name("es"), Some(given.into())).unwrap();
    while job.progress().phase != Phase::Saving {
        tokio::task::yield_now().await;
    }
    job.cancel.cancel();
    tokio::task::yield_now().await;
    drop(writing);
    job.over().await;

    let id = catalog.snapshot().find(&all(), &catalog.personal()).channels[0].id;
    let on = catalog.now_next(&[id], now()).await.unwrap();
    assert_eq!((job.progress().phase, &*on[&id].now.as_ref().unwrap().title), (Phase::Done, "Second"));
}

#[tokio::test]
async fn what_was_read_of_a_guide_that_moved_meanwhile_is_not_kept() {
    let (asked, moved) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let (was_asked, has_moved) = (Arc::clone(&asked), Arc::clone(&moved));
    let answer = async move || {
        was_asked.notify_one();
        has_moved.notified().await;
        guide_of("one", "Uno", &[(-60, "Old")])
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let routes = axum::Router::new().route("/old.xml", axum::routing::get(answer));
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let _serving = tokio_util::task::AbortOnDropHandle::new(serving);
    let database = databases().await.remove(0);
    let config = Config { allow: vec!["127.0.0.1".parse().unwrap()], ..Config::default() };
    let folder = Arc::new(Folder::new("/nowhere".into()));
    let catalog = Catalog::load(database.store.clone(), Fetcher::new(&config), folder).await.unwrap();
    let at = |path: &str| Wanted {
        name: Some(name("es")),
        origin: Origin::Url { url: format!("{base}/{path}") },
        refresh_s: None,
    };
    catalog.add_guide(at("old.xml"), 0).await.unwrap();

    let job = catalog.refresh_guide(&name("es"), None).unwrap();
    asked.notified().await;
    catalog.change_guide(name("es"), at("new.xml"), 0).await.unwrap();
    moved.notify_one();
    job.over().await;

    assert_eq!(job.progress().phase, Phase::Cancelled);
    let state = catalog.guide(&name("es")).unwrap().state;
    assert_eq!((state.channels, state.tried_at), (0, None));
}

#[tokio::test]
async fn a_guide_that_an_upload_names_is_added_and_stays_away_once_it_was_removed() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    let list = format!("#EXTM3U url-tvg=\"http://me:secret@127.0.0.1:1/guide.xml\"\n{LIST}");

    upload(&catalog, &list).await;
    let added: Vec<_> = catalog.directory().guides().map(|it| (it.name.clone(), it.refresh_s)).collect();
    assert_eq!(added, [(name("127.0.0.1"), Some(86_400))]);

    catalog.remove_guide(&name("127.0.0.1")).await.unwrap();
    upload(&catalog, &list).await;
    assert_eq!(catalog.directory().guides().count(), 0);
    let kept = database.store.setting("guides_removed").await.unwrap().unwrap();
    assert!(kept.len() == 68 && !kept.contains("secret"), "{kept}");
}

#[tokio::test]
async fn what_is_on_outlasts_what_began_and_ended_in_it() {
    for database in databases().await {
        let catalog = catalog(&database.store).await;
        let plus = "#EXTINF:-1 tvg-id=\"one\" tvg-shift=\"1\",Plus\nhttp://tv.example/4\n";
        upload(&catalog, &format!("{LIST}{plus}")).await;
        let at = now();
        let programme = |from: i64, to: i64, title: &str| {
            let (from, to) = (iptv_time(at + from), iptv_time(at + to));
            format!(
                "<programme channel=\"one\" start=\"{from}\" stop=\"{to}\"><title>{title}</title></programme>"
            )
        };
        let long = programme(-7200, 7200, "Long");
        let guide = [&*long, &programme(-600, -300, "Short"), &programme(600, 700, "Next")].concat();
        upload_guide(&catalog, format!("<tv>{guide}</tv>")).await;

        let ids: Vec<_> = catalog.snapshot().lists()[0].channels.iter().map(|it| it.id).collect();
        let on = catalog.now_next(&ids, at).await.unwrap();

        let title =
            |it: &Option<super::guide::Programme>| it.as_ref().map(|it| (it.start - at, it.title.clone()));
        let both = |id| (title(&on[id].now), title(&on[id].next));
        assert_eq!(both(&ids[0]), (Some((-7200, "Long".into())), Some((600, "Next".into()))));
        assert_eq!(both(&ids[3]), (Some((-3600, "Long".into())), Some((3000, "Short".into()))));
        assert_eq!(on.len(), 2);
    }
}
