-- A percentile of the samples of a histogram as percentile_cont defines it (between two samples it is interpolated), within 1 %; null
-- without samples.
-- buckets: see footfall.histogram_bucket, in ascending order. samples: how many are in each. share: 0 to 1.
CREATE OR REPLACE FUNCTION footfall.histogram_percentile(buckets integer[], samples bigint[], share double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT footfall.bucket_middle(found.below) + (footfall.bucket_middle(found.above) - footfall.bucket_middle(found.below)) * (found.place - floor(found.place))
    FROM (
        SELECT
            any_value(running.place) AS place,
            min(running.bucket) FILTER (WHERE running.so_far > floor(running.place)) AS below,
            min(running.bucket) FILTER (WHERE running.so_far > ceil(running.place)) AS above
        FROM (
            -- place: of the percentile among the samples, counted from 0.
            SELECT cell.bucket, sum(cell.samples) OVER (ORDER BY cell.bucket) AS so_far, $3 * (sum(cell.samples) OVER () - 1) AS place
            FROM unnest($1, $2) AS cell (bucket, samples)
        ) AS running
    ) AS found
$$;
REVOKE EXECUTE ON FUNCTION footfall.histogram_percentile FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.histogram_percentile TO footfall_reader;
