package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/token"
)

// What is wrong with a service client, in words for the operator.
var (
	ErrClientName = errors.New("use 1 to 100 characters on one line")
	ErrNoClient   = errors.New("there is no such client")
)

// clientChange is what the audit log tells of a service client.
type clientChange struct {
	Client string `json:"client"`
	Name   string `json:"name"`
}

// CreateClient registers a service that may ask about tokens, and returns its id and its secret, of which only the hash
// is kept. Errors: ErrClientName.
func CreateClient(ctx context.Context, tx pgx.Tx, name string) (id, secret string, err error) {
	if !utf8.ValidString(name) || strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > 100 || strings.ContainsFunc(name, unicode.IsControl) {
		return "", "", ErrClientName
	}
	key, err := uuid.NewV7()
	if err != nil {
		return "", "", err
	}
	id = key.String()
	secret, hash := token.NewOneTime()
	if err := db.New().CreateServiceClient(ctx, tx, db.CreateServiceClientParams{ID: id, Name: name, SecretHash: hash}); err != nil {
		return "", "", err
	}
	return id, secret, outbox.Record(ctx, tx, outbox.ClientCreated, uuid.Nil, clientChange{id, name})
}

// DeleteClient withdraws a service's access at once. Errors: ErrNoClient.
func DeleteClient(ctx context.Context, tx pgx.Tx, id string) error {
	c, err := db.New().DeleteServiceClient(ctx, tx, canonical(id))
	if fault.Is(err, spec.ProblemNotFound) {
		return ErrNoClient
	}
	if err != nil {
		return err
	}
	return outbox.Record(ctx, tx, outbox.ClientDeleted, uuid.Nil, clientChange{c.ID, c.Name})
}

// AuthenticateClient returns the service that an id and a secret stand for. An unknown id costs the same. Errors:
// invalid-client.
func AuthenticateClient(ctx context.Context, conn db.DBTX, id, secret string) (actor.Actor, error) {
	c, err := db.New().GetServiceClient(ctx, conn, canonical(id))
	if err != nil && !fault.Is(err, spec.ProblemNotFound) {
		return actor.Actor{}, err
	}
	hash, wrong := token.HashOneTime(secret)
	if subtle.ConstantTimeCompare(c.SecretHash, hash) != 1 || wrong != nil || err != nil {
		return actor.Actor{}, &fault.Error{Problem: spec.ProblemInvalidClient, Cause: errors.Join(err, wrong)}
	}
	return actor.Actor{Client: c.ID}, nil
}

// ResolveClient returns the service that the parts of its credentials stand for, as AuthenticateClient does.
func (h *Handlers) ResolveClient(ctx context.Context, id, secret string) (actor.Actor, error) {
	return AuthenticateClient(ctx, h.DB, id, secret)
}

// canonical is an id as it is stored; for what is no id, one that nobody has.
func canonical(id string) string {
	key, _ := uuid.Parse(id)
	return key.String()
}

// ClientCredentials reads an Authorization header of the Basic scheme, whose parts are form-encoded (RFC 6749 section
// 2.3.1).
func ClientCredentials(header string) (id, secret string, ok bool) {
	r := http.Request{Header: http.Header{"Authorization": {header}}}
	if id, secret, ok = r.BasicAuth(); !ok {
		return "", "", false
	}
	id, badID := url.QueryUnescape(id)
	secret, badSecret := url.QueryUnescape(secret)
	return id, secret, badID == nil && badSecret == nil
}
