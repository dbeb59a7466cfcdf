//! Servers that are killed while they read a list.

use super::*;

/// So many times, each a little later than before.
const TIMES: usize = 20;

const CHANNELS: usize = 2000;

/// The same channels each time, at other addresses.
fn list(round: usize) -> String {
    let entry = |n| format!("#EXTINF:-1 tvg-id=\"{n}\",Channel {n}\nhttp://tv.example/{round}/{n}\n");
    (0..CHANNELS).map(entry).collect()
}

fn start(storage: &Path) -> Running {
    let variables = [("STORAGE_DIR", storage.to_str().unwrap()), ("PORT", "0")];
    let mut server = acehls(&["serve"], &variables).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("listening on http://")).unwrap();
    let address = line.split_once("http://").unwrap().1.trim().to_owned();
    // Read on, so that the log never blocks it.
    std::thread::spawn(move || lines.for_each(drop));
    Running(server, address)
}

impl Running {
    fn put(&self, path: &str, body: &str) -> String {
        let mut tcp = TcpStream::connect(&self.1).unwrap();
        let length = body.len();
        write!(
            tcp,
            "PUT {path} HTTP/1.1\r\nhost: tv\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer
    }
}

/// The round from which the channels are, all of them.
fn round(server: &Running) -> usize {
    let channels = server.get("/api/playlists/tv/channels");
    let rounds: Vec<&str> = channels
        .split("\"original_url\":\"http://tv.example/")
        .skip(1)
        .map(|rest| rest.split('/').next().unwrap())
        .collect();
    assert_eq!(rounds.len(), CHANNELS);
    assert!(rounds.iter().all(|round| *round == rounds[0]), "a mixture of two lists");
    rounds[0].parse().unwrap()
}

#[test]
fn a_server_that_is_killed_while_it_reads_a_list_has_the_old_one_whole() {
    let storage = tempfile::tempdir().unwrap();
    let mut server = start(storage.path());
    server.put("/api/playlists/tv/content", &list(0));
    eventually(|| server.get("/api/jobs/1").contains("\"phase\":\"done\"").then_some(()));
    let (mut known, mut kept_old) = (0, 0);

    for time in 1..=TIMES {
        let accepted = server.put("/api/playlists/tv/content", &list(time));
        assert!(accepted.starts_with("HTTP/1.1 202"), "{accepted}");
        // The more is asked, the further it is.
        for _ in 0..time % 7 {
            server.get("/api/jobs");
        }
        server.0.kill().unwrap();
        server.0.wait().unwrap();

        server = start(storage.path());
        let found = round(&server);
        assert!(found == known || found == time, "{found} after {known} and {time}");
        kept_old += usize::from(found == known);
        known = found;
    }

    assert!(kept_old > 0, "it was never killed in time");
}
