-- name: CreateUser :one
INSERT INTO users (id, email, email_key, email_verified_at, nickname, nickname_key, nickname_skeleton, password_hash,
    first_name, last_name, bio, location, locale, time_zone, website_url, linkedin_url, github_url, fields, role, registered_as)
VALUES (@id, @email, @email_key, CASE WHEN @verified::boolean THEN now() END, @nickname, @nickname_key, @nickname_skeleton,
    @password_hash, sqlc.narg('first_name'), sqlc.narg('last_name'), sqlc.narg('bio'), sqlc.narg('location'), sqlc.narg('locale'),
    sqlc.narg('time_zone'), sqlc.narg('website_url'), sqlc.narg('linkedin_url'), sqlc.narg('github_url'), @fields,
    @role, @registered_as)
RETURNING *;

-- name: GetUser :one
SELECT * FROM users WHERE id = $1;

-- name: GetUserByEmail :one
SELECT * FROM users WHERE email_key = $1;

-- name: GetUserByNickname :one
SELECT * FROM users WHERE nickname_key = $1;

-- GetAddressee is the user with an address, or the id given for nobody: the same work and the same answer for both.
-- name: GetAddressee :one
SELECT coalesce((SELECT u.id FROM users u WHERE u.email_key = @email_key), @nobody)::uuid AS id;

-- GetSigningIn reads who wants to sign in, and whether they have been on this network before.
-- name: GetSigningIn :one
SELECT sqlc.embed(u), EXISTS (SELECT FROM known_networks k WHERE k.user_id = u.id AND k.network = @network) AS known_there
FROM users u WHERE u.email_key = @email_key;

-- GetProfile reads what anybody may see of somebody, by nickname_key: never whole rows, so that nothing else can get out.
-- name: GetProfile :one
SELECT u.nickname, u.first_name, u.bio, u.location, u.website_url, u.linkedin_url, u.github_url, u.professional, u.created_at,
    coalesce((SELECT jsonb_object_agg(v.key, v.value) FROM jsonb_each(u.fields) v JOIN profile_fields f ON f.name = v.key WHERE f.public), '{}')::jsonb AS fields
FROM users u
WHERE u.nickname_key = $1 AND u.email_verified_at IS NOT NULL AND u.status = 'active';

-- name: LockUser :one
SELECT * FROM users WHERE id = $1 FOR UPDATE;

-- LockAdmins serialises everything that could leave nobody in charge: the rows are locked in one order, and who waits
-- here reads them anew.
-- name: LockAdmins :many
SELECT id FROM users
WHERE role = 'ADMIN' AND status = 'active' AND email_verified_at IS NOT NULL AND coalesce(staff_lock_until <= now(), true)
ORDER BY id
FOR UPDATE;

-- HoldsRole tells whether an account may act in a role, or in one above it. Postgres orders an enum as it was declared.
-- name: HoldsRole :one
SELECT EXISTS (
    SELECT FROM users WHERE id = @id AND role >= @role AND status = 'active' AND coalesce(staff_lock_until <= now(), true)
);

-- LockFirstUser makes registrations that may turn somebody into the first admin wait for each other; a count alone lets
-- several of them see an empty table.
-- name: LockFirstUser :exec
SELECT pg_advisory_xact_lock(hashtext('usher first user'));

-- name: AnyUser :one
SELECT EXISTS (SELECT FROM users);

-- UpdateUser writes the editable fields; the caller has locked the row and says what each is to be. Another address ends a
-- change that is pending, which may be why staff step in.
-- name: UpdateUser :one
UPDATE users
SET email = @email, email_key = @email_key, email_verified_at = sqlc.narg('email_verified_at'),
    pending_email = CASE WHEN email_key = @email_key THEN pending_email END,
    nickname = @nickname, nickname_key = @nickname_key, nickname_skeleton = @nickname_skeleton, first_name = sqlc.narg('first_name'),
    last_name = sqlc.narg('last_name'), bio = sqlc.narg('bio'), location = sqlc.narg('location'),
    locale = sqlc.narg('locale'), time_zone = sqlc.narg('time_zone'), website_url = sqlc.narg('website_url'),
    linkedin_url = sqlc.narg('linkedin_url'), github_url = sqlc.narg('github_url'),
    fields = @fields, version = version + 1, updated_at = now()
WHERE id = @id
RETURNING *;

-- VerifyUser confirms the address. Only ANONYMOUS moves up, so an admin who confirms stays admin.
-- name: VerifyUser :one
UPDATE users
SET email_verified_at = coalesce(email_verified_at, now()),
    role = CASE WHEN role <> 'ANONYMOUS' THEN role WHEN registered_as = 'author' THEN 'AUTHOR' ELSE 'AUTHENTICATED' END::user_role,
    version = version + 1, updated_at = now()
WHERE id = $1
RETURNING *;

-- ListUnconfirmed reads who registered long ago and never confirmed the address, the oldest first.
-- name: ListUnconfirmed :many
SELECT id FROM users
WHERE role = 'ANONYMOUS' AND email_verified_at IS NULL AND created_at < now() - @age::interval
  AND last_login_at IS NULL AND password_hash IS NOT NULL -- else staff made it
ORDER BY created_at
LIMIT @size;

-- name: DeleteUser :exec
DELETE FROM users WHERE id = $1;

-- name: RecordSignIn :exec
UPDATE users SET last_login_at = now() WHERE id = $1;

-- ReplaceHash stores the same password hashed in another way.
-- name: ReplaceHash :exec
UPDATE users SET password_hash = @password_hash WHERE id = @id;

-- SetPassword replaces the password. A pending address goes with the old one: who knew that may have asked for it.
-- name: SetPassword :exec
UPDATE users
SET password_hash = sqlc.narg('password_hash'), short_password = @short, pending_email = NULL, version = version + 1, updated_at = now()
WHERE id = @id;

-- name: SetPendingEmail :exec
UPDATE users SET pending_email = sqlc.narg('pending_email'), version = version + 1, updated_at = now() WHERE id = @id;

-- TakePendingEmail makes the pending address the account's.
-- name: TakePendingEmail :one
UPDATE users
SET email = @email, email_key = @email_key, email_verified_at = now(), pending_email = NULL,
    version = version + 1, updated_at = now()
WHERE id = @id
RETURNING *;

-- name: SetLockedUntil :one
UPDATE users SET locked_until = sqlc.narg('locked_until') WHERE id = @id RETURNING *;

-- name: SetRole :one
UPDATE users SET role = @role, version = version + 1, updated_at = now() WHERE id = @id RETURNING *;

-- name: SetStatus :one
UPDATE users SET status = @status, version = version + 1, updated_at = now() WHERE id = @id RETURNING *;

-- name: SetStaffLock :one
UPDATE users SET staff_lock_until = @until::timestamptz WHERE id = @id RETURNING *;

-- GetStaffLock is when the lock ends in which staff hold an account.
-- name: GetStaffLock :one
SELECT staff_lock_until FROM users WHERE id = $1 AND staff_lock_until > now();

-- name: ClearLocks :exec
UPDATE users SET locked_until = NULL, staff_lock_until = NULL WHERE id = $1;

-- name: SetSecondFactorAt :one
UPDATE users
SET second_factor_at = CASE WHEN @enabled::boolean THEN now() END, version = version + 1, updated_at = now()
WHERE id = @id
RETURNING *;
