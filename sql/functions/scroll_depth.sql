-- How far pages were read in what began in [since, until), by their page_view and engagement events.
-- views: page_view events. readings: visits that reported how the page was read; the other columns are about these. A reading is as deep as its
-- deepest report, and its time is the sum of all. scroll_percent_mean: 0 to 100. reached_25: readings of 25 % or further. engaged_seconds: the time that the
-- page was visible, within 1 %.
-- filters: see footfall.filter_values. row_limit: pages at most.
CREATE OR REPLACE FUNCTION footfall.scroll_depth(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100)
RETURNS TABLE (page text, views bigint, readings bigint, scroll_percent_mean double precision, reached_25 bigint, reached_50 bigint,
    reached_75 bigint, reached_100 bigint, engaged_seconds_median double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    -- Reports of pages that are listed only; a page without a view in the range is not.
    WITH seen AS MATERIALIZED (
        SELECT page.value, page.events FROM footfall.sums('{page}', $1, $2, $3) AS page
        ORDER BY page.events DESC, page.value LIMIT $4
    ), cells AS MATERIALIZED (
        SELECT cell.list, cell.page, cell.bucket, cell.samples
        FROM footfall.histograms('{scroll_percent,engaged_ms}', $1, $2, $3, ARRAY(SELECT seen.value FROM seen)) AS cell
    )
    SELECT
        held.value, seen.events, coalesce(scrolled.readings, 0), scrolled.mean, coalesce(scrolled.reached_25, 0),
        coalesce(scrolled.reached_50, 0), coalesce(scrolled.reached_75, 0), coalesce(scrolled.reached_100, 0), engaged.median / 1000
    FROM seen
    LEFT JOIN analytics_values AS held ON held.id = seen.value
    LEFT JOIN (
        SELECT
            cell.page, sum(cell.samples)::bigint AS readings,
            (sum(cell.bucket * cell.samples) / sum(cell.samples))::double precision AS mean,
            coalesce(sum(cell.samples) FILTER (WHERE cell.bucket >= 25), 0)::bigint AS reached_25,
            coalesce(sum(cell.samples) FILTER (WHERE cell.bucket >= 50), 0)::bigint AS reached_50,
            coalesce(sum(cell.samples) FILTER (WHERE cell.bucket >= 75), 0)::bigint AS reached_75,
            coalesce(sum(cell.samples) FILTER (WHERE cell.bucket >= 100), 0)::bigint AS reached_100
        FROM cells AS cell
        WHERE cell.list = 'scroll_percent'
        GROUP BY 1
    ) AS scrolled ON scrolled.page = seen.value
    LEFT JOIN (
        SELECT cell.page,
            footfall.histogram_percentile(array_agg(cell.bucket ORDER BY cell.bucket), array_agg(cell.samples ORDER BY cell.bucket), 0.5) AS median
        FROM cells AS cell
        WHERE cell.list = 'engaged_ms'
        GROUP BY 1
    ) AS engaged ON engaged.page = seen.value
    ORDER BY seen.events DESC, held.value
$$;
REVOKE EXECUTE ON FUNCTION footfall.scroll_depth FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.scroll_depth TO footfall_reader;
