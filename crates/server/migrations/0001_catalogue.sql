-- Playlists, their channels, and what the user made of them. Runs on SQLite and PostgreSQL alike: times are seconds
-- since 1970 UTC, flags are 0 and 1.

CREATE TABLE playlists (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- JSON: where it comes from. Holds credentials.
    origin TEXT NOT NULL,
    -- Seconds between two refreshes; NULL is never.
    refresh_s BIGINT,
    -- JSON: how the last refreshes went.
    state TEXT NOT NULL,
    -- The channels in the list's order: their IDs, 8 bytes each, little-endian. A channel more at its head changes no row.
    ordering BYTEA NOT NULL
);

CREATE TABLE channels (
    id BIGINT PRIMARY KEY,
    playlist BIGINT NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    tvg_id TEXT,
    tvg_name TEXT,
    logo TEXT,
    group_title TEXT,
    number TEXT,
    -- JSON: what few lists say.
    more TEXT,
    -- Where it plays, and as JSON what is sent along. Nearly all channels have this one source.
    url TEXT NOT NULL,
    options TEXT,
    -- When it was first missing in its list.
    vanished_at BIGINT
);

CREATE INDEX channels_of_playlist ON channels (playlist);

-- The sources behind the first, in order.
CREATE TABLE sources (
    channel BIGINT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    url TEXT NOT NULL,
    options TEXT,
    PRIMARY KEY (channel, position)
);

-- Below, what the user made: no row refers to a channel, so that none is lost with one that comes back.

CREATE TABLE edits (
    channel BIGINT PRIMARY KEY,
    name TEXT,
    hidden BIGINT NOT NULL,
    number TEXT,
    group_title TEXT,
    -- Its place in front of the channels that have none.
    position BIGINT,
    -- The ID of its channel in the guides.
    guide TEXT,
    -- The URL of the source that is played first.
    source TEXT
);

CREATE TABLE favourites (
    channel BIGINT PRIMARY KEY,
    position BIGINT NOT NULL,
    added_at BIGINT NOT NULL
);

CREATE TABLE recents (
    channel BIGINT PRIMARY KEY,
    played_at BIGINT NOT NULL,
    plays BIGINT NOT NULL
);

-- How a source did, by its link: the same in all playlists.
CREATE TABLE health (
    link TEXT PRIMARY KEY,
    worked_at BIGINT,
    took_ms BIGINT,
    failed_at BIGINT,
    failure TEXT
);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
