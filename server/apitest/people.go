package apitest

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/users"
)

// Password is the one that everybody whom tests make has.
const Password = "tall ships sail at noon"

// User makes a verified user who holds role. Changes apply to what is stored.
func (s *Server) User(role spec.Role, changes ...func(*users.Draft)) db.User {
	s.t.Helper()
	hash, err := s.hasher.Hash(s.t.Context(), Password)
	require.NoError(s.t, err)
	d := users.Draft{
		Email: uuid.NewString() + "@example.com", Verified: true, PasswordHash: &hash, Role: role, RegisteredAs: spec.RegistrationKindReader,
	}
	for _, change := range changes {
		change(&d)
	}
	u, err := store.InTx(s.t.Context(), s.DB, func(tx pgx.Tx) (db.User, error) { return users.Add(s.t.Context(), tx, d) })
	require.NoError(s.t, err)
	return u
}

// As returns a client that is signed in as u.
func (s *Server) As(u db.User) *Client {
	s.t.Helper()
	id := uuid.Must(uuid.NewV7())
	_, err := db.New().CreateSession(s.t.Context(), s.DB, db.CreateSessionParams{
		ID: id, UserID: u.ID, SeedHash: []byte("none"), Device: "apitest", Address: "127.0.0.0/24", Amr: []string{"pwd"}, Idle: time.Hour, Lifetime: time.Hour,
	})
	require.NoError(s.t, err)
	now := time.Now()
	access, err := s.Auth.Keys.Current().Sign(token.Claims{
		Subject: u.ID, Session: id, Role: string(u.Role), Scope: spec.RoleScopes(u.Role).String(), ExpiresAt: now.Add(time.Hour),
	}, now)
	require.NoError(s.t, err)
	return s.Bearer(access)
}

// Role returns a client that is signed in as somebody new who holds role.
func (s *Server) Role(role spec.Role) *Client { return s.As(s.User(role)) }

// Bearer returns a client that sends an access token.
func (s *Server) Bearer(access string) *Client {
	return &Client{server: s, header: map[string]string{"Authorization": "Bearer " + access}}
}

// Nobody returns a client that is not signed in.
func (s *Server) Nobody() *Client { return &Client{server: s, header: map[string]string{}} }
