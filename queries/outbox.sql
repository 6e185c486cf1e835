-- name: AppendFact :exec
INSERT INTO outbox (kind, user_id, payload) VALUES (@kind, @user_id, @payload);

-- name: ListFacts :many
SELECT * FROM outbox WHERE id > @after ORDER BY id LIMIT @size;
