-- +goose Up
CREATE EXTENSION IF NOT EXISTS pg_trgm; -- a trusted one: the owner of the database may

DROP TABLE failed_sign_ins; -- sign_in_attempts took its place

-- search_form is what text is searched and sorted by: without letter case, accents and compatibility forms of Unicode, and with
-- the letters of Europe that have no such parts as people type them who lack them.
CREATE FUNCTION search_form(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(replace(replace(replace(translate(lower(regexp_replace(normalize(t, NFKD), '[\u0300-\u036f]', '', 'g')),
    'łøđðıħŧŋ', 'loddihtn'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');

-- search_pairs are all characters and all pairs of neighbouring ones. Trigrams find nothing shorter than three. Cutting into
-- pairs twice, the second time one character on, is ten times as fast as going through positions.
CREATE FUNCTION search_pairs(t text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
RETURN array_to_tsvector(array_remove(string_to_array(t, NULL) || string_to_array(
    regexp_replace(t, '(..)', E'\\1\x01', 'g') || E'\x01' || regexp_replace(substr(t, 2), '(..)', E'\\1\x01', 'g'), E'\x01'), ''));

-- search_pair is the query for one of them.
CREATE FUNCTION search_pair(t text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('''' || regexp_replace(t, '([\\''])', '\1\1', 'g') || '''')::tsquery;

-- search_part tells whether a text has a part. Planned for a given part it becomes one of two conditions: by trigrams, or by
-- pairs where they would find too much. The planner takes no pair for rarer than one in 200 rows, and would walk a list of a
-- million to its end for one that is nowhere; of a condition that is there three times it expects a 27th.
CREATE FUNCTION search_part(t text, part text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN part ~ '[[:alnum:]]{3}' THEN t LIKE '%' || regexp_replace(part, '([\\%_])', '\\\1', 'g') || '%'
    ELSE position(part IN t) > 0 AND strpos(t, part) > 0 AND -position(part IN t) < 0
        AND search_pairs(t) @@ CASE WHEN length(part) < 3
            THEN search_pair(part) ELSE search_pair(left(part, 2)) && search_pair(right(part, 2)) END END;

-- search_words are the words of a person, in no particular language. It is no function in SQL, whose cost the planner would not
-- see: it would take a word that is nowhere for one of 200, and look for it in account after account.
-- +goose StatementBegin
CREATE FUNCTION search_words(nickname text, first_name text, last_name text, bio text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
BEGIN
    RETURN to_tsvector('simple'::regconfig, search_form(replace(nickname, '-', ' ') || ' ' || coalesce(first_name, '') || ' '
        || coalesce(last_name, '') || ' ' || coalesce(bio, '')));
END $$;
-- +goose StatementEnd

-- uuid_v7 is a key whose order is that of time (RFC 9562), for rows that SQL makes.
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN encode(overlay(
    set_bit(set_bit(uuid_send(gen_random_uuid()), 52, 1), 53, 1)
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 'hex')::uuid;

-- Nothing here reads or writes a row of users, so that the version before goes on meanwhile; the next migrations do the rest.
ALTER TABLE users
    ADD COLUMN nickname_skeleton text,        -- what it looks like (see users.skeleton); null: looks like one that was there before
    ADD COLUMN staff_lock_until  timestamptz, -- until then nobody signs in, from wherever, whatever they know
    ADD COLUMN fields            jsonb NOT NULL DEFAULT '{}', -- values of profile_fields, by name
    ADD COLUMN search_key        text NOT NULL DEFAULT '',    -- kept by the trigger below
    -- Patterns are estimated on a sample of values: more of them tell a frequent name from a rare one.
    ALTER COLUMN search_key SET STATISTICS 500;
ALTER TABLE users RENAME CONSTRAINT users_pkey TO id_taken;

-- The parts are on lines of their own, since no part of a nickname and an address together is a part of either.
-- +goose StatementBegin
CREATE FUNCTION keep_search_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search_key := search_form(NEW.nickname || E'\n' || NEW.email || E'\n' || coalesce(NEW.first_name || ' ', '') || coalesce(NEW.last_name, ''));
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keep_search_key BEFORE INSERT OR UPDATE OF nickname, email, first_name, last_name ON users
    FOR EACH ROW EXECUTE FUNCTION keep_search_key();
ALTER TABLE users ENABLE ALWAYS TRIGGER keep_search_key; -- whatever session_replication_role says

-- Fields that profiles have beside the columns above.
CREATE TABLE profile_fields (
    id         uuid PRIMARY KEY, -- UUIDv7, so the key is also the order in which they were defined
    name       text NOT NULL,
    title      text NOT NULL,
    schema     json NOT NULL,    -- JSON Schema, as it was written
    filterable boolean NOT NULL,
    public     boolean NOT NULL,
    version    bigint NOT NULL DEFAULT 1,
    checked_at timestamptz,      -- when all values that were there had been held to the schema; null: they are being
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT field_name_taken UNIQUE (name)
);

-- Values that were stored before their field was defined as it is now, and do not match it.
CREATE TABLE profile_field_violations (
    field_id uuid NOT NULL REFERENCES profile_fields ON DELETE CASCADE,
    user_id  uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    detail   text NOT NULL,
    PRIMARY KEY (field_id, user_id)
);
CREATE INDEX profile_field_violations_of_user ON profile_field_violations (user_id);

-- +goose Down
DROP TABLE profile_field_violations;
DROP TABLE profile_fields;
DROP TRIGGER keep_search_key ON users;
DROP FUNCTION keep_search_key;
ALTER TABLE users RENAME CONSTRAINT id_taken TO users_pkey;
ALTER TABLE users DROP COLUMN nickname_skeleton, DROP COLUMN staff_lock_until, DROP COLUMN fields, DROP COLUMN search_key;
DROP FUNCTION uuid_v7, search_words, search_part, search_pair, search_pairs, search_form;
CREATE TABLE failed_sign_ins (
    email_hash bytea PRIMARY KEY,
    failures   integer NOT NULL DEFAULT 1,
    last_at    timestamptz NOT NULL DEFAULT now()
);
-- +goose StatementBegin
DO $$ BEGIN
    DROP EXTENSION pg_trgm;
EXCEPTION WHEN insufficient_privilege OR dependent_objects_still_exist THEN NULL; -- somebody else installed it, or needs it
END $$;
-- +goose StatementEnd
