-- Up to when the counts are complete: the older of the last samples of ingest and of the sink, among those taken after
-- `after` and not after `before`. Ingest's counts and samples travel through the sink, so while the sink is stuck both are
-- old. An instance that is down while another one reports does not count. Without a sink (the light profile) it is ingest's;
-- null if nothing reported.
CREATE OR REPLACE FUNCTION footfall.pipeline_reported_at(after timestamptz, before timestamptz DEFAULT 'infinity')
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT min(kind.sampled_at)
    FROM (
        SELECT max(latest.sampled_at) AS sampled_at
        FROM footfall.pipeline_latest(after, before) AS latest
        WHERE latest.program IN ('footfall-ingest', 'footfall-sink')
        GROUP BY latest.program
    ) AS kind
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_reported_at FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_reported_at TO footfall_reader;
