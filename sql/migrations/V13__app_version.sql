-- The version of the site or app that sent an event. Null in what was stored before.
ALTER TABLE analytics_events ADD COLUMN app_version varchar(100);
