-- TakeFromLimit uses up one step of a limit (GCRA): the row says when the limit will be whole again. No row comes back if
-- it is used up.
-- name: TakeFromLimit :one
INSERT INTO rate_limits AS r (key, whole_at) VALUES (@key, now() + @step::interval)
ON CONFLICT (key) DO UPDATE SET whole_at = greatest(r.whole_at, now()) + @step::interval
WHERE greatest(r.whole_at, now()) + @step::interval <= now() + @per::interval
RETURNING (extract(epoch FROM whole_at - now()) * 1000)::bigint AS whole_in_ms;

-- name: GetLimit :one
SELECT (extract(epoch FROM whole_at - now()) * 1000)::bigint AS whole_in_ms FROM rate_limits WHERE key = $1;

-- GiveBackToLimit undoes a step, where only failures count.
-- name: GiveBackToLimit :exec
UPDATE rate_limits SET whole_at = whole_at - @step::interval WHERE key = @key;

-- name: DeleteWholeLimits :execrows
DELETE FROM rate_limits WHERE whole_at < now();
