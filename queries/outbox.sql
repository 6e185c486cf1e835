-- name: AppendFact :exec
INSERT INTO outbox (kind, user_id, payload) VALUES (@kind, @user_id, @payload);

-- name: AppendFacts :exec
INSERT INTO outbox (kind, user_id, payload)
SELECT unnest(@kinds::text[]), unnest(@user_ids::uuid[]), unnest(@payloads::text[])::jsonb;

-- name: ListFacts :many
SELECT * FROM outbox WHERE id > @after ORDER BY id LIMIT @size;
