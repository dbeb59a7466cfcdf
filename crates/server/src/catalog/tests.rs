//! The catalogue on either database: what comes in is kept, and is there again after a start.

use std::sync::Arc;

use super::{
    Area, Catalog, Error, Folder, Given, Name, Only, Origin, Patch, Phase, Playlist, PlaylistId, Query,
    State, Store, Wanted, now, store::testing::databases,
};
use crate::fetch::{
    Fetcher,
    tests::{allowing, site},
};

pub(super) async fn catalog(store: &Store) -> Catalog {
    catalog_with(store, allowing(&[])).await
}

pub(super) async fn catalog_with(store: &Store, fetcher: Fetcher) -> Catalog {
    let folder = Arc::new(Folder::new("/nowhere".into()));
    Catalog::load(store.clone(), fetcher, folder).await.unwrap()
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) async fn upload(catalog: &Catalog, list: &str) -> Phase {
    if catalog.list(&name("tv")).is_err() {
        let wanted = Wanted { name: Some(name("tv")), origin: Origin::Upload, refresh_s: None };
        catalog.add(wanted).await.unwrap();
    }
    let job = catalog.refresh(&name("tv"), Given::Bytes(list.to_owned().into())).unwrap();
    job.over().await;
    job.progress().phase
}

pub(super) async fn upload_guide(catalog: &Catalog, guide: String) -> Phase {
    if catalog.guide(&name("es")).is_err() {
        let wanted = Wanted { name: Some(name("es")), origin: Origin::Upload, refresh_s: None };
        catalog.add_guide(wanted, 0).await.unwrap();
    }
    let job = catalog.refresh_guide(&name("es"), Some(guide.into())).unwrap();
    job.over().await;
    job.progress().phase
}

pub(super) fn names(catalog: &Catalog, query: &Query) -> Vec<String> {
    let page = catalog.snapshot().find(query, &catalog.personal());
    page.channels.iter().map(|it| it.name().to_owned()).collect()
}

pub(super) fn all() -> Query {
    Query { limit: 100, ..Query::default() }
}

pub(super) const LIST: &str = "#EXTINF:-1 tvg-id=\"one\" group-title=\"A\",One\nhttp://tv.example/1\n\
                    #EXTINF:-1,Two\nhttp://tv.example/2\n#EXTINF:-1,Three\nhttp://tv.example/3\n";

#[tokio::test]
async fn what_comes_in_is_there_again_after_a_start() {
    for database in databases().await {
        let catalog_before = catalog(&database.store).await;
        assert_eq!(upload(&catalog_before, LIST).await, Phase::Done);
        let id = catalog_before.snapshot().find(&all(), &catalog_before.personal()).channels[1].id;
        catalog_before.add_favourite(id).await.unwrap();
        catalog_before.arrange(vec![id]).await.unwrap();
        let known = catalog_before.snapshot().lists().to_vec();

        let catalog = catalog(&database.store).await;

        assert_eq!(catalog.snapshot().lists(), known);
        assert_eq!(names(&catalog, &all()), ["Two", "One", "Three"]);
        assert_eq!(names(&catalog, &Query { only: Some(Only::Favourites), ..all() }), ["Two"]);
        assert_eq!(upload(&catalog, LIST).await, Phase::Unchanged);
    }
}

#[tokio::test]
async fn an_upload_that_was_not_read_to_its_end_says_so_after_a_start() {
    for database in databases().await {
        let playlist = Playlist {
            id: PlaylistId(7),
            name: name("tv"),
            origin: Origin::Upload,
            refresh_s: None,
            state: State::default(),
        };
        database.store.add_playlist(&playlist).await.unwrap();

        let catalog = catalog(&database.store).await;

        let error = || catalog.snapshot().lists()[0].playlist.state.error.clone();
        assert_eq!(error().as_deref(), Some("the server ended before it was read: upload it again"));
        assert_eq!(upload(&catalog, LIST).await, Phase::Done);
        assert_eq!(error(), None);
    }
}

#[tokio::test]
async fn a_guide_takes_the_place_of_the_one_before_and_leaves_nothing_of_it() {
    for database in databases().await {
        let catalog = catalog(&database.store).await;
        upload(&catalog, LIST).await;
        let at = now();

        assert_eq!(upload_guide(&catalog, guide("First", at)).await, Phase::Done);
        assert_eq!(upload_guide(&catalog, guide("Second", at)).await, Phase::Done);

        let id = catalog.snapshot().find(&all(), &catalog.personal()).channels[0].id;
        let on = catalog.now_next(&[id], at).await.unwrap();
        assert_eq!(on[&id].now.as_ref().unwrap().title, "Second");
        assert_eq!(database.store.count_programmes().await, 1);
    }
}

/// A guide of one programme that is on `at` this time.
fn guide(title: &str, at: i64) -> String {
    format!(
        "<tv><channel id=\"one\"><display-name>Uno</display-name></channel><programme channel=\"one\" start=\"{}\" \
         stop=\"{}\"><title>{title}</title></programme></tv>",
        iptv_time(at - 60),
        iptv_time(at + 60)
    )
}

/// As XMLTV writes a time, in UTC.
pub(super) fn iptv_time(seconds: i64) -> String {
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
    let site = site(axum::Router::new().route("/list.m3u", axum::routing::get(answer))).await;
    let url = format!("{}/list.m3u", site.base);

    let database = databases().await.remove(0);
    let catalog = catalog_with(&database.store, allowing(&["127.0.0.1"])).await;
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
    let patch = Patch { name: Some(Some("Uno".to_owned())), ..Patch::default() };
    catalog.edit(id, patch).await.unwrap();

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

/// Two servers with one database.
async fn two(store: &Store) -> [Catalog; 2] {
    [catalog(store).await, catalog(store).await]
}

#[tokio::test]
async fn what_one_server_changes_another_has_a_moment_later() {
    for database in databases().await.into_iter().filter(|it| it.store.is_shared()) {
        let [here, there] = two(&database.store).await;
        upload(&here, LIST).await;
        upload_guide(&here, guide("First", now())).await;
        let one = here.snapshot().find(&all(), &here.personal()).channels[0].id;
        here.edit(one, Patch { name: Some(Some("Uno".to_owned())), ..Patch::default() }).await.unwrap();
        here.add_favourite(one).await.unwrap();

        assert_eq!(names(&there, &all()), [""; 0]);
        there.look_at_others().await.unwrap();

        assert_eq!(names(&there, &all()), ["Uno", "Two", "Three"]);
        assert!(there.personal().is_favourite(one));
        assert!(there.directory().guides().any(|it| it.name == name("es") && it.edition.is_some()));
        let before = there.snapshot();
        there.look_at_others().await.unwrap();
        assert!(Arc::ptr_eq(&before, &there.snapshot()));
    }
}

#[tokio::test]
async fn two_servers_that_change_one_thing_lose_nothing() {
    for database in databases().await.into_iter().filter(|it| it.store.is_shared()) {
        let [here, there] = two(&database.store).await;
        upload(&here, LIST).await;
        let ids: Vec<_> =
            here.snapshot().find(&all(), &here.personal()).channels.iter().map(|it| it.id).collect();
        there.look_at_others().await.unwrap();

        let (a, b) = tokio::join!(here.add_favourite(ids[0]), there.add_favourite(ids[1]));
        a.and(b).unwrap();
        let name = Patch { name: Some(Some("Uno".to_owned())), ..Patch::default() };
        let number = Patch { number: Some(Some("7".to_owned())), ..Patch::default() };
        let (a, b) = tokio::join!(here.edit(ids[0], name), there.edit(ids[0], number));
        a.and(b).unwrap();

        for server in [here, there] {
            server.look_at_others().await.unwrap();
            assert_eq!(server.personal().favourites.len(), 2);
            let edited = server.channel(ids[0]).unwrap();
            assert_eq!((edited.name(), edited.number()), ("Uno", Some("7")));
        }
    }
}

#[tokio::test]
async fn two_edits_of_one_channel_at_once_are_both_kept() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    upload(&catalog, LIST).await;
    let id = catalog.snapshot().find(&all(), &catalog.personal()).channels[0].id;
    let name = Patch { name: Some(Some("Uno".to_owned())), ..Patch::default() };
    let hidden = Patch { hidden: Some(Some(true)), ..Patch::default() };

    let (a, b) = tokio::join!(catalog.edit(id, name), catalog.edit(id, hidden));
    a.and(b).unwrap();

    let edited = catalog.channel(id).unwrap();
    assert_eq!((edited.name(), edited.is_hidden()), ("Uno", true));
    let hidden = Query { text: "uno".to_owned(), hidden: true, ..all() };
    assert_eq!((names(&catalog, &hidden), names(&catalog, &all()).len()), (vec!["Uno".to_owned()], 2));
    catalog.edit(id, Patch { hidden: Some(None), ..Patch::default() }).await.unwrap();
    assert!(!catalog.channel(id).unwrap().is_hidden());
}

#[tokio::test]
async fn channels_that_vanished_long_ago_are_swept_although_their_list_does_not_change() {
    const KEPT: i64 = 30 * 24 * 3600;
    for database in databases().await {
        let before = catalog(&database.store).await;
        upload(&before, LIST).await;
        upload(&before, &LIST.replace("Three", "Four").replace("/3", "/4")).await;
        assert_eq!(names(&before, &all()).len(), 4);

        before.sweep(now() + KEPT - 60).await;
        assert_eq!(names(&before, &all()).len(), 4);
        before.sweep(now() + KEPT + 60).await;

        let left = ["One", "Two", "Four"];
        assert_eq!(names(&before, &all()), left);
        assert_eq!(names(&catalog(&database.store).await, &all()), left);
    }
}

#[tokio::test]
async fn that_a_list_was_tried_is_known_although_the_database_takes_nothing() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    let origin = Origin::Url { url: "http://127.0.0.1:1/list.m3u".to_owned() };
    let playlist = catalog.add(Wanted { name: None, origin, refresh_s: Some(3600) }).await.unwrap();
    database.store.close().await;

    let job = catalog.refresh(&playlist.name, Given::Address { confirmed: false }).unwrap();
    job.over().await;

    let state = catalog.list(&playlist.name).unwrap().playlist.state.clone();
    assert_eq!((state.tried_at.is_some(), state.error.is_some()), (true, true));
    assert_eq!(job.progress().phase, Phase::Failed);
}

#[tokio::test]
async fn a_server_that_starts_while_another_writes_has_what_is_written() {
    for database in databases().await.into_iter().filter(|it| it.store.is_shared()) {
        let here = catalog(&database.store).await;
        upload(&here, LIST).await;
        let one = here.snapshot().find(&all(), &here.personal()).channels[0].id;
        let writing = here.write().await.unwrap();
        writing.changing(Area::Personal).await.unwrap();

        let finish = async {
            // Time enough for the other to read all there is, if it does not wait.
            for _ in 0..1_000_000 {
                tokio::task::yield_now().await;
            }
            here.0.store.set_favourites(&[(one, 1)].into()).await.unwrap();
            drop(writing);
        };
        let (there, ()) = tokio::join!(catalog(&database.store), finish);

        assert!(there.personal().is_favourite(one));
    }
}

#[tokio::test]
async fn what_failed_is_read_again_and_who_lost_its_turn_changes_nothing() {
    for database in databases().await.into_iter().filter(|it| it.store.is_shared()) {
        let [here, there] = two(&database.store).await;
        upload(&here, LIST).await;
        let one = here.snapshot().find(&all(), &here.personal()).channels[0].id;
        {
            // It is kept, and whoever did it does not know.
            let writing = here.write().await.unwrap();
            let store = writing.changing(Area::Personal).await.unwrap();
            store.set_favourites(&[(one, 1)].into()).await.unwrap();
            // Somebody came in between.
            there.0.store.tell(Area::Lists).await.unwrap();
            assert!(matches!(writing.changing(Area::Lists).await, Err(Error::Overtaken)));
        }
        assert!(!here.personal().is_favourite(one));

        drop(here.write().await.unwrap());
        assert!(here.personal().is_favourite(one));
        here.edit(one, Patch { hidden: Some(Some(true)), ..Patch::default() }).await.unwrap();
    }
}

#[tokio::test]
async fn who_moves_a_playlist_waits_until_nobody_reads_it_at_its_old_address() {
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let database = databases().await.remove(0);
    let catalog = catalog_with(&database.store, allowing(&["127.0.0.1"])).await;
    let at = |port: u16| Wanted {
        name: Some(name("tv")),
        origin: Origin::Url { url: format!("http://127.0.0.1:{port}/list.m3u") },
        refresh_s: None,
    };
    catalog.add(at(hanging.local_addr().unwrap().port())).await.unwrap();
    let job = catalog.refresh(&name("tv"), Given::Address { confirmed: false }).unwrap();
    let _asked = hanging.accept().await.unwrap();

    // The change is next, then another writer, and behind that one how the job ended.
    let first = catalog.write().await.unwrap();
    let mut change = Box::pin(catalog.change(name("tv"), at(1)));
    assert!(polled(&mut change).await.is_pending());
    tokio::task::yield_now().await;
    let mut second = Box::pin(catalog.write());
    assert!(polled(&mut second).await.is_pending());
    drop(first);
    let second = second.await.unwrap();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
        assert!(polled(&mut change).await.is_pending());
    }
    assert!(job.cancel.is_cancelled() && !job.progress().phase.is_over());
    drop(second);

    change.await.unwrap();
    assert_eq!(job.progress().phase, Phase::Cancelled);
}

/// How far it is, without waiting for it.
async fn polled<T>(future: &mut (impl Future<Output = T> + Unpin)) -> std::task::Poll<T> {
    std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))).await
}
