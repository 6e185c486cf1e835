-- ClaimIdempotencyKey is taken for the length of the transaction and never waited for: false means that the first
-- request with this key is still being worked on.
-- name: ClaimIdempotencyKey :one
SELECT pg_try_advisory_xact_lock(hashtextextended(@caller::text || ' ' || @key::text, 0));

-- name: GetAnswer :one
SELECT * FROM idempotent_answers
WHERE caller = @caller AND key = @key AND created_at > now() - interval '24 hours';

-- KeepAnswer replaces an answer that is past its day.
-- name: KeepAnswer :exec
INSERT INTO idempotent_answers (caller, key, fingerprint, status, header, body)
VALUES (@caller, @key, @fingerprint, @status, @header, @body)
ON CONFLICT (caller, key) DO UPDATE
SET fingerprint = excluded.fingerprint, status = excluded.status, header = excluded.header, body = excluded.body, created_at = now();

-- name: DeleteOldAnswers :execrows
DELETE FROM idempotent_answers WHERE created_at < now() - interval '24 hours';

-- ForgetAnswers removes what an account was answered, and what others were answered about it.
-- name: ForgetAnswers :exec
DELETE FROM idempotent_answers WHERE caller = @caller OR header->>'Location' = @location::text;
