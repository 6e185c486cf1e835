-- name: AppendAuditEntry :exec
INSERT INTO audit_entries (id, action, actor_kind, actor_id, user_id, address, device, request_id, details)
VALUES (@id, @action, @actor_kind, sqlc.narg('actor_id'), sqlc.narg('user_id'), sqlc.narg('address'), sqlc.narg('device'),
    sqlc.narg('request_id'), @details);

-- AppendAuditEntries adds what one actor did to many accounts.
-- name: AppendAuditEntries :exec
INSERT INTO audit_entries (id, action, actor_kind, actor_id, user_id, address, device, request_id, details)
SELECT unnest(@ids::uuid[]), unnest(@actions::text[]), @actor_kind, sqlc.narg('actor_id'), unnest(@user_ids::uuid[]), sqlc.narg('address'),
    sqlc.narg('device'), sqlc.narg('request_id'), unnest(@details::text[])::jsonb;

-- The lists below are in the order of keys, which are UUIDv7, so that a time is a bound on them. Each filter has an index
-- on its column and the key. Comparing both at once, and ordering by both, makes Postgres read there, whatever the values
-- are and whether it plans for them: given "action = x ORDER BY id" it takes a frequent action for a recent one, and walks
-- through the whole log to one that was frequent only long ago.

-- name: ListAuditEntries :many
SELECT * FROM audit_entries
WHERE id < @before AND id >= @oldest
ORDER BY id DESC
LIMIT @size;

-- name: ListAuditEntriesBack :many
SELECT * FROM audit_entries
WHERE id > @after AND id < @newest
ORDER BY id
LIMIT @size;

-- name: ListAuditEntriesAbout :many
SELECT * FROM audit_entries
WHERE (user_id, id) < (@user_id::uuid, @before::uuid) AND (user_id, id) >= (@user_id, @oldest::uuid)
  AND (sqlc.narg('actor_id')::text IS NULL OR actor_id = sqlc.narg('actor_id'))
  AND (sqlc.narg('action')::text IS NULL OR action = sqlc.narg('action'))
ORDER BY user_id DESC, id DESC
LIMIT @size;

-- name: ListAuditEntriesAboutBack :many
SELECT * FROM audit_entries
WHERE (user_id, id) > (@user_id::uuid, @after::uuid) AND (user_id, id) < (@user_id, @newest::uuid)
  AND (sqlc.narg('actor_id')::text IS NULL OR actor_id = sqlc.narg('actor_id'))
  AND (sqlc.narg('action')::text IS NULL OR action = sqlc.narg('action'))
ORDER BY user_id, id
LIMIT @size;

-- name: ListAuditEntriesBy :many
SELECT * FROM audit_entries
WHERE (actor_id, id) < (@actor_id::text, @before::uuid) AND (actor_id, id) >= (@actor_id, @oldest::uuid)
  AND (sqlc.narg('action')::text IS NULL OR action = sqlc.narg('action'))
ORDER BY actor_id DESC, id DESC
LIMIT @size;

-- name: ListAuditEntriesByBack :many
SELECT * FROM audit_entries
WHERE (actor_id, id) > (@actor_id::text, @after::uuid) AND (actor_id, id) < (@actor_id, @newest::uuid)
  AND (sqlc.narg('action')::text IS NULL OR action = sqlc.narg('action'))
ORDER BY actor_id, id
LIMIT @size;

-- name: ListAuditEntriesOf :many
SELECT * FROM audit_entries
WHERE (action, id) < (@action::text, @before::uuid) AND (action, id) >= (@action, @oldest::uuid)
ORDER BY action DESC, id DESC
LIMIT @size;

-- name: ListAuditEntriesOfBack :many
SELECT * FROM audit_entries
WHERE (action, id) > (@action::text, @after::uuid) AND (action, id) < (@action, @newest::uuid)
ORDER BY action, id
LIMIT @size;
