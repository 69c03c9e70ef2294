-- What questions are answered from, so that an answer costs what it says and not what it counts: each visit as one narrow row,
-- and roll-ups by day. docs/definitions.md says what a visit, a visitor and a day are.

-- Waits for what is being stored, which analytics_backfill has to see. The daemons before this version stop at the missing
-- table at the end.
LOCK TABLE analytics_events IN SHARE MODE;

-- The time zone whose midnights divide days. One row.
CREATE TABLE analytics_instance (
    time_zone text NOT NULL DEFAULT 'UTC',
    is_only   boolean PRIMARY KEY DEFAULT true CHECK (is_only)
);
INSERT INTO analytics_instance DEFAULT VALUES;

-- Every text of the read model, once.
CREATE TABLE analytics_values (
    id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    value text    NOT NULL
);
CREATE UNIQUE INDEX idx_analytics_values_value ON analytics_values ((md5(value)::uuid));

-- Every entry of the lists in which events count: see footfall.events_by_all. subject, property and value are ids of analytics_values,
-- 0 if the list has none.
CREATE TABLE analytics_entries (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject  integer NOT NULL,
    property integer NOT NULL,
    value    integer NOT NULL,
    list     text    NOT NULL
);
CREATE UNIQUE INDEX idx_analytics_entries_entry ON analytics_entries (value, property, subject, list);

-- Every combination of type, page and properties that events had. All are ids of analytics_values; detail is the properties as
-- a JSON object, 0 if there are none.
CREATE TABLE analytics_kinds (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_type integer   NOT NULL,
    page       integer   NOT NULL,
    detail     integer   NOT NULL,
    entries    integer[] NOT NULL, -- ids of analytics_entries: where events of this kind count, each once, the type first
    own_entry  integer             -- the one that is of neither the types nor the properties, if there is one
);
CREATE UNIQUE INDEX idx_analytics_kinds_kind ON analytics_kinds (event_type, page, detail);

-- One row for each visit, and rows for what happened outside of visits. Texts are ids of analytics_values, null if not known.
-- What nearly every question reads comes before the columns that can be null: PostgreSQL finds a column by walking through those before
-- it, and through columns of which none is null at once.
CREATE TABLE analytics_visits (
    first_at       timestamptz NOT NULL, -- of the first event; all that the visit did counts at this moment
    visit_key      bigint      NOT NULL, -- hash of the site and of the session_id, else of the visitor_id
    last_active_at timestamptz NOT NULL, -- of the last event that is no report
    last_at        timestamptz NOT NULL, -- of the last event
    first_id       uuid        NOT NULL, -- event ids decide between two events of the same microsecond
    last_id        uuid        NOT NULL, -- of the last event that is no report
    events         integer     NOT NULL,
    views          integer     NOT NULL, -- page_view
    actions        integer     NOT NULL, -- neither page_view nor a page's report
    is_visit       boolean     NOT NULL, -- false: events of no visit
    bot            boolean     NOT NULL,
    visitor        bigint,               -- hash of the site, the visitor_id (else the key) and the day; null if there is no key
    site           integer,
    entry_page     integer,
    exit_page      integer,
    hostname       integer,
    referrer_host  integer,
    channel        integer,
    utm_source     integer,
    utm_medium     integer,
    utm_campaign   integer,
    utm_term       integer,
    utm_content    integer,
    browser        integer,
    os             integer,
    device         integer,
    language       integer,
    screen         integer,
    country        integer,
    kinds          bigint[]    NOT NULL, -- how many events of each kind: kind << 32 | count
    measures       bigint[]               -- what pages reported: page << 32 | metric << 28 | value; see crates/store/src/visits/measures.rs
) WITH (fillfactor = 80); -- room for the next version of a visit

SELECT create_hypertable('analytics_visits', 'first_at',
    chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);

CREATE UNIQUE INDEX idx_analytics_visits_key ON analytics_visits (visit_key, first_at);
CREATE INDEX idx_analytics_visits_visitor ON analytics_visits (visitor);
CREATE INDEX idx_analytics_visits_first_at ON analytics_visits USING brin (first_at) WITH (pages_per_range = 16);

-- The sums of one day of the instance's time zone, or of several: a row for each value of each list.
CREATE TABLE analytics_rollup (
    day      date    NOT NULL,   -- the first one
    days     integer NOT NULL,   -- 1, or those of a period: see analytics_periods
    site     integer NOT NULL,   -- 0 if the events name none
    subject  integer NOT NULL,
    property integer NOT NULL,
    value    integer NOT NULL,
    visitors integer NOT NULL,
    visits   integer NOT NULL,
    events   bigint  NOT NULL,
    views    bigint  NOT NULL,
    bounces  integer NOT NULL,
    micros   bigint  NOT NULL,   -- from the first event of each visit to its last
    bot      boolean NOT NULL,
    list     text    NOT NULL,   -- 'total', a dimension, a list of analytics_entries, 'hour' of the week, 'visit_ms', or a metric
    buckets  integer[],          -- of a histogram: see footfall.histogram_bucket
    counts   integer[]
);
CREATE INDEX idx_analytics_rollup_list ON analytics_rollup (list, days, day);
CREATE INDEX idx_analytics_rollup_day ON analytics_rollup USING brin (day) WITH (pages_per_range = 16);

-- What the visits were before each of their changes, since the sums of their day were worked out: null but for the key (visit_key, first_at) if
-- there was none, or if no sum needs it.
CREATE TABLE analytics_changes AS TABLE analytics_visits WITH NO DATA;
ALTER TABLE analytics_changes
    ALTER COLUMN first_at SET NOT NULL,
    ALTER COLUMN visit_key SET NOT NULL,
    ADD COLUMN was_stored boolean NOT NULL,
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY; -- the changes of one visit in their order
CREATE INDEX idx_analytics_changes_first_at ON analytics_changes (first_at);

-- The days that analytics_rollup holds: those that are over, and the one that goes on. What has changed since is taken off and added: see
-- footfall.changes_of_day.
CREATE TABLE analytics_days (
    day          date             PRIMARY KEY,
    time_zone    text             NOT NULL,
    starts_at    timestamptz      NOT NULL,
    ends_at      timestamptz      NOT NULL,
    summed_until timestamptz      NOT NULL, -- the sums are of what begins before
    changes_max  integer          NOT NULL, -- with more, the day is answered from its visits
    summed_at    timestamptz      NOT NULL DEFAULT now(),
    seconds      double precision NOT NULL, -- how long it took
    is_final     boolean          NOT NULL DEFAULT false -- retention has removed visits of it: what is added is not counted any more
);

-- The runs of 4, 16, 64 and 256 days whose sums analytics_rollup also holds added up, so that a question about a year reads a few periods and not
-- 365 days. Each is the sum of four shorter ones. Where the sums of a day are worked out anew, the periods with it are removed.
CREATE TABLE analytics_periods (
    day       date        NOT NULL, -- the first one
    days      integer     NOT NULL,
    summed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, days)
);

-- How far the events that were stored before this migration have been added to the visits, from the newest to the oldest.
CREATE TABLE analytics_backfill (
    stored_before timestamptz NOT NULL, -- later ones were added as they were stored
    reached       timestamptz NOT NULL, -- all events from here on have been added
    oldest        timestamptz NOT NULL, -- where it ends
    events        bigint      NOT NULL, -- added so far
    is_only       boolean PRIMARY KEY DEFAULT true CHECK (is_only)
);
INSERT INTO analytics_backfill (stored_before, reached, oldest, events)
SELECT clock_timestamp(), max(timestamp) + INTERVAL '1 microsecond', min(timestamp), 0
FROM analytics_events
HAVING count(*) > 0;

-- Of days whose events retention has removed, the half hours are all that is left: they become visits of which only the numbers of events
-- are known.
CREATE TEMPORARY TABLE former_parts ON COMMIT DROP AS
SELECT part.*, sum(part.begins) OVER (PARTITION BY part.site, part.visit_key ORDER BY part.first_at, part.first_id) AS number
FROM (
    SELECT part.*,
        CASE WHEN part.first_at - max(part.last_at) OVER (PARTITION BY part.site, part.visit_key ORDER BY part.first_at, part.first_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) < INTERVAL '30 minutes' THEN 0 ELSE 1 END AS begins
    FROM analytics_visit_parts AS part
    WHERE part.half_hour < (SELECT coalesce(date_trunc('day', min(timestamp), 'UTC'), 'infinity') FROM analytics_events)
) AS part;

INSERT INTO analytics_values (value)
SELECT DISTINCT known.value
FROM former_parts
CROSS JOIN LATERAL (VALUES ('direct'), (site), (entry_page), (exit_page), (hostname), (referrer_host), (channel), (utm_source), (utm_medium), (utm_campaign), (utm_term), (utm_content), (browser), (os), (device), (language), (screen), (country)) AS known (value)
WHERE known.value <> '';

INSERT INTO analytics_visits (first_at, visit_key, last_active_at, last_at, visitor, first_id, last_id, events, views, actions, is_visit, bot,
    kinds, site, entry_page, exit_page, hostname, referrer_host, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content, browser, os, device, language, screen, country)
SELECT
    whole.first_at, hashtextextended(whole.visit_key, hashtextextended(whole.site, 0)), whole.last_at, whole.last_at,
    hashtextextended(coalesce(begun.visitor_id::text, whole.visit_key), hashtextextended(whole.site, 0))
        # hashint4extended((whole.first_at AT TIME ZONE 'UTC')::date - date '2000-01-01', 0),
    begun.first_id, ended.last_id, whole.events, whole.views, whole.actions, whole.views + whole.actions > 0, begun.bot, '{}',
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(whole.site)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.entry_page)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(ended.exit_page)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.hostname)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.referrer_host)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(coalesce(begun.channel, 'direct'))::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.utm_source)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.utm_medium)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.utm_campaign)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.utm_term)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.utm_content)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.browser)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.os)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.device)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.language)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.screen)::uuid),
    (SELECT id FROM analytics_values WHERE md5(value)::uuid = md5(begun.country)::uuid)
FROM (
    SELECT site, visit_key, number, min(first_at) AS first_at, max(last_at) AS last_at, sum(events) AS events, sum(views) AS views,
        sum(actions) AS actions
    FROM former_parts
    GROUP BY site, visit_key, number
) AS whole
JOIN (
    SELECT DISTINCT ON (site, visit_key, number) * FROM former_parts ORDER BY site, visit_key, number, first_at, first_id
) AS begun USING (site, visit_key, number)
JOIN (
    SELECT DISTINCT ON (site, visit_key, number) * FROM former_parts ORDER BY site, visit_key, number, last_at DESC, last_id DESC
) AS ended USING (site, visit_key, number);

-- Their days have to be closed.
INSERT INTO analytics_changes (first_at, visit_key, was_stored)
SELECT DISTINCT ON (time_bucket('15 minutes', first_at)) first_at, visit_key, false FROM analytics_visits;

DROP TABLE analytics_visit_parts;

GRANT SELECT ON analytics_instance, analytics_events, analytics_days, analytics_periods TO footfall_writer;
GRANT SELECT, INSERT ON analytics_values, analytics_entries, analytics_kinds TO footfall_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON analytics_visits, analytics_backfill TO footfall_writer;
GRANT SELECT, INSERT ON analytics_changes TO footfall_writer;
-- For footfall.days_to_close and footfall.sum_day.
GRANT USAGE ON SCHEMA footfall TO footfall_writer;
GRANT SELECT ON analytics_instance, analytics_values, analytics_entries, analytics_kinds, analytics_visits, analytics_rollup,
    analytics_changes, analytics_days, analytics_periods, analytics_backfill TO footfall_reader;
