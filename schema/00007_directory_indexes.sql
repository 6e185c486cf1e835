-- +goose NO TRANSACTION
-- +goose Up
-- All this goes on beside requests, for minutes where there are a million accounts. It can be interrupted and run again: what
-- was interrupted leaves an index that is not valid.
ALTER TABLE users DROP CONSTRAINT IF EXISTS nickname_confusable;
DROP INDEX IF EXISTS users_by_created_at, users_by_updated_at, users_by_last_login_at, users_by_email, users_by_nickname,
    users_by_last_name, users_by_role, users_suspended, users_unverified, users_professional, users_locked,
    users_search_parts, users_search_pairs, users_search_words, users_fields, nickname_confusable;

-- What 00005 left empty, some accounts at a time, each time for as long as a request. Touching the nickname has the trigger
-- write the search key.
-- +goose StatementBegin
DO $$
DECLARE
    last uuid := '00000000-0000-0000-0000-000000000000';
    upto uuid;
BEGIN
    LOOP
        SELECT id INTO upto FROM (SELECT id FROM users WHERE id > last ORDER BY id LIMIT 1000) portion ORDER BY id DESC LIMIT 1;
        EXIT WHEN upto IS NULL;
        UPDATE users
        SET nickname = nickname,
            nickname_skeleton = replace(replace(translate(nickname_key, 'i10_', 'llo-'), 'm', 'rn'), 'vv', 'w')
        WHERE id > last AND id <= upto AND search_key = '';
        last := upto;
        COMMIT;
    END LOOP;
END $$;
-- +goose StatementEnd

-- Of nicknames that look the same already, the oldest is held against those to come.
UPDATE users SET nickname_skeleton = NULL
WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY nickname_skeleton ORDER BY id) AS place
    FROM users WHERE nickname_skeleton IS NOT NULL) looks WHERE place > 1);
CREATE UNIQUE INDEX CONCURRENTLY nickname_confusable ON users (nickname_skeleton);
ALTER TABLE users ADD CONSTRAINT nickname_confusable UNIQUE USING INDEX nickname_confusable;

-- Every order of a list, and the filters that find few. What waits to be merged into a GIN index is read by each search, so
-- it is kept small.
CREATE INDEX CONCURRENTLY users_by_created_at ON users (created_at, id);
CREATE INDEX CONCURRENTLY users_by_updated_at ON users (updated_at, id);
CREATE INDEX CONCURRENTLY users_by_last_login_at ON users (coalesce(last_login_at, '-infinity'), id);
CREATE INDEX CONCURRENTLY users_by_email ON users (email_key COLLATE "C", id);
CREATE INDEX CONCURRENTLY users_by_nickname ON users (nickname_key COLLATE "C", id);
CREATE INDEX CONCURRENTLY users_by_last_name ON users (search_form(coalesce(last_name, '')) COLLATE "C", id);
CREATE INDEX CONCURRENTLY users_by_role ON users (role, id);
CREATE INDEX CONCURRENTLY users_suspended ON users (created_at, id) WHERE status = 'suspended';
CREATE INDEX CONCURRENTLY users_unverified ON users (created_at, id) WHERE email_verified_at IS NULL;
CREATE INDEX CONCURRENTLY users_professional ON users (created_at, id) WHERE professional;
CREATE INDEX CONCURRENTLY users_locked ON users (created_at, id) WHERE greatest(locked_until, staff_lock_until) IS NOT NULL;
CREATE INDEX CONCURRENTLY users_search_parts ON users USING gin (search_key gin_trgm_ops) WITH (gin_pending_list_limit = 512);
CREATE INDEX CONCURRENTLY users_search_pairs ON users USING gin (search_pairs(search_key)) WITH (gin_pending_list_limit = 512);
CREATE INDEX CONCURRENTLY users_search_words ON users USING gin (search_words(nickname, first_name, last_name, bio)) WITH (gin_pending_list_limit = 512);
CREATE INDEX CONCURRENTLY users_fields ON users USING gin (fields) WITH (gin_pending_list_limit = 512);
DROP STATISTICS IF EXISTS users_locked_until;
CREATE STATISTICS users_locked_until ON (greatest(locked_until, staff_lock_until)) FROM users; -- so that few are taken for few

-- +goose Down
DROP STATISTICS users_locked_until;
ALTER TABLE users DROP CONSTRAINT nickname_confusable;
DROP INDEX IF EXISTS users_by_created_at, users_by_updated_at, users_by_last_login_at, users_by_email, users_by_nickname,
    users_by_last_name, users_by_role, users_suspended, users_unverified, users_professional, users_locked,
    users_search_parts, users_search_pairs, users_search_words, users_fields;
