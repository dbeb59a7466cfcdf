-- Channels of which the user made something and that are not there: what they are known by when they come, under
-- whatever ID.

CREATE TABLE strangers (
    channel BIGINT PRIMARY KEY,
    -- JSON: name, group, guide ID and link.
    known TEXT NOT NULL
);
