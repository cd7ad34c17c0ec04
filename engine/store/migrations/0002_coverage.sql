-- What the collector was to fetch, and what came: no gap is forgotten, nothing is fetched twice.
CREATE TABLE coverage (
    symbol     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    seconds    BIGINT NOT NULL,
    start_ns   BIGINT NOT NULL,
    end_ns     BIGINT NOT NULL,
    expected   BIGINT NOT NULL,
    received   BIGINT NOT NULL,
    state      TEXT NOT NULL,
    source     TEXT NOT NULL,
    note       TEXT NOT NULL,
    fetched_ns BIGINT NOT NULL,
    PRIMARY KEY (symbol, kind, seconds, start_ns)
);

-- Single numbers by name: fees of a network, sizes of a queue.
CREATE TABLE numbers (
    name   TEXT NOT NULL,
    ts_ns  BIGINT NOT NULL,
    value  DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (name, ts_ns)
);
