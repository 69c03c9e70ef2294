-- The spelling in which a host is stored: in lower case, and an international name in its ASCII form (münchen.de is
-- xn--mnchen-3ya.de). The names of the variables are those of RFC 3492, 6.3.
CREATE OR REPLACE FUNCTION footfall.host_spelling(host text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    labels text[] := '{}';
    label text;
    output text;
    codes integer[];
    code integer;
    n integer;
    delta integer;
    bias integer;
    basic integer;
    handled integer;
    q integer;
    t integer;
BEGIN
    FOREACH label IN ARRAY string_to_array(normalize(lower(normalize(host, NFC)), NFC), '.') LOOP
        IF label !~ '[^\u0001-\u007f]' THEN
            labels := labels || label;
            CONTINUE;
        END IF;
        codes := ARRAY(SELECT ascii(letter) FROM string_to_table(label, NULL) AS letter);
        output := regexp_replace(label, '[^\u0001-\u007f]', '', 'g');
        basic := length(output);
        output := 'xn--' || output || CASE WHEN basic > 0 THEN '-' ELSE '' END;
        handled := basic;
        n := 128;
        delta := 0;
        bias := 72;
        WHILE handled < cardinality(codes) LOOP
            delta := delta + ((SELECT min(each) FROM unnest(codes) AS each WHERE each >= n) - n) * (handled + 1);
            n := (SELECT min(each) FROM unnest(codes) AS each WHERE each >= n);
            FOREACH code IN ARRAY codes LOOP
                IF code < n THEN
                    delta := delta + 1;
                ELSIF code = n THEN
                    q := delta;
                    FOR k IN 36 .. 3600 BY 36 LOOP
                        t := greatest(1, least(26, k - bias));
                        EXIT WHEN q < t;
                        output := output || substr('abcdefghijklmnopqrstuvwxyz0123456789', t + (q - t) % (36 - t) + 1, 1);
                        q := (q - t) / (36 - t);
                    END LOOP;
                    output := output || substr('abcdefghijklmnopqrstuvwxyz0123456789', q + 1, 1);
                    delta := delta / CASE WHEN handled = basic THEN 700 ELSE 2 END;
                    handled := handled + 1;
                    delta := delta + delta / handled;
                    bias := 0;
                    WHILE delta > 455 LOOP
                        delta := delta / 35;
                        bias := bias + 36;
                    END LOOP;
                    bias := bias + 36 * delta / (delta + 38);
                    delta := 0;
                END IF;
            END LOOP;
            delta := delta + 1;
            n := n + 1;
        END LOOP;
        labels := labels || output;
    END LOOP;
    RETURN array_to_string(labels, '.');
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.host_spelling FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.host_spelling TO footfall_reader;
