-- ReserveAttempt asks to have a password checked, before it is: of many at once only so many are let through, whatever
-- comes of them. When a lock has ended, counting starts anew; what was pending when a process died is forgotten.
-- name: ReserveAttempt :execrows
INSERT INTO sign_in_attempts AS a (subject, network, pending) VALUES (@subject, @network, 1)
ON CONFLICT (subject, network) DO UPDATE SET
    failures = CASE WHEN a.locked_until <= now() THEN 0 ELSE a.failures END,
    pending = 1 + CASE WHEN a.locked_until <= now() OR a.last_at < now() - interval '30 seconds' THEN 0 ELSE a.pending END,
    locked_until = CASE WHEN a.locked_until <= now() THEN NULL ELSE a.locked_until END,
    last_at = now()
WHERE a.locked_until <= now() OR a.last_at < now() - interval '30 seconds' AND a.failures < @most::integer
   OR a.failures + a.pending < @most::integer;

-- name: GetLock :one
SELECT locked_until FROM sign_in_attempts WHERE subject = @subject AND network = @network AND locked_until > now();

-- FailAttempt counts a failure; the one that reaches the limit locks, and whoever asks learns whether it was theirs. Each
-- lock since the last success lasts twice as long as the one before, up to 64 times.
-- name: FailAttempt :one
INSERT INTO sign_in_attempts AS a (subject, network, failures) VALUES (@subject, @network, 1)
ON CONFLICT (subject, network) DO UPDATE SET
    failures = a.failures + 1, pending = greatest(a.pending - 1, 0),
    locked_until = CASE WHEN a.locked_until IS NULL AND a.failures + 1 >= @most::integer
        THEN now() + power(2, least(a.locks, 6)) * @lasting::interval ELSE a.locked_until END,
    locks = a.locks + CASE WHEN a.locked_until IS NULL AND a.failures + 1 >= @most::integer THEN 1 ELSE 0 END
RETURNING coalesce(locked_until = now() + power(2, least(locks - 1, 6)) * @lasting::interval, false)::boolean AS locked, locked_until;

-- ReleaseAttempt takes a reservation back that led to neither success nor failure.
-- name: ReleaseAttempt :exec
UPDATE sign_in_attempts SET pending = greatest(pending - 1, 0) WHERE subject = @subject AND network = @network;

-- GetLockEnd is when the last lock of a user ends.
-- name: GetLockEnd :one
SELECT locked_until FROM sign_in_attempts WHERE subject = $1 AND locked_until > now() ORDER BY locked_until DESC LIMIT 1;

-- ClearAttempts starts counting anew after a success.
-- name: ClearAttempts :exec
DELETE FROM sign_in_attempts WHERE subject = @subject AND network = @network AND coalesce(locked_until <= now(), true);

-- ForgetAttempts lifts every lock of a user.
-- name: ForgetAttempts :exec
DELETE FROM sign_in_attempts WHERE subject = $1;

-- name: DeleteOldAttempts :execrows
DELETE FROM sign_in_attempts
WHERE last_at < now() - interval '1 day' AND coalesce(locked_until < now() - interval '1 day', true);

-- KnowNetwork notes where the owner of an account is, at most once a day.
-- name: KnowNetwork :exec
INSERT INTO known_networks AS k (user_id, network) VALUES (@user_id, @network)
ON CONFLICT (user_id, network) DO UPDATE SET seen_at = now() WHERE k.seen_at < now() - interval '1 day';

-- name: DeleteForgottenNetworks :execrows
DELETE FROM known_networks WHERE seen_at < now() - interval '180 days';
