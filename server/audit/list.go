package audit

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/page"
	"github.com/usherhq/usher/server/store"
)

// ListAuditEntries shows the log to admins, newest first.
func (h *Handlers) ListAuditEntries(ctx context.Context, req api.ListAuditEntriesRequestObject) (api.ListAuditEntriesResponseObject, error) {
	f, err := wanted(req.Params)
	if err != nil {
		return nil, err
	}
	shown, err := h.page(ctx, f, Show)
	if err != nil {
		return nil, err
	}
	return api.ListAuditEntries200JSONResponse{AuditPageResponseJSONResponse: shown}, nil
}

// ListOwnAuditEntries shows the caller what happened to their account, newest first.
func (h *Handlers) ListOwnAuditEntries(ctx context.Context, _ api.ListOwnAuditEntriesRequestObject) (api.ListOwnAuditEntriesResponseObject, error) {
	owner := actor.From(ctx).ID
	shown, err := h.page(ctx, Filter{About: &owner}, showOwner)
	if err != nil {
		return nil, err
	}
	return api.ListOwnAuditEntries200JSONResponse{AuditPageResponseJSONResponse: shown}, nil
}

// wanted is the filter that a request asks for. Errors: invalid-request, if its end comes before its beginning.
func wanted(p spec.ListAuditEntriesParams) (Filter, error) {
	f := Filter{About: p.UserID, Action: p.Action, From: p.From, To: p.To}
	if p.ActorID != nil {
		f.By = new(p.ActorID.String())
	}
	if f.From != nil && f.To != nil && f.From.After(*f.To) {
		return f, fault.Invalid(fault.Field("query/from", spec.FieldProblemInvalid, "This is later than `to`."))
	}
	return f, nil
}

// page reads the page that the request asks for, and shows each entry as show does.
func (h *Handlers) page(ctx context.Context, f Filter, show func(db.AuditEntry) (spec.AuditEntry, error)) (api.AuditPageResponseJSONResponse, error) {
	conn := store.Planned(h.DB)
	rows, err := page.Fetch(page.From(ctx), page.List[db.AuditEntry, uuid.UUID]{
		Start:  uuid.Max,
		Key:    func(e db.AuditEntry) uuid.UUID { return e.ID },
		After:  func(id uuid.UUID, size int32) ([]db.AuditEntry, error) { return f.Older(ctx, conn, id, size) },
		Before: func(id uuid.UUID, size int32) ([]db.AuditEntry, error) { return f.Newer(ctx, conn, id, size) },
	})
	if err != nil {
		return api.AuditPageResponseJSONResponse{}, err
	}
	body := spec.AuditPage{Items: make([]spec.AuditEntry, len(rows.Items)), Links: rows.Links}
	for i, e := range rows.Items {
		if body.Items[i], err = show(e); err != nil {
			return api.AuditPageResponseJSONResponse{}, err
		}
	}
	return api.AuditPageResponseJSONResponse{Body: body, Headers: api.AuditPageResponseResponseHeaders{Link: page.Header(body.Links)}}, nil
}

// Show is an entry as admins and operators see it.
func Show(e db.AuditEntry) (spec.AuditEntry, error) {
	shown := spec.AuditEntry{
		ID: e.ID, RecordedAt: e.RecordedAt, Action: e.Action, Actor: spec.AuditActor{Kind: e.ActorKind, ID: e.ActorID},
		UserID: e.UserID, Address: e.Address, Device: e.Device, RequestID: e.RequestID,
	}
	err := json.Unmarshal(e.Details, &shown.Details)
	return shown, err
}

// reasonsKept are the actions whose reason staff give for the log only. A suspension's is told to the owner.
var reasonsKept = []string{spec.UserRoleChanged{}.Kind(), spec.UserLocked{}.Kind()}

// showOwner is an entry as the owner of the account sees it. Where somebody else acted, it is told that they did, but not
// who and from where, nor the reasons that are for the log only. A failed sign-in by nobody shows where it came from: the
// owner has to know it again, or not.
func showOwner(e db.AuditEntry) (spec.AuditEntry, error) {
	shown, err := Show(e)
	own := e.ActorID != nil && *e.ActorID == e.UserID.String()
	if slices.Contains(reasonsKept, e.Action) && !own {
		delete(shown.Details, "reason")
	}
	if e.ActorID != nil && !own {
		shown.Actor.ID, shown.Address, shown.Device, shown.RequestID = nil, nil, nil, nil
		maps.DeleteFunc(shown.Details, func(_ string, v any) bool { return v == *e.ActorID })
	}
	return shown, err
}
