-- Guides and their programmes. A guide that is read anew is written beside the old one, as another edition; at the end
-- the guide is told to be that one. Rows of editions that no guide is are nobody's, and go.

CREATE TABLE guides (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- JSON: where it comes from. Holds credentials.
    origin TEXT NOT NULL,
    refresh_s BIGINT,
    -- The smaller, the sooner it is asked.
    priority BIGINT NOT NULL,
    -- JSON: how the last refreshes went.
    state TEXT NOT NULL,
    edition BIGINT
);

CREATE TABLE guide_channels (
    id BIGINT PRIMARY KEY,
    edition BIGINT NOT NULL,
    xmltv_id TEXT NOT NULL,
    -- JSON: what it is called.
    names TEXT NOT NULL,
    icon TEXT
);

CREATE INDEX guide_channels_of_edition ON guide_channels (edition);

CREATE TABLE programmes (
    channel BIGINT NOT NULL,
    start BIGINT NOT NULL,
    -- NULL: until the next begins.
    stop BIGINT,
    title TEXT NOT NULL,
    -- JSON: what else is known.
    more TEXT,
    PRIMARY KEY (channel, start)
);

CREATE INDEX programmes_by_start ON programmes (start);
