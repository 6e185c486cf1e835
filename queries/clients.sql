-- name: CreateServiceClient :exec
INSERT INTO service_clients (id, name, secret_hash) VALUES (@id, @name, @secret_hash);

-- name: GetServiceClient :one
SELECT * FROM service_clients WHERE id = $1;

-- name: ListServiceClients :many
SELECT * FROM service_clients ORDER BY created_at, id;

-- name: DeleteServiceClient :one
DELETE FROM service_clients WHERE id = $1 RETURNING *;

-- GetTokenSession reads what an access token stands for, under the conditions of GetSessionUser, for clients that ask.
-- name: GetTokenSession :one
SELECT sqlc.embed(s), u.role, u.second_factor_at
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = @session_id AND u.id = @user_id
  AND s.revoked_at IS NULL AND s.expires_at > now() AND u.status = 'active';
