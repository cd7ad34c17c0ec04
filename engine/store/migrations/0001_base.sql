-- One schema for SQLite and PostgreSQL. A line that begins with "--postgresql:" or "--sqlite:" is
-- SQL in that dialect and a comment in the other. Times are UTC nanoseconds; prices are per share (per coin); NULL is not known.

-- What ran.
CREATE TABLE runs (
    run_id        TEXT PRIMARY KEY,
    verb          TEXT NOT NULL,
    started_ns    BIGINT NOT NULL,
    ended_ns      BIGINT,
    version       TEXT NOT NULL,
    runtime       TEXT NOT NULL,
    backend       TEXT NOT NULL,
    config_digest TEXT NOT NULL
);

-- What is traded. The id is made from the rest, so that every store gives the same one.
CREATE TABLE instruments (
    instrument_id BIGINT PRIMARY KEY,
    symbol        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    occ_symbol    TEXT,
    broker_id     BIGINT,
    right_        TEXT,
    strike        DOUBLE PRECISION,
    expiry        TEXT,
    multiplier    DOUBLE PRECISION NOT NULL,
    trading_class TEXT NOT NULL,
    style         TEXT NOT NULL,
    currency      TEXT NOT NULL
);
CREATE INDEX instruments_by_symbol ON instruments (symbol, expiry, strike);

-- Written by the hundred thousand a second, so they are found by time alone: a tree by instrument
-- costs two thirds of the speed. Ask for a stretch of time, and for instruments within it.
CREATE TABLE quotes (
    instrument_id BIGINT NOT NULL,
    ts_event      BIGINT,
    ts_recv       BIGINT NOT NULL,
    bid           DOUBLE PRECISION,
    ask           DOUBLE PRECISION,
    bid_size      DOUBLE PRECISION,
    ask_size      DOUBLE PRECISION
)
--postgresql: PARTITION BY RANGE (ts_recv)
;
CREATE INDEX quotes_by_time ON quotes
--sqlite: (ts_recv)
--postgresql: USING brin (ts_recv)
;

CREATE TABLE trades (
    instrument_id BIGINT NOT NULL,
    ts_event      BIGINT,
    ts_recv       BIGINT NOT NULL,
    price         DOUBLE PRECISION NOT NULL,
    size          DOUBLE PRECISION,
    side          TEXT
)
--postgresql: PARTITION BY RANGE (ts_recv)
;
CREATE INDEX trades_by_time ON trades
--sqlite: (ts_recv)
--postgresql: USING brin (ts_recv)
;

-- Whole chains: `payload` is compressed JSON, exact to the last bit.
CREATE TABLE chains (
    symbol      TEXT NOT NULL,
    ts_ns       BIGINT NOT NULL,
    source      TEXT NOT NULL,
    ts_recv     BIGINT NOT NULL,
    n_contracts BIGINT NOT NULL,
    payload     BYTEA NOT NULL,
    PRIMARY KEY (symbol, ts_ns, source)
)
--postgresql: PARTITION BY RANGE (ts_ns)
;

-- `time_ns` is when the bar closed, `seconds` how long it was.
CREATE TABLE bars (
    instrument_id BIGINT NOT NULL,
    seconds       BIGINT NOT NULL,
    time_ns       BIGINT NOT NULL,
    open          DOUBLE PRECISION NOT NULL,
    high          DOUBLE PRECISION NOT NULL,
    low           DOUBLE PRECISION NOT NULL,
    close         DOUBLE PRECISION NOT NULL,
    volume        DOUBLE PRECISION,
    PRIMARY KEY (instrument_id, seconds, time_ns)
);

-- What carry costs, as it was known at `as_of_ns`. `side` is lend or borrow.
CREATE TABLE rates (
    symbol    TEXT NOT NULL,
    as_of_ns  BIGINT NOT NULL,
    side      TEXT NOT NULL,
    days      DOUBLE PRECISION NOT NULL,
    rate      DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (symbol, as_of_ns, side, days)
);
CREATE TABLE dividends (
    symbol    TEXT NOT NULL,
    as_of_ns  BIGINT NOT NULL,
    ex_date   TEXT NOT NULL,
    pay_date  TEXT NOT NULL,
    amount    DOUBLE PRECISION NOT NULL,
    status    TEXT NOT NULL,
    PRIMARY KEY (symbol, as_of_ns, ex_date)
);
CREATE TABLE borrow_fees (
    symbol    TEXT NOT NULL,
    as_of_ns  BIGINT NOT NULL,
    fee       DOUBLE PRECISION NOT NULL,
    shortable DOUBLE PRECISION,
    PRIMARY KEY (symbol, as_of_ns)
);

-- One chain scanned once with certain settings (their digest). `is_whole` is 0 where the list was cut: then absence proves nothing.
CREATE TABLE scans (
    scan_id    TEXT PRIMARY KEY,
    run_id     TEXT NOT NULL,
    symbol     TEXT NOT NULL,
    source     TEXT NOT NULL,
    settings   TEXT NOT NULL,
    ts_ns      BIGINT NOT NULL,
    scanned_ns BIGINT NOT NULL,
    candidates BIGINT NOT NULL,
    passed     BIGINT NOT NULL,
    listed     BIGINT NOT NULL,
    is_whole   BIGINT NOT NULL,
    unusable   TEXT NOT NULL
);
CREATE INDEX scans_by_symbol ON scans (symbol, source, settings, ts_ns);

CREATE TABLE rejections (
    scan_id TEXT NOT NULL,
    gate    TEXT NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (scan_id, gate)
);

-- What the quotes of a scanned chain imply, by expiry: the forward, the yearly rates at which boxes
-- lend and borrow, and the yearly fee of short stock.
CREATE TABLE implied (
    scan_id     TEXT NOT NULL,
    expiry      TEXT NOT NULL,
    series      TEXT NOT NULL,
    days        DOUBLE PRECISION NOT NULL,
    forward     DOUBLE PRECISION,
    box_lend    DOUBLE PRECISION,
    box_borrow  DOUBLE PRECISION,
    box_mid     DOUBLE PRECISION,
    borrow_bid  DOUBLE PRECISION,
    borrow_ask  DOUBLE PRECISION,
    PRIMARY KEY (scan_id, expiry, series)
);

-- One life of one combo under certain settings: detected, last seen, and gone at `expired_ns`, the
-- first scan that would have found it and did not (NULL: it may still be there).
CREATE TABLE opportunities (
    life_id      TEXT PRIMARY KEY,
    combo        TEXT NOT NULL,
    symbol       TEXT NOT NULL,
    source       TEXT NOT NULL,
    settings     TEXT NOT NULL,
    family       TEXT NOT NULL,
    grade        TEXT NOT NULL,
    legs         TEXT NOT NULL,
    detected_ns  BIGINT NOT NULL,
    last_seen_ns BIGINT NOT NULL,
    expired_ns   BIGINT,
    n_sightings  BIGINT NOT NULL,
    best_edge    DOUBLE PRECISION NOT NULL,
    best_usd     DOUBLE PRECISION NOT NULL
);
CREATE INDEX opportunities_by_symbol ON opportunities (symbol, detected_ns);
CREATE INDEX opportunities_alive ON opportunities (symbol, source, settings, expired_ns);

-- One combo in one scan, with its proof (`payload` is the JSON that `scan --json` prints).
CREATE TABLE sightings (
    scan_id        TEXT NOT NULL,
    life_id        TEXT NOT NULL,
    opportunity_id TEXT NOT NULL,
    ts_ns          BIGINT NOT NULL,
    edge           DOUBLE PRECISION NOT NULL,
    edge_usd       DOUBLE PRECISION NOT NULL,
    lots           BIGINT NOT NULL,
    capital        DOUBLE PRECISION,
    annualised     DOUBLE PRECISION,
    score          DOUBLE PRECISION,
    days           DOUBLE PRECISION,
    implied_rate   DOUBLE PRECISION,
    implied_borrow DOUBLE PRECISION,
    payload        TEXT NOT NULL,
    PRIMARY KEY (scan_id, life_id)
);
CREATE INDEX sightings_by_life ON sightings (life_id, ts_ns);

-- What execution did. `order_id` is the intent's id, which the broker keeps as orderRef.
CREATE TABLE orders (
    order_id    TEXT PRIMARY KEY,
    run_id      TEXT NOT NULL,
    account     TEXT NOT NULL,
    symbol      TEXT NOT NULL,
    combo       TEXT NOT NULL,
    side        TEXT NOT NULL,
    quantity    DOUBLE PRECISION NOT NULL,
    limit_price DOUBLE PRECISION,
    status      TEXT NOT NULL,
    perm_id     BIGINT,
    created_ns  BIGINT NOT NULL,
    updated_ns  BIGINT NOT NULL,
    payload     TEXT NOT NULL
);
CREATE INDEX orders_by_account ON orders (account, created_ns);
CREATE TABLE fills (
    exec_id       TEXT PRIMARY KEY,
    order_id      TEXT NOT NULL,
    account       TEXT NOT NULL,
    instrument_id BIGINT NOT NULL,
    side          TEXT NOT NULL,
    quantity      DOUBLE PRECISION NOT NULL,
    price         DOUBLE PRECISION NOT NULL,
    commission    DOUBLE PRECISION,
    currency      TEXT NOT NULL,
    corrects      TEXT,
    ts_event      BIGINT NOT NULL,
    ts_recv       BIGINT NOT NULL
);
CREATE INDEX fills_by_order ON fills (order_id);
CREATE TABLE positions (
    account       TEXT NOT NULL,
    instrument_id BIGINT NOT NULL,
    ts_ns         BIGINT NOT NULL,
    quantity      DOUBLE PRECISION NOT NULL,
    average_cost  DOUBLE PRECISION,
    PRIMARY KEY (account, instrument_id, ts_ns)
);
CREATE TABLE account_snapshots (
    account  TEXT NOT NULL,
    ts_ns    BIGINT NOT NULL,
    name     TEXT NOT NULL,
    currency TEXT NOT NULL,
    value    DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (account, ts_ns, name, currency)
);

-- How far something was written, in the same transaction as what was: nothing is written twice.
CREATE TABLE marks (
    name     TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    ts_ns    BIGINT NOT NULL
);
