-- LockDefining makes those who define fields wait for each other, so that they agree on how many there are.
-- name: LockDefining :exec
SELECT pg_advisory_xact_lock(hashtext('usher profile fields'));

-- name: CountFields :one
SELECT count(*) FROM profile_fields;

-- name: CreateField :one
INSERT INTO profile_fields (id, name, title, schema, filterable, public, checked_at)
VALUES (@id, @name, @title, @schema, @filterable, @public, now())
RETURNING *;

-- name: GetField :one
SELECT * FROM profile_fields WHERE id = $1;

-- name: LockField :one
SELECT * FROM profile_fields WHERE id = $1 FOR UPDATE;

-- HoldField keeps a field as it is defined until the transaction ends.
-- name: HoldField :one
SELECT * FROM profile_fields WHERE id = $1 FOR SHARE;

-- HoldFields does so for those with the names that are still there.
-- name: HoldFields :many
SELECT * FROM profile_fields WHERE name = ANY(@names::text[]) ORDER BY id FOR SHARE;

-- HoldAllFields does so for all, in the order in which they were defined.
-- name: HoldAllFields :many
SELECT * FROM profile_fields ORDER BY id FOR SHARE;

-- name: ListFields :many
SELECT * FROM profile_fields WHERE id > @after ORDER BY id LIMIT @size;

-- name: ListFieldsBack :many
SELECT * FROM profile_fields WHERE id < @before ORDER BY id DESC LIMIT @size;

-- ReplaceField defines a locked field anew. It counts as checked when nobody needs to look at the values.
-- name: ReplaceField :one
UPDATE profile_fields
SET title = @title, schema = @schema, filterable = @filterable, public = @public, version = version + 1, updated_at = now(),
    checked_at = CASE WHEN @checked::boolean THEN coalesce(checked_at, now()) END
WHERE id = @id
RETURNING *;

-- name: DeleteField :exec
DELETE FROM profile_fields WHERE id = $1;

-- name: SetFieldChecked :exec
UPDATE profile_fields SET checked_at = now() WHERE id = $1;

-- PreferIndexes has the transaction look values up in their index. The planner does not know how many accounts have a
-- field; when it takes them for many, it reads all accounts to find out that there are none.
-- name: PreferIndexes :exec
SELECT set_config('enable_seqscan', 'off', true);

-- AnyFieldValue tells whether some account has a value of this name.
-- name: AnyFieldValue :one
SELECT EXISTS (SELECT FROM users WHERE fields ? @name::text);

-- ListFieldValues reads what the next accounts have in a field, null where nothing. It goes by accounts, not by values: what
-- one portion costs is bounded, however few have the field.
-- name: ListFieldValues :many
SELECT id, coalesce(fields -> @name::text, 'null')::jsonb AS value, (fields ? @name::text)::boolean AS has
FROM users WHERE id > @after ORDER BY id LIMIT @size;

-- LockFieldValues reads again what accounts have in a field, and keeps it so until the transaction ends.
-- name: LockFieldValues :many
SELECT id, (fields -> @name::text)::jsonb AS value
FROM users WHERE id = ANY(@ids::uuid[]) AND fields ? @name::text ORDER BY id FOR SHARE;

-- ClearFieldValues takes a value from the next accounts, and tells how far it came: no id when there are no more accounts.
-- Versions stay: nobody edited the accounts, and edits that are under way need not fail for it.
-- name: ClearFieldValues :many
WITH portion AS MATERIALIZED (SELECT a.id FROM users a WHERE a.id > @after ORDER BY a.id LIMIT @size),
cleared AS (
    UPDATE users u SET fields = u.fields - @name::text FROM portion p WHERE u.id = p.id AND u.fields ? @name::text
)
SELECT p.id FROM portion p ORDER BY p.id DESC LIMIT 1;

-- name: AddFieldViolations :exec
INSERT INTO profile_field_violations (field_id, user_id, detail)
SELECT @field_id::uuid, unnest(@user_ids::uuid[]), unnest(@details::text[])
ON CONFLICT DO NOTHING;

-- name: ForgetFieldViolations :exec
DELETE FROM profile_field_violations WHERE field_id = $1;

-- SettleFieldViolations removes what is told of an account's values that have just been edited.
-- name: SettleFieldViolations :exec
DELETE FROM profile_field_violations WHERE user_id = @user_id AND field_id = ANY(@field_ids::uuid[]);

-- name: CountFieldViolations :many
SELECT field_id, count(*) AS violations FROM profile_field_violations WHERE field_id = ANY(@field_ids::uuid[]) GROUP BY field_id;

-- name: ListFieldViolations :many
SELECT * FROM profile_field_violations WHERE field_id = @field_id AND user_id > @after ORDER BY user_id LIMIT @size;

-- name: ListFieldViolationsBack :many
SELECT * FROM profile_field_violations WHERE field_id = @field_id AND user_id < @before ORDER BY user_id DESC LIMIT @size;
