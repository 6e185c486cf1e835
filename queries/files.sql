-- The chunks of a file follow each other without gaps; each is known by where it starts, so none is written twice.

-- name: CreateFileChunk :exec
INSERT INTO file_chunks (file_id, start, sealed) VALUES (@file_id, @start, @sealed);

-- GetFileChunk reads the chunk that holds the byte at a place, or the last one if there is none.
-- name: GetFileChunk :one
SELECT start, sealed FROM file_chunks
WHERE file_id = @file_id AND start <= @at
ORDER BY start DESC
LIMIT 1;

-- name: DeleteFile :exec
DELETE FROM file_chunks WHERE file_id = $1;

-- name: DeleteFiles :exec
DELETE FROM file_chunks WHERE file_id = ANY (@file_ids::uuid[]);
