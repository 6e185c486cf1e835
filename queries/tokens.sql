-- name: CreateOneTimeToken :exec
INSERT INTO one_time_tokens (hash, user_id, purpose, scope, expires_at)
VALUES (@hash, @user_id, @purpose, sqlc.narg('scope'), now() + @lifetime::interval);

-- UseOneTimeToken consumes a token: checking and using are one statement, so of many that race one wins.
-- name: UseOneTimeToken :execrows
UPDATE one_time_tokens SET used_at = now()
WHERE hash = @hash AND user_id = @user_id AND purpose = @purpose AND used_at IS NULL AND expires_at > now();

-- GetOneTimeToken finds whose a token is, for those that do not say so; it is consumed by UseOneTimeToken.
-- name: GetOneTimeToken :one
SELECT * FROM one_time_tokens WHERE hash = @hash AND purpose = @purpose AND used_at IS NULL AND expires_at > now();

-- name: CountOneTimeTokens :one
SELECT count(*) FROM one_time_tokens WHERE user_id = @user_id AND purpose = @purpose AND used_at IS NULL AND expires_at > now();

-- name: DeleteExpiredTokens :execrows
DELETE FROM one_time_tokens WHERE expires_at < now() - interval '7 days';

-- LockSigningKeys lets one process at a time decide whether a new key is due.
-- name: LockSigningKeys :exec
SELECT pg_advisory_xact_lock(hashtext('usher signing keys'));

-- ListSigningKeys reads the keys that count, in the order in which they take over from each other. now() would be the
-- time before whoever had the lock revoked one.
-- name: ListSigningKeys :many
SELECT * FROM signing_keys WHERE expires_at > clock_timestamp() ORDER BY active_at, created_at, id;

-- CreateSigningKey stores a key. Those who wait for the lock in turn are to be in that order, too, so now() will not do.
-- name: CreateSigningKey :one
INSERT INTO signing_keys (id, algorithm, sealed, created_at, active_at, expires_at)
VALUES (@id, @algorithm, @sealed, clock_timestamp(), @active_at, @expires_at)
RETURNING *;

-- SupersedeSigningKeys has a key that was just made take over from all others. What they have signed is good until @until;
-- those that have signed nothing go.
-- name: SupersedeSigningKeys :exec
UPDATE signing_keys
SET expires_at = CASE WHEN active_at > clock_timestamp() THEN clock_timestamp() ELSE least(expires_at, @until) END
WHERE id <> @id AND expires_at > clock_timestamp();

-- name: ActivateSigningKey :one
UPDATE signing_keys SET active_at = @active_at WHERE id = @id RETURNING *;

-- name: ExpireSigningKey :execrows
UPDATE signing_keys SET expires_at = now() WHERE id = $1 AND expires_at > now();

-- name: DeleteExpiredSigningKeys :execrows
DELETE FROM signing_keys WHERE expires_at < now() - interval '1 day';

-- DeleteOneTimeTokens forgets what was mailed for a purpose, for instance to an address that is not theirs any more.
-- name: DeleteOneTimeTokens :exec
DELETE FROM one_time_tokens WHERE user_id = @user_id AND purpose = @purpose;

-- ForgetTokens voids everything that was mailed or handed out before the password or the address changed. Recovery codes
-- are the owner's, not the mailbox's, and stay.
-- name: ForgetTokens :exec
DELETE FROM one_time_tokens WHERE user_id = $1 AND purpose <> 'recovery-code';
