-- What phones asked for and got. Times are milliseconds since 1970.
CREATE TABLE fetches (
    id INTEGER PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    -- Entries that are alike and come soon after each other are one row.
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    -- 12 lower-case hexadecimal digits; null where nobody in particular asked, or too many to tell them apart.
    mac TEXT,
    -- The file's handle, such as `phone`; never a path, which may hold a token.
    file TEXT,
    revision TEXT,
    head BOOLEAN NOT NULL,
    source TEXT,
    agent TEXT,
    -- Of HTTP; 0 where it did not come so far.
    status INTEGER NOT NULL,
    reason TEXT,
    listener TEXT,
    tls BOOLEAN NOT NULL,
    detail TEXT
);
CREATE INDEX fetches_of_phone ON fetches (mac, id);
CREATE INDEX fetches_by_time ON fetches (at);

-- Who changed what.
CREATE TABLE changes (
    -- Never given twice, since others refer to it.
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    -- The command or the call.
    what TEXT NOT NULL,
    -- The file of the fleet, or whatever else was changed.
    entity TEXT NOT NULL,
    mac TEXT,
    before TEXT,
    after TEXT,
    -- The change that this one takes back.
    undoes BIGINT
);
CREATE INDEX changes_of_phone ON changes (mac, id);
CREATE INDEX changes_by_time ON changes (at);

-- When entries were lost, and how many.
CREATE TABLE gaps (
    id INTEGER PRIMARY KEY NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    lost BIGINT NOT NULL
);
