-- KeepSecondFactor stores a new secret that counts once it is confirmed.
-- name: KeepSecondFactor :exec
INSERT INTO second_factors (user_id, sealed) VALUES (@user_id, @sealed)
ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, last_step = 0;

-- name: LockSecondFactor :one
SELECT * FROM second_factors WHERE user_id = $1 FOR UPDATE;

-- UseSecondFactor remembers the step of the code that was used.
-- name: UseSecondFactor :exec
UPDATE second_factors SET last_step = @last_step WHERE user_id = @user_id;

-- name: DeleteSecondFactor :exec
DELETE FROM second_factors WHERE user_id = $1;

-- CreateRecoveryCodes stores ten at once. They last as long as the second factor does.
-- name: CreateRecoveryCodes :exec
INSERT INTO one_time_tokens (hash, user_id, purpose, expires_at)
SELECT unnest(@hashes::bytea[]), @user_id::uuid, 'recovery-code', now() + interval '100 years';

-- ForgetFactorTokens voids what goes with a second factor: recovery codes, and sign-ins that wait for a code.
-- name: ForgetFactorTokens :exec
DELETE FROM one_time_tokens WHERE user_id = $1 AND purpose IN ('recovery-code', 'second-factor');
