package auth

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/page"
	"github.com/usherhq/usher/server/users"
)

// ListSessions shows the caller where they are signed in.
func (h *Handlers) ListSessions(ctx context.Context, _ api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	by := actor.From(ctx)
	body, err := h.sessionsOf(ctx, by.ID, func(s db.Session) spec.Links { return ownLinks(by, s) })
	return api.ListSessions200JSONResponse{SessionPageResponseJSONResponse: body}, err
}

// ListUserSessions shows staff where somebody is signed in whom they may help. Errors: not-found, forbidden (a role that
// is not below one's own).
func (h *Handlers) ListUserSessions(ctx context.Context, req api.ListUserSessionsRequestObject) (api.ListUserSessionsResponseObject, error) {
	u, err := db.New().GetUser(ctx, h.DB, req.UserID)
	if err != nil {
		return nil, err
	}
	by := actor.From(ctx)
	if err := users.CanHelp(by, u); err != nil {
		return nil, err
	}
	body, err := h.sessionsOf(ctx, u.ID, func(s db.Session) spec.Links { return spec.UserSessionLinks(by.Caller, s.ID) })
	return api.ListUserSessions200JSONResponse{SessionPageResponseJSONResponse: body}, err
}

// sessionsOf reads a page of the sessions that a user can still use, the latest first.
func (h *Handlers) sessionsOf(ctx context.Context, user uuid.UUID, links func(db.Session) spec.Links) (api.SessionPageResponseJSONResponse, error) {
	rows, err := page.Fetch(page.From(ctx), page.List[db.Session, uuid.UUID]{
		Start: uuid.Max,
		Key:   func(s db.Session) uuid.UUID { return s.ID },
		After: func(id uuid.UUID, size int32) ([]db.Session, error) {
			return db.New().ListSessions(ctx, h.DB, db.ListSessionsParams{UserID: user, Before: id, Size: size})
		},
		Before: func(id uuid.UUID, size int32) ([]db.Session, error) {
			return db.New().ListSessionsBack(ctx, h.DB, db.ListSessionsBackParams{UserID: user, After: id, Size: size})
		},
	})
	if err != nil {
		return api.SessionPageResponseJSONResponse{}, err
	}
	body := spec.SessionPage{Items: make([]spec.Session, len(rows.Items)), Links: rows.Links}
	for i, s := range rows.Items {
		body.Items[i] = spec.Session{
			ID: s.ID, Device: s.Device, Address: s.Address, Current: s.ID == actor.From(ctx).Session,
			CreatedAt: s.CreatedAt, AuthenticatedAt: s.AuthenticatedAt, Amr: s.Amr, LastUsedAt: s.LastUsedAt, ExpiresAt: s.ExpiresAt,
			Links: links(s),
		}
	}
	return api.SessionPageResponseJSONResponse{
		Body: body, Headers: api.SessionPageResponseResponseHeaders{Link: page.Header(body.Links)},
	}, nil
}

// ownLinks are what the caller may do about a session of their own: the one of the request is signed out of, others are
// ended.
func ownLinks(by actor.Actor, s db.Session) spec.Links {
	l := spec.SessionLinks(by.Caller, s.ID)
	if s.ID == by.Session {
		l.End = nil
	} else {
		l.SignOut = nil
	}
	return l
}

// endSession ends a session and says so, unless it has ended already.
func endSession(ctx context.Context, tx pgx.Tx, user, id uuid.UUID, why spec.SessionEnd) error {
	ended, err := db.New().RevokeSession(ctx, tx, id, user)
	if err != nil || ended == 0 {
		return err
	}
	return outbox.Emit(ctx, tx, spec.SessionEnded{UserID: user, SessionID: id, Reason: why})
}
