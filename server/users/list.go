package users

import (
	"context"
	"strings"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/page"
	"github.com/usherhq/usher/server/store"
)

// ListUsers shows to staff the accounts that they ask for, newest first unless they say otherwise.
func (h *Handlers) ListUsers(ctx context.Context, req api.ListUsersRequestObject) (api.ListUsersResponseObject, error) {
	asked := req.Params
	f, err := NewFilter(ctx, h.DB, spec.ExportUsersParams{
		Q: asked.Q, Text: asked.Text, Role: asked.Role, Status: asked.Status, Verified: asked.Verified, Locked: asked.Locked,
		Professional: asked.Professional, RegisteredFrom: asked.RegisteredFrom, RegisteredTo: asked.RegisteredTo,
		LastLoginAfter: asked.LastLoginAfter, LastLoginBefore: asked.LastLoginBefore, Field: asked.Field,
	})
	if err != nil {
		return nil, err
	}
	order := spec.UserOrderMinusCreatedAt
	if asked.Sort != nil {
		order = *asked.Sort
	}
	rows, err := h.page(ctx, f, order)
	if err != nil {
		return nil, err
	}
	by := actor.From(ctx)
	body := spec.UserPage{Items: make([]spec.User, len(rows.Items)), Links: rows.Links}
	may := spec.UserPageLinks(by.Caller)
	body.Links.Create, body.Links.Import, body.Links.Export = may.Create, may.Import, may.Export
	for i, u := range rows.Items {
		body.Items[i] = Show(u, links(by, u))
	}
	if asked.Count != nil && *asked.Count {
		if body.Total, err = h.total(ctx, f); err != nil {
			return nil, err
		}
	}
	return api.ListUsers200JSONResponse{UserPageResponseJSONResponse: api.UserPageResponseJSONResponse{
		Body: body, Headers: api.UserPageResponseResponseHeaders{Link: page.Header(body.Links)},
	}}, nil
}

// page reads the page that the request asks for.
func (h *Handlers) page(ctx context.Context, f Filter, order spec.UserOrder) (rows page.Page[db.User], err error) {
	read := func(ctx context.Context, conn db.DBTX) (err error) {
		rows, err = page.Fetch(page.From(ctx), page.List[db.User, Place]{
			Key:    func(u db.User) Place { return PlaceOf(u, order) },
			After:  func(p Place, size int32) ([]db.User, error) { return List(ctx, conn, f, order, p, size) },
			Before: func(p Place, size int32) ([]db.User, error) { return List(ctx, conn, f, reverse(order), p, size) },
		})
		return err
	}
	if f.everybody(order) {
		err = read(ctx, h.DB)
	} else {
		err = h.search(ctx, func(ctx context.Context) error { return read(ctx, store.Planned(h.DB)) })
	}
	return rows, err
}

// total counts the accounts that match a filter.
func (h *Handlers) total(ctx context.Context, f Filter) (total *int64, err error) {
	err = h.search(ctx, func(ctx context.Context) error {
		n, err := Count(ctx, store.Planned(h.DB), f)
		total = &n
		return err
	})
	return total, err
}

// leastPage is what is asked of Postgres at least. To find very few it would walk through a list in its order, sure to meet
// them soon, and to its end where there are none.
const leastPage = 51

// longestPage is what the queries for everybody by age read at most.
const longestPage = 101

// List reads up to size accounts that match f and follow a place in an order. conn should plan for the values
// (store.Planned), unless everybody is wanted by age: that is one plan, best prepared.
func List(ctx context.Context, conn db.DBTX, f Filter, order spec.UserOrder, after Place, size int32) ([]db.User, error) {
	if f.everybody(order) && size <= longestPage {
		return listAll(ctx, conn, order, after, size)
	}
	c := f.conditions()
	p := db.ListUsersByCreatedAtParams{
		After: after.ID, Part: c.Part, Words: c.Words, Role: c.Role, Status: c.Status, Verified: c.Verified, Locked: c.Locked,
		Professional: c.Professional, RegisteredFrom: c.RegisteredFrom, RegisteredTo: c.RegisteredTo,
		LastLoginAfter: c.LastLoginAfter, LastLoginBefore: c.LastLoginBefore, Fields: c.Fields, Size: max(size, leastPage),
	}
	if after != (Place{}) {
		p.Key = &after.Key
	}
	read := columnOf(order).up
	if descending(order) {
		read = columnOf(order).down
	}
	found, err := read(ctx, conn, p)
	return found[:min(len(found), int(size))], err
}

// everybody tells whether the list is the one that is read most: of all accounts, by age.
func (f Filter) everybody(order spec.UserOrder) bool {
	return f == (Filter{}) && (order == spec.UserOrderCreatedAt || order == spec.UserOrderMinusCreatedAt)
}

func listAll(ctx context.Context, conn db.DBTX, order spec.UserOrder, after Place, size int32) ([]db.User, error) {
	p := db.ListUsersParams{Key: after.Key, After: after.ID, Size: size}
	if after == (Place{}) {
		p.Key = "-infinity"
	}
	if !descending(order) {
		return db.New().ListUsers(ctx, conn, p)
	}
	if after == (Place{}) {
		p.Key = "infinity"
	}
	return db.New().ListUsersBack(ctx, conn, db.ListUsersBackParams(p))
}

// Count counts the accounts that match f.
func Count(ctx context.Context, conn db.DBTX, f Filter) (int64, error) {
	return db.New().CountUsers(ctx, conn, f.conditions())
}

// conditions is the filter as queries take it.
func (f Filter) conditions() db.CountUsersParams {
	given := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return db.CountUsersParams{
		Part: given(f.Part), Words: given(f.Words), Role: f.Role, Status: f.Status, Verified: f.Verified, Locked: f.Locked,
		Professional: f.Professional, RegisteredFrom: f.RegisteredFrom, RegisteredTo: f.RegisteredTo,
		LastLoginAfter: f.LastLoginAfter, LastLoginBefore: f.LastLoginBefore, Fields: given(f.Fields),
	}
}

func descending(order spec.UserOrder) bool { return strings.HasPrefix(string(order), "-") }

// reverse is the order the other way round.
func reverse(order spec.UserOrder) spec.UserOrder {
	if descending(order) {
		return order[1:]
	}
	return "-" + order
}
