-- The totals of what began in [since, until), in one row; see docs/definitions.md.
-- visitors, visits, views (their page_view events): of the visits. events: all, including those of no visit. bounce_rate: the share (0 to 1) of visits
-- with at most one view and no action. visit_seconds: from a visit's first event to its last; the median within 1 %. Rates and times are null if
-- there was no visit.
-- filters: see footfall.filter_values.
CREATE OR REPLACE FUNCTION footfall.totals(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (visitors bigint, visits bigint, views bigint, events bigint, views_per_visit double precision,
    bounce_rate double precision, visit_seconds_median double precision, visit_seconds_mean double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        coalesce(total.visitors, 0), coalesce(total.visits, 0), coalesce(total.views, 0), coalesce(total.events, 0),
        total.views / nullif(total.visits, 0)::double precision, total.bounces / nullif(total.visits, 0)::double precision,
        footfall.histogram_percentile(total.buckets, total.samples, 0.5) / 1000, total.seconds / nullif(total.visits, 0)
    FROM (
        SELECT
            max(part.visitors) FILTER (WHERE part.list = 'total') AS visitors, max(part.visits) FILTER (WHERE part.list = 'total') AS visits,
            max(part.views) FILTER (WHERE part.list = 'total') AS views, max(part.events) FILTER (WHERE part.list = 'total') AS events,
            max(part.bounces) FILTER (WHERE part.list = 'total') AS bounces, max(part.seconds) FILTER (WHERE part.list = 'total') AS seconds,
            array_agg(part.value ORDER BY part.value) FILTER (WHERE part.list = 'visit_ms') AS buckets,
            array_agg(part.visits ORDER BY part.value) FILTER (WHERE part.list = 'visit_ms') AS samples
        FROM footfall.sums('{total,visit_ms}', $1, $2, $3) AS part
    ) AS total
$$;
REVOKE EXECUTE ON FUNCTION footfall.totals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.totals TO footfall_reader;
