-- Policies that are published to all gateways, the newest with the highest number. The files are JSON; the MAC is of those who
-- have the key of the vault, over all the rest.
CREATE TABLE publications (
    number  BIGINT PRIMARY KEY,
    version TEXT NOT NULL,
    author  TEXT NOT NULL,
    note    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    files   TEXT NOT NULL,
    mac     TEXT NOT NULL
);
