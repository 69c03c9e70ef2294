-- The messages that were quarantined between since and until: how many by reason and by the field at fault, and when the
-- last one came. The whole message is in analytics_quarantine.
CREATE OR REPLACE FUNCTION footfall.pipeline_quarantine(since timestamptz, until timestamptz)
RETURNS TABLE (reason text, field text, events bigint, last_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT reason, field, count(*), max(quarantined_at)
    FROM analytics_quarantine
    WHERE quarantined_at >= since AND quarantined_at < until
    GROUP BY reason, field
    ORDER BY 3 DESC, 1, 2
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_quarantine FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_quarantine TO footfall_reader;
