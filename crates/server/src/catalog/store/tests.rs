//! What is kept is given back, by either database.

use sqlx::AssertSqlSafe;

use super::{CONNECTIONS, Change, Pool, Saved, Store, testing::databases};
use crate::catalog::{Channel, ChannelId, Edit, Health, Listed, Origin, Playlist, PlaylistId, State};

fn playlist() -> Playlist {
    Playlist {
        id: PlaylistId(7),
        name: "TV España".parse().unwrap(),
        origin: Origin::Url { url: "http://user:secret@tv.example/list".to_owned() },
        refresh_s: Some(3600),
        state: State::default(),
    }
}

/// The channels of a list, with IDs from 1.
fn channels(list: &str) -> Vec<Channel> {
    let channel = |(entry, id): (&iptv::Entry<'_>, i64)| Channel {
        id: ChannelId(id),
        listed: Listed::of(entry),
        edit: None,
        vanished_at: None,
    };
    iptv::parse_m3u(list).entries.iter().zip(1..).map(channel).collect()
}

const LIST: &str = "#EXTM3U\n\
    #EXTINF:-1 tvg-id=\"one\" tvg-name=\"One TV\" tvg-logo=\"http://a.example/1.png\" group-title=\"A\" tvg-chno=\"5.1\" \
    radio=\"true\" tvg-shift=\"2\" catchup=\"shift\" catchup-days=\"3\",One\n\
    #EXTVLCOPT:http-user-agent=Box\n#KODIPROP:a=b\nhttp://a.example/1|Referer=http://b.example\n\
    #EXTINF:-1,Two 'quoted' \u{1f4fa}\nacestream://d65257bb7856e13b718df1dfe65ee482d90dd384\n\
    #EXTINF:-1,Three\nhttp://a.example/3\n";

async fn save(store: &Store, playlist: &Playlist, channels: &[Channel]) {
    let change = Change {
        added: channels.iter().collect(),
        ordering: channels.iter().map(|it| it.id).collect(),
        ..Change::default()
    };
    store.refresh(playlist, &change).await.unwrap();
}

#[tokio::test]
async fn a_playlist_and_its_channels_come_back_as_they_were() {
    for database in databases().await {
        let store = &database.store;
        let mut playlist = playlist();
        let mut channels = channels(LIST);
        store.add_playlist(&playlist).await.unwrap();
        playlist.state.etag = Some("\"1\"".to_owned());
        channels.swap(0, 2);
        channels[1].vanished_at = Some(1_795_809_600);

        save(store, &playlist, &channels).await;

        assert_eq!(store.load().await.unwrap(), [Saved { playlist, channels }]);
    }
}

#[tokio::test]
async fn a_refresh_writes_what_changed_and_keeps_what_the_user_made() {
    for database in databases().await {
        let (store, playlist, mut channels) = (&database.store, playlist(), channels(LIST));
        store.add_playlist(&playlist).await.unwrap();
        save(store, &playlist, &channels).await;
        let edit = Edit { name: Some("Uno".to_owned()), hidden: true, position: Some(1), ..Edit::default() };
        store.set_edits(&[(ChannelId(1), edit.clone())]).await.unwrap();

        channels[0].listed.name = "Another".into();
        let gone = channels.remove(2).id;
        let change = Change {
            changed: vec![&channels[0]],
            removed: vec![gone],
            ordering: vec![ChannelId(2), ChannelId(1)],
            ..Change::default()
        };
        store.refresh(&playlist, &change).await.unwrap();

        channels[0].edit = Some(Box::new(edit));
        channels.reverse();
        assert_eq!(store.load().await.unwrap()[0].channels, channels);
    }
}

#[tokio::test]
async fn a_refresh_that_fails_changes_nothing() {
    for database in databases().await {
        let (store, playlist, channels) = (&database.store, playlist(), channels(LIST));
        store.add_playlist(&playlist).await.unwrap();
        save(store, &playlist, &channels).await;

        let twice = Change { removed: vec![ChannelId(1)], added: vec![&channels[1]], ..Change::default() };
        store.refresh(&playlist, &twice).await.unwrap_err();

        assert_eq!(store.load().await.unwrap(), [Saved { playlist, channels }]);
    }
}

#[tokio::test]
async fn what_the_user_made_outlives_a_playlist() {
    for database in databases().await {
        let (store, playlist, channels) = (&database.store, playlist(), channels(LIST));
        store.add_playlist(&playlist).await.unwrap();
        save(store, &playlist, &channels).await;
        let edit = Edit { guide: Some("one.es".to_owned()), ..Edit::default() };
        store.set_edits(&[(ChannelId(2), edit.clone())]).await.unwrap();
        let favourites = [(ChannelId(2), 5), (ChannelId(1), 4)].into();
        store.set_favourites(&favourites).await.unwrap();

        store.remove_playlist(playlist.id).await.unwrap();
        assert_eq!(store.load().await.unwrap(), []);
        store.add_playlist(&playlist).await.unwrap();
        save(store, &playlist, &channels).await;

        assert_eq!(store.load().await.unwrap()[0].channels[1].edit.as_deref(), Some(&edit));
        assert_eq!(store.favourites().await.unwrap().as_slice(), favourites.as_slice());
    }
}

#[tokio::test]
async fn what_was_played_last_comes_first() {
    for database in databases().await {
        let store = &database.store;
        for (channel, at) in [(1, 10), (2, 20), (1, 30)] {
            store.add_recent(ChannelId(channel), at).await.unwrap();
        }
        assert_eq!(store.recents().await.unwrap(), [(ChannelId(1), 30), (ChannelId(2), 20)]);

        store.clear_recents().await.unwrap();
        assert_eq!(store.recents().await.unwrap(), []);
    }
}

#[tokio::test]
async fn health_and_settings_are_kept_by_their_names() {
    for database in databases().await {
        let store = &database.store;
        let mut health =
            Health { failed_at: Some(1), failure: Some("no_peers".to_owned()), ..Health::default() };
        store.set_health("link", &health).await.unwrap();
        health = Health { worked_at: Some(2), took_ms: Some(800), ..health };
        store.set_health("link", &health).await.unwrap();
        assert_eq!(store.health().await.unwrap(), [("link".to_owned(), health)].into());

        assert_eq!(store.setting("a").await.unwrap(), None);
        store.set_setting("a", "1").await.unwrap();
        store.set_setting("a", "2").await.unwrap();
        assert_eq!(store.setting("a").await.unwrap().as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();

    let store = Store::in_folder(folder.path()).await.unwrap();

    for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    store.close().await;
}

#[tokio::test]
async fn an_address_that_is_no_postgresql_is_refused_without_showing_it() {
    let refused = Store::at("mysql://user:secret@db/x").await.unwrap_err().to_string();

    assert!(refused.contains("only postgres://") && !refused.contains("secret"), "{refused}");
}

#[tokio::test]
async fn a_disk_that_was_full_spoils_no_connection() {
    let database = databases().await.remove(0);
    let store = &database.store;
    let Pool::Sqlite(pool) = &store.pool else { panic!("the first is SQLite") };
    let limit = async |pages: u32| {
        let mut all = Vec::new();
        for _ in 0..CONNECTIONS {
            all.push(pool.acquire().await.unwrap());
        }
        for connection in &mut all {
            let sql = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sqlx::query(sql).execute(&mut **connection).await.unwrap();
        }
    };
    let favourites = |count: i64| (1..=count).map(|id| (ChannelId(id), id)).collect();

    // As small as it is.
    limit(1).await;
    assert!(store.set_favourites(&favourites(20_000)).await.is_err());
    limit(1 << 20).await;

    for count in 1..=3 * i64::from(CONNECTIONS) {
        store.set_favourites(&favourites(count)).await.unwrap();
    }
}
