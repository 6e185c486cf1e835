-- name: CreateSession :one
INSERT INTO sessions (id, user_id, seed_hash, scopes, device, address, expires_at, ends_at)
VALUES (@id, @user_id, @seed_hash, sqlc.narg('scopes'), @device, @address,
    now() + @idle::interval, now() + @lifetime::interval)
RETURNING *;

-- GetSessionUser resolves an access token on every request: one round trip, two primary keys.
-- name: GetSessionUser :one
SELECT sqlc.embed(u), s.scopes
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = @session_id AND u.id = @user_id
  AND s.revoked_at IS NULL AND s.expires_at > now() AND u.status = 'active';

-- RefreshSession moves a session from the generation of the presented token to the next: of many that race, one does.
-- name: RefreshSession :one
UPDATE sessions s
SET generation = s.generation + 1, refreshed_at = now(), expires_at = least(now() + @idle::interval, s.ends_at)
FROM users u
WHERE s.id = @session_id AND s.generation = @generation AND s.seed_hash = @seed_hash
  AND s.revoked_at IS NULL AND s.expires_at > now() AND u.id = s.user_id AND u.status = 'active'
RETURNING s.user_id, s.scopes, u.role;

-- LockSession reads a session whose token did not fit, to tell a race from a theft.
-- name: LockSession :one
SELECT s.user_id, s.generation, s.scopes, u.role,
    (s.revoked_at IS NULL AND s.expires_at > now() AND u.status = 'active')::boolean AS live,
    (s.refreshed_at > now() - @grace::interval)::boolean AS fresh
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = @session_id AND s.seed_hash = @seed_hash
FOR UPDATE OF s;

-- ListSessions reads what can still be used, newest first: UUIDv7 keys order sessions by when they began.
-- name: ListSessions :many
SELECT * FROM sessions
WHERE user_id = @user_id AND revoked_at IS NULL AND expires_at > now()
  AND id < @before
ORDER BY id DESC
LIMIT @size;

-- name: ListSessionsBack :many
SELECT * FROM sessions
WHERE user_id = @user_id AND revoked_at IS NULL AND expires_at > now() AND id > @after
ORDER BY id
LIMIT @size;

-- name: RevokeSession :execrows
UPDATE sessions SET revoked_at = now() WHERE id = @session_id AND user_id = @user_id AND revoked_at IS NULL;

-- name: DeleteExpiredSessions :execrows
DELETE FROM sessions WHERE ends_at < now();
