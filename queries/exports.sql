-- CreateExport begins an export with a column for each profile field that there is now.
-- name: CreateExport :one
INSERT INTO exports (id, created_by, filter, fields)
VALUES (@id, @created_by, @filter, ARRAY(SELECT f.name FROM profile_fields f ORDER BY f.id))
RETURNING *;

-- GetExport is an export of somebody's own whose file is still there, or will be.
-- name: GetExport :one
SELECT * FROM exports WHERE id = @id AND created_by = @created_by AND expires_at > now();

-- name: GetExportToWrite :one
SELECT * FROM exports WHERE id = $1;

-- LockExport waits for whoever writes a piece of the same version; what they leave is not of that version.
-- name: LockExport :one
SELECT * FROM exports WHERE id = @id AND version = @version FOR UPDATE;

-- AdvanceExport says what a piece added. The last one ends the export.
-- name: AdvanceExport :exec
UPDATE exports
SET place = @place, rows = rows + @rows::bigint, size = size + @size::bigint,
    state = CASE WHEN @last::boolean THEN 'done' ELSE 'writing' END::export_state,
    finished_at = CASE WHEN @last THEN now() END, version = version + 1
WHERE id = @id;

-- name: FailExport :exec
UPDATE exports SET state = 'failed', detail = @detail::text, finished_at = now(), version = version + 1
WHERE id = @id AND state IN ('queued', 'writing');

-- DeleteExpiredExports deletes some of the exports whose time is over, with their files.
-- name: DeleteExpiredExports :execrows
WITH expired AS (SELECT e.id FROM exports e WHERE e.expires_at <= now() ORDER BY e.expires_at LIMIT 10),
    files AS (DELETE FROM file_chunks c WHERE c.file_id IN (SELECT id FROM expired))
DELETE FROM exports WHERE id IN (SELECT id FROM expired);

-- DeleteExportsOf deletes the exports that somebody began, and returns the ids of their files.
-- name: DeleteExportsOf :many
DELETE FROM exports WHERE created_by = $1 RETURNING id;

-- name: ListFieldNames :many
SELECT name FROM profile_fields ORDER BY id;
