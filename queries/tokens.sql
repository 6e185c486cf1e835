-- name: CreateOneTimeToken :exec
INSERT INTO one_time_tokens (hash, user_id, purpose, expires_at) VALUES (@hash, @user_id, @purpose, now() + @lifetime::interval);

-- UseOneTimeToken consumes a token: checking and using are one statement, so of many that race one wins.
-- name: UseOneTimeToken :execrows
UPDATE one_time_tokens SET used_at = now()
WHERE hash = @hash AND user_id = @user_id AND purpose = @purpose AND used_at IS NULL AND expires_at > now();

-- name: DeleteExpiredTokens :execrows
DELETE FROM one_time_tokens WHERE expires_at < now() - interval '7 days';

-- LockSigningKeys lets one process at a time decide whether a new key is due.
-- name: LockSigningKeys :exec
SELECT pg_advisory_xact_lock(hashtext('usher signing keys'));

-- name: ListSigningKeys :many
SELECT * FROM signing_keys WHERE expires_at > now() ORDER BY active_at, id;

-- name: CreateSigningKey :exec
INSERT INTO signing_keys (id, algorithm, sealed, active_at, expires_at)
VALUES (@id, @algorithm, @sealed, @active_at, @expires_at);

-- name: DeleteExpiredSigningKeys :execrows
DELETE FROM signing_keys WHERE expires_at < now() - interval '1 day';

-- DeleteOneTimeTokens forgets what was mailed for a purpose, for instance to an address that is not theirs any more.
-- name: DeleteOneTimeTokens :exec
DELETE FROM one_time_tokens WHERE user_id = @user_id AND purpose = @purpose;
