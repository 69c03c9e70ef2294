-- The spelling in which a page's path is stored, with or without a route (/app#/about): /caf%c3%a9 and /x/../café are
-- /café. Percent-encodings are decoded as far as that says the same and can be seen, . and .. are resolved, letters are
-- composed (NFC). The last segment of a prefix may be half a name, so . and .. are not resolved there. A URL is answered
-- as its page.
-- The same rules as in crates/event/src/spelling.rs, by which the sink spells page_path.
CREATE OR REPLACE FUNCTION footfall.page_spelling(page text, is_prefix boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    -- A percent-encoded character of UTF-8, other than what says something else when decoded (control characters # % / ? \).
    encoded CONSTANT text := '%(?:2[0-246-9a-e]|3[0-9a-e]|[46][0-9a-f]|5[0-9abd-f]|7[0-9a-e])'
        '|%(?:c[2-9a-f]|d[0-9a-f])%[89ab][0-9a-f]'
        '|%e0%[ab][0-9a-f]%[89ab][0-9a-f]|%ed%[89][0-9a-f]%[89ab][0-9a-f]'
        '|%e[1-9abcef]%[89ab][0-9a-f]%[89ab][0-9a-f]'
        '|%f0%[9ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]|%f4%8[0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]'
        '|%f[1-3]%[89ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]';
    -- What cannot be seen, or changes the direction of what is around it.
    hidden CONSTANT text := '[\u0001-\u001f\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200b\u200e\u200f\u2028-\u202f'
        '\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]';
    spelt text := translate(page, E'\t\n\r', '');
    route text;
    kept text[] := '{}';
    segments text[];
BEGIN
    IF page ~* '^https?://' THEN
        RETURN footfall.page_path(page);
    END IF;
    route := coalesce(substring(spelt FROM '#.*$'), '');
    spelt := replace(left(spelt, length(spelt) - length(route)), '\', '/') || route;
    IF strpos(spelt, '%') > 0 THEN
        -- A percent sign that would become an encoding once what follows is decoded.
        spelt := regexp_replace(spelt, '%(?=[0-9a-f]?%(?:3[0-9]|[46][1-6]))', '%25', 'gi');
        spelt := (
            SELECT string_agg(
                CASE
                    WHEN part[1] ~* ('^(?:' || encoded || ')$')
                        THEN convert_from(decode(replace(part[1], '%', ''), 'hex'), 'UTF8')
                    WHEN length(part[1]) = 3 AND left(part[1], 1) = '%' THEN upper(part[1])
                    ELSE part[1]
                END, '' ORDER BY place)
            FROM regexp_matches(spelt, '(' || encoded || '|%[0-9a-f][0-9a-f]|[^%]+|%)', 'gi')
                WITH ORDINALITY AS parts (part, place));
    END IF;
    IF spelt ~ hidden THEN
        spelt := (
            SELECT string_agg(
                CASE
                    WHEN letter ~ hidden
                        THEN regexp_replace(upper(encode(convert_to(letter, 'UTF8'), 'hex')), '(..)', '%\1', 'g')
                    ELSE letter
                END, '' ORDER BY place)
            FROM string_to_table(spelt, NULL) WITH ORDINALITY AS letters (letter, place));
    END IF;
    spelt := normalize(spelt, NFC);
    route := coalesce(substring(spelt FROM '#.*$'), '');
    spelt := left(spelt, length(spelt) - length(route));
    IF NOT starts_with(spelt, '/') OR strpos(spelt, '/.') = 0 THEN
        RETURN spelt || route;
    END IF;
    segments := string_to_array(substr(spelt, 2), '/');
    FOR place IN 1 .. array_length(segments, 1) LOOP
        IF segments[place] NOT IN ('.', '..') OR (is_prefix AND route = '' AND place = array_length(segments, 1)) THEN
            kept := kept || segments[place];
            CONTINUE;
        END IF;
        IF segments[place] = '..' THEN
            kept := trim_array(kept, least(1, cardinality(kept)));
        END IF;
        IF place = array_length(segments, 1) THEN
            kept := kept || ''::text;
        END IF;
    END LOOP;
    RETURN '/' || array_to_string(kept, '/') || route;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.page_spelling FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.page_spelling TO footfall_reader;
