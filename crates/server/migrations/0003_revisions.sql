-- How often each part of the catalogue has been changed: servers that share it see here that another one did.

CREATE TABLE revisions (
    part TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);

INSERT INTO revisions (part, number) VALUES ('lists', 0), ('personal', 0), ('guides', 0);
