//! Guides on either database: what comes in is found, and goes out again.

use std::sync::Arc;

use crate::{
    catalog::{
        Catalog, Origin, Phase, Wanted, now,
        store::testing::databases,
        tests::{LIST, all, catalog, catalog_with, iptv_time, name, upload, upload_guide},
    },
    fetch::tests::{allowing, site},
};

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
        let sought = super::Sought { from, to, text: "nadel".into(), limit: 10, ..Default::default() };
        let found = catalog.events(sought.clone()).await.unwrap();
        let hour = catalog.events(super::Sought { to: from + 3600, ..sought.clone() }).await.unwrap();
        let second = super::Sought { text: String::new(), offset: 1, limit: 1, ..sought };
        let second = catalog.events(second).await.unwrap();

        let on: Vec<&str> = found.events.iter().map(|it| it.channel.name()).collect();
        assert_eq!((found.total, on), (2, vec!["One", "Plus"]));
        assert_eq!(found.events[1].programme.start - found.events[0].programme.start, 3600);
        assert_eq!(hour.total, 1);
        assert_eq!((second.total, &*second.events[0].programme.title), (16, "b"));
    }
}

async fn xmltv(catalog: &Catalog) -> Result<String, super::BrokenOff> {
    let (mut pieces, mut text) = (catalog.xmltv(), String::new());
    while let Some(piece) = std::future::poll_fn(|cx| pieces.poll_next(cx)).await {
        text.push_str(std::str::from_utf8(&piece?).unwrap());
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
    let site = site(axum::Router::new().route("/old.xml", axum::routing::get(answer))).await;
    let database = databases().await.remove(0);
    let catalog = catalog_with(&database.store, allowing(&["127.0.0.1"])).await;
    let at = |path: &str| Wanted {
        name: Some(name("es")),
        origin: Origin::Url { url: format!("{}/{path}", site.base) },
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

        let title = |it: &Option<super::Programme>| it.as_ref().map(|it| (it.start - at, it.title.clone()));
        let both = |id| (title(&on[id].now), title(&on[id].next));
        assert_eq!(both(&ids[0]), (Some((-7200, "Long".into())), Some((600, "Next".into()))));
        assert_eq!(both(&ids[3]), (Some((-3600, "Long".into())), Some((3000, "Short".into()))));
        assert_eq!(on.len(), 2);
    }
}

#[tokio::test]
async fn a_guide_that_breaks_off_leaves_the_old_one_as_it_was_unless_most_of_it_is_there() {
    let database = databases().await.remove(0);
    let catalog = catalog(&database.store).await;
    let shows = [(60, "A"), (120, "B"), (180, "C"), (240, "D")];
    upload_guide(&catalog, guide_of("one", "Uno", &shows)).await;
    let broken = |shows: &[(i64, &str)]| guide_of("one", "Uno", shows).replace("</tv>", "<a>");

    for less in ["<tv></tv>".to_owned(), "<tv><a><a>".to_owned(), broken(&shows[..1])] {
        assert_eq!(upload_guide(&catalog, less).await, Phase::Failed);
        let state = catalog.guide(&name("es")).unwrap().state;
        assert_eq!((state.programmes, state.error.is_some()), (4, true));
        assert_eq!(database.store.count_programmes().await, 4);
    }
    for enough in [broken(&shows[..2]), guide_of("one", "Uno", &shows[..1])] {
        assert_eq!(upload_guide(&catalog, enough).await, Phase::Done);
    }
}
