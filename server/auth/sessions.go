package auth

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/page"
)

// ListSessions shows the caller where they are signed in.
func (h *Handlers) ListSessions(ctx context.Context, _ api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	by := actor.From(ctx)
	rows, err := page.Fetch(page.From(ctx), page.List[db.Session, uuid.UUID]{
		Start: uuid.Max,
		Key:   func(s db.Session) uuid.UUID { return s.ID },
		After: func(id uuid.UUID, size int32) ([]db.Session, error) {
			return db.New().ListSessions(ctx, h.DB, db.ListSessionsParams{UserID: by.ID, Before: id, Size: size})
		},
		Before: func(id uuid.UUID, size int32) ([]db.Session, error) {
			return db.New().ListSessionsBack(ctx, h.DB, db.ListSessionsBackParams{UserID: by.ID, After: id, Size: size})
		},
	})
	if err != nil {
		return nil, err
	}
	body := spec.SessionPage{Items: make([]spec.Session, len(rows.Items)), Links: rows.Links}
	for i, s := range rows.Items {
		body.Items[i] = showSession(by, s)
	}
	return api.ListSessions200JSONResponse{SessionPageResponseJSONResponse: api.SessionPageResponseJSONResponse{
		Body: body, Headers: api.SessionPageResponseResponseHeaders{Link: page.Header(body.Links)},
	}}, nil
}

func showSession(by actor.Actor, s db.Session) spec.Session {
	links := spec.SessionLinks(by.Caller)
	links.SignOut = links.SignOut.Unless(canSignOut(by, s))
	return spec.Session{
		ID: s.ID, Device: s.Device, Address: s.Address, Current: s.ID == by.Session,
		CreatedAt: s.CreatedAt, LastUsedAt: s.RefreshedAt, ExpiresAt: s.ExpiresAt,
		Links: links,
	}
}

var errOtherSession = errors.New("signing out ends the session of the request")

// canSignOut: signing out is for the session that asks.
func canSignOut(by actor.Actor, s db.Session) error {
	if s.ID != by.Session {
		return errOtherSession
	}
	return nil
}
