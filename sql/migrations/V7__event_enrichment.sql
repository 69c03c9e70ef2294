-- What the sink works out about an event before it stores it; null means not known. See footfall_event::enrich.
ALTER TABLE analytics_events
    ADD COLUMN page_path     text,                           -- path of page_url, with a #/route where it has one
    ADD COLUMN referrer_host text,                           -- null where the referrer is the page's own host
    ADD COLUMN channel       text,                           -- direct, search, social, mail, paid, referral; null inside a visit
    ADD COLUMN utm_source    text,
    ADD COLUMN utm_medium    text,
    ADD COLUMN utm_campaign  text,
    ADD COLUMN utm_term      text,
    ADD COLUMN utm_content   text,
    ADD COLUMN browser       text,
    ADD COLUMN os            text,
    ADD COLUMN device        text,                           -- desktop, mobile, tablet, tv, other
    ADD COLUMN language      text,                           -- primary subtag, lower case: de
    ADD COLUMN screen        text,                           -- class of the screen's width: xs, sm, md, lg, xl
    ADD COLUMN country       text,                           -- ISO 3166-1 alpha-2, upper case
    ADD COLUMN bot           boolean NOT NULL DEFAULT false; -- a program by its own account: stored, and left out unless asked for

-- The functions that answer questions, apart from the tables: sql/functions/.
CREATE SCHEMA footfall;
GRANT USAGE ON SCHEMA footfall TO footfall_reader;
