-- name: CreateImport :one
INSERT INTO imports (id, dry_run, skip_bad, mail, by_operator, created_by, role, scopes, origin, digest, size)
VALUES (@id, @dry_run, @skip_bad, @mail, @by_operator, sqlc.narg('created_by'), sqlc.narg('role'), @scopes, @origin, @digest, @size)
RETURNING *;

-- name: GetImport :one
SELECT * FROM imports WHERE id = $1;

-- name: LockImport :one
SELECT * FROM imports WHERE id = $1 FOR UPDATE;

-- TryImport keeps others from working on an import until the transaction is over. The row stays free, for cancelling and
-- for telling how far it is.
-- name: TryImport :one
SELECT pg_try_advisory_xact_lock(hashtextextended('usher import ' || @id::uuid, 0));

-- ListImports reads a page of the last 30 days, newest first.
-- name: ListImports :many
SELECT * FROM imports
WHERE id < @before AND created_at > now() - interval '30 days'
ORDER BY id DESC
LIMIT @size;

-- name: ListImportsBack :many
SELECT * FROM imports
WHERE id > @after AND created_at > now() - interval '30 days'
ORDER BY id
LIMIT @size;

-- ListUnfinishedImports reads the imports of a file that somebody on the command line began and that are not over: those
-- that store something first. A dry run has to do with other dry runs only.
-- name: ListUnfinishedImports :many
SELECT * FROM imports
WHERE digest = @digest AND by_operator AND finished_at IS NULL AND (dry_run OR NOT @dry_run::boolean)
ORDER BY dry_run, id DESC;

-- name: ListImportProblems :many
SELECT * FROM import_problems
WHERE import_id = @import_id AND (line, "column", number) > (@line::bigint, @col::integer, @number::integer)
ORDER BY line, "column", number
LIMIT @size;

-- name: ListImportProblemsBack :many
SELECT * FROM import_problems
WHERE import_id = @import_id AND (line, "column", number) < (@line::bigint, @col::integer, @number::integer)
ORDER BY line DESC, "column" DESC, number DESC
LIMIT @size;

-- AdvanceImport writes down how far a file is read.
-- name: AdvanceImport :one
UPDATE imports
SET state = @state, read = @read, line = @line, rows_read = rows_read + @rows_read, rows_bad = rows_bad + @rows_bad,
    problems = problems + @problems, rows_above = rows_above + @rows_above, version = version + 1
WHERE id = @id
RETURNING *;

-- CountStored writes down how many accounts were made, and how many rows turned out to be bad while they were.
-- name: CountStored :one
UPDATE imports
SET rows_written = rows_written + @rows_stored, rows_stored = rows_stored + @rows_stored, rows_bad = rows_bad + @rows_bad,
    problems = problems + @problems, version = version + 1
WHERE id = @id
RETURNING *;

-- TellWritten says how far a transaction is that stores everything at once; no row: the import was cancelled.
-- name: TellWritten :one
UPDATE imports SET rows_written = @rows_written, version = version + 1 WHERE id = @id AND state = 'storing' RETURNING *;

-- FinishImport ends an import. Without skip_bad, all that was written was stored, or nothing.
-- name: FinishImport :one
UPDATE imports
SET state = @state, detail = sqlc.narg('detail'), rows_stored = @rows_stored, rows_bad = rows_bad + @rows_bad,
    problems = problems + @problems, finished_at = now(), version = version + 1
WHERE id = @id
RETURNING *;

-- ListConflicts says which of the wanted accounts have something that only one account can have, and that an account has
-- already (line 0) or that another row of the import wants. An id also if an account had it: who gets it anew would read
-- what the audit log tells of the one before. What is left open is empty. Each is looked up by itself, or Postgres might
-- read all accounts for a few.
-- name: ListConflicts :many
WITH wanted AS (
    SELECT unnest(@lines::bigint[]) AS line, unnest(@ids::uuid[]) AS id, unnest(@email_keys::text[]) AS email_key,
        unnest(@nickname_keys::text[]) AS nickname_key, unnest(@skeletons::text[]) AS skeleton
)
SELECT w.line::bigint AS line, 'email'::text AS field, found.line::bigint AS other
FROM wanted w, LATERAL (
    (SELECT 0::bigint AS line FROM users u WHERE u.email_key = w.email_key)
    UNION ALL
    (SELECT r.line FROM import_rows r WHERE r.email_key = w.email_key AND r.import_id = @import_id AND r.line <> w.line)
    LIMIT 1) found
WHERE w.email_key <> ''
UNION ALL
SELECT w.line, 'nickname', found.line
FROM wanted w, LATERAL (
    (SELECT 0::bigint AS line FROM users u WHERE u.nickname_key = w.nickname_key)
    UNION ALL
    (SELECT 0 FROM users u WHERE u.nickname_skeleton = w.skeleton)
    UNION ALL
    (SELECT r.line FROM import_rows r WHERE r.nickname_key = w.nickname_key AND r.import_id = @import_id AND r.line <> w.line)
    UNION ALL
    (SELECT r.line FROM import_rows r WHERE r.nickname_skeleton = w.skeleton AND r.import_id = @import_id AND r.line <> w.line)
    LIMIT 1) found
WHERE w.nickname_key <> ''
UNION ALL
SELECT w.line, 'id', found.line
FROM wanted w, LATERAL (
    (SELECT 0::bigint AS line FROM users u WHERE u.id = w.id)
    UNION ALL
    (SELECT 0 FROM audit_entries a WHERE a.user_id = w.id LIMIT 1)
    UNION ALL
    (SELECT 0 FROM audit_entries a WHERE a.actor_id = w.id::text LIMIT 1)
    UNION ALL
    (SELECT r.line FROM import_rows r WHERE r.id = w.id AND r.import_id = @import_id AND r.line <> w.line)
    LIMIT 1) found
WHERE w.id <> '00000000-0000-0000-0000-000000000000';

-- name: ListImportRows :many
SELECT line, id, email_key, nickname_key, nickname_skeleton, fields FROM import_rows
WHERE import_id = @import_id AND line > @after
ORDER BY line
LIMIT @size;

-- NameImportRows gives rows the nicknames that were made up for them.
-- name: NameImportRows :exec
UPDATE import_rows r
SET nickname = n.nickname, nickname_key = n.nickname_key, nickname_skeleton = n.skeleton
FROM (SELECT unnest(@lines::bigint[]) AS line, unnest(@nicknames::text[]) AS nickname, unnest(@nickname_keys::text[]) AS nickname_key,
    unnest(@skeletons::text[]) AS skeleton) n
WHERE r.import_id = @import_id AND r.line = n.line;

-- StoreImportRows makes accounts of rows, but for those that would break what is unique.
-- name: StoreImportRows :many
INSERT INTO users (id, email, email_key, email_verified_at, nickname, nickname_key, nickname_skeleton, password_hash,
    first_name, last_name, bio, location, locale, time_zone, website_url, linkedin_url, github_url, fields, professional, role, status,
    registered_as, last_login_at, created_at)
SELECT id, email, email_key, email_verified_at, nickname, nickname_key, nickname_skeleton, password_hash,
    first_name, last_name, bio, location, locale, time_zone, website_url, linkedin_url, github_url, fields, professional,
    role::user_role, status::user_status, 'reader', last_login_at, coalesce(created_at, now())
FROM import_rows
WHERE import_id = @import_id AND line > @after AND line <= @last
ORDER BY line
ON CONFLICT DO NOTHING
RETURNING id, role, status, (email_verified_at IS NOT NULL)::boolean AS verified, (password_hash IS NOT NULL)::boolean AS has_password;

-- name: DeleteImportRows :exec
DELETE FROM import_rows WHERE import_id = @import_id AND line > @after AND line <= @last;

-- DeleteSomeImportRows deletes some of the rows that an import left behind.
-- name: DeleteSomeImportRows :execrows
DELETE FROM import_rows r USING (SELECT line FROM import_rows s WHERE s.import_id = @import_id ORDER BY line LIMIT @size) few
WHERE r.import_id = @import_id AND r.line = few.line;

-- ForgetImporter clears where somebody was when they began imports, and returns the ids of the files. An import that is not
-- over ends when it finds out that they are gone.
-- name: ForgetImporter :many
UPDATE imports SET origin = '{}' WHERE created_by = @user_id::uuid RETURNING id;

-- ListLeftImports reads the imports that are over and left something behind.
-- name: ListLeftImports :many
SELECT id FROM imports i
WHERE finished_at IS NOT NULL
  AND (EXISTS (SELECT FROM import_rows r WHERE r.import_id = i.id) OR EXISTS (SELECT FROM file_chunks f WHERE f.file_id = i.id));

-- ListOldImports reads the imports of which nothing is kept any more.
-- name: ListOldImports :many
SELECT id FROM imports WHERE created_at < now() - interval '30 days';

-- DeleteImport deletes an import and its problems; its rows are deleted before, some at a time.
-- name: DeleteImport :exec
DELETE FROM imports WHERE id = $1;

-- DeleteLostUploads deletes the files whose upload ended before its end, a day ago. Files have the id of what they belong
-- to, which is of the time when it was begun.
-- name: DeleteLostUploads :execrows
DELETE FROM file_chunks f
WHERE f.file_id < @begun_before
  AND NOT EXISTS (SELECT FROM imports i WHERE i.id = f.file_id) AND NOT EXISTS (SELECT FROM exports e WHERE e.id = f.file_id);
