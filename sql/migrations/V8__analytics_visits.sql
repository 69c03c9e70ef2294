-- What each visit did in each half hour, kept in the same transaction as the rows. Two events of one half hour lie less
-- than 30 minutes apart, so a visit (which ends after 30 minutes of silence) is never cut within such a part, and the
-- parts add up whatever the order in which events arrive. footfall.visits joins them.
CREATE TABLE analytics_visit_parts (
    half_hour       timestamptz  NOT NULL,
    site            varchar(100) NOT NULL,            -- '' where the event names none
    visit_key       varchar(100) NOT NULL,            -- the session_id, else the visitor_id
    kafka_partition integer      NOT NULL,            -- as in analytics_summary_parts
    first_at        timestamptz  NOT NULL,            -- of the first event
    first_id        uuid         NOT NULL,            -- its event_id decides between two of the same microsecond
    last_at         timestamptz  NOT NULL,
    last_id         uuid         NOT NULL,
    events          integer      NOT NULL,
    views           integer      NOT NULL,            -- page_view
    actions         integer      NOT NULL,            -- what a person did: neither page_view nor a page's own report
    bot             boolean      NOT NULL,
    visitor_id      uuid,
    exit_page       text,                             -- page_path of the last event
    entry_page      text,                             -- from here on: of the first event
    referrer_host   text,
    channel         text,
    utm_source      text,
    utm_medium      text,
    utm_campaign    text,
    utm_term        text,
    utm_content     text,
    browser         text,
    os              text,
    device          text,
    language        text,
    screen          text,
    country         text,
    PRIMARY KEY (half_hour, site, visit_key, kafka_partition)
) WITH (fillfactor = 80);

SELECT create_hypertable('analytics_visit_parts', 'half_hour',
    chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);

GRANT SELECT, INSERT, UPDATE ON analytics_visit_parts TO footfall_writer;
GRANT SELECT ON analytics_visit_parts TO footfall_reader;
