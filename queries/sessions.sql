-- name: CreateSession :one
INSERT INTO sessions (id, user_id, seed_hash, scopes, device, address, amr, expires_at, ends_at)
VALUES (@id, @user_id, @seed_hash, sqlc.narg('scopes'), @device, @address, @amr,
    now() + least(@idle::interval, @lifetime::interval), now() + @lifetime::interval)
RETURNING *;

-- GetSessionUser resolves an access token on every request: one round trip, two primary keys.
-- name: GetSessionUser :one
SELECT sqlc.embed(u), s.scopes, s.authenticated_at, ('mfa' = ANY (s.amr))::boolean AS mfa,
    (s.last_used_at < now() - interval '1 minute')::boolean AS idle
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = @session_id AND u.id = @user_id
  AND s.revoked_at IS NULL AND s.expires_at > now() AND u.status = 'active';

-- TouchSession notes that a session is in use, at most once a minute: requests that race write once.
-- name: TouchSession :exec
UPDATE sessions SET last_used_at = now() WHERE id = $1 AND last_used_at < now() - interval '1 minute';

-- RefreshSession moves a session from the generation of the presented token to the next: of many that race, one does.
-- name: RefreshSession :one
UPDATE sessions s
SET generation = s.generation + 1, refreshed_at = now(), last_used_at = now(), expires_at = least(now() + @idle::interval, s.ends_at)
FROM users u
WHERE s.id = @session_id AND s.generation = @generation AND s.seed_hash = @seed_hash
  AND s.revoked_at IS NULL AND s.expires_at > now() AND u.id = s.user_id AND u.status = 'active'
RETURNING s.user_id, s.scopes, s.authenticated_at, s.amr, u.role, u.second_factor_at;

-- LockSession reads a session whose token did not fit, to tell a race from a theft.
-- name: LockSession :one
SELECT s.user_id, s.generation, s.scopes, s.authenticated_at, s.amr, u.role, u.second_factor_at,
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
UPDATE sessions SET revoked_at = now()
WHERE id = @session_id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > now();

-- name: GetLiveSession :one
SELECT * FROM sessions WHERE id = $1 AND revoked_at IS NULL AND expires_at > now();

-- LockLiveSession reads a session of a user that is about to end: of many that race to end it, one finds it.
-- name: LockLiveSession :one
SELECT * FROM sessions
WHERE id = @session_id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > now()
FOR UPDATE;

-- GetTokenSession reads what an access token stands for, under the conditions of GetSessionUser, for clients that ask.
-- name: GetTokenSession :one
SELECT sqlc.embed(s), u.role, u.second_factor_at
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = @session_id AND u.id = @user_id
  AND s.revoked_at IS NULL AND s.expires_at > now() AND u.status = 'active';

-- GetRefreshable reads what a refresh token stands for, if it could be used now.
-- name: GetRefreshable :one
SELECT sqlc.embed(s), u.role, u.second_factor_at
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = @session_id AND s.seed_hash = @seed_hash AND s.generation = @generation
  AND s.revoked_at IS NULL AND s.expires_at > now() AND u.status = 'active';

-- RevokeSessions ends the sessions of a user, all but one; none is spared if that is null.
-- name: RevokeSessions :many
UPDATE sessions SET revoked_at = now()
WHERE user_id = @user_id AND revoked_at IS NULL AND expires_at > now() AND id IS DISTINCT FROM sqlc.narg('spared')
RETURNING id;

-- RevokeOldestSessions ends the sessions of a user but for the newest: UUIDv7 keys order them by when they began.
-- name: RevokeOldestSessions :many
UPDATE sessions SET revoked_at = now()
WHERE id IN (
    SELECT s.id FROM sessions s WHERE s.user_id = @user_id AND s.revoked_at IS NULL AND s.expires_at > now()
    ORDER BY s.id DESC OFFSET @kept::integer
)
RETURNING id;

-- StepUpSession notes that the user proved in this session to have the second factor.
-- name: StepUpSession :exec
UPDATE sessions SET amr = @amr, authenticated_at = now() WHERE id = @id;

-- name: DeleteExpiredSessions :execrows
DELETE FROM sessions WHERE ends_at < now();
