SELECT compress_chunk($1::text::regclass)::text
