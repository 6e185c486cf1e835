-- name: CreateServiceClient :exec
INSERT INTO service_clients (id, name, secret_hash) VALUES (@id, @name, @secret_hash);

-- name: GetServiceClient :one
SELECT * FROM service_clients WHERE id = $1;

-- name: ListServiceClients :many
SELECT * FROM service_clients ORDER BY created_at, id;

-- name: DeleteServiceClient :one
DELETE FROM service_clients WHERE id = $1 RETURNING *;
