package users

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
)

// Place is where an account stands in an order. The zero Place precedes all.
type Place struct {
	Key string    `json:"k"` // what the order is by, as text
	ID  uuid.UUID `json:"i"`
}

// PlaceOf is where an account stands in an order.
func PlaceOf(u db.User, order spec.UserOrder) Place { return Place{columnOf(order).key(u), u.ID} }

// column is what lists are ordered by: the queries for both directions, and what an account has there.
type column struct {
	up, down query
	key      func(db.User) string
}

// columnOf is the column of an order. All queries take the same parameters (see queries/users_list.sql.tmpl).
func columnOf(order spec.UserOrder) column {
	switch spec.UserOrder(strings.TrimPrefix(string(order), "-")) {
	case spec.UserOrderCreatedAt:
		return column{by((*db.Queries).ListUsersByCreatedAt), by((*db.Queries).ListUsersByCreatedAtBack),
			func(u db.User) string { return moment(&u.CreatedAt) }}
	case spec.UserOrderUpdatedAt:
		return column{by((*db.Queries).ListUsersByUpdatedAt), by((*db.Queries).ListUsersByUpdatedAtBack),
			func(u db.User) string { return moment(&u.UpdatedAt) }}
	case spec.UserOrderLastLoginAt:
		return column{by((*db.Queries).ListUsersByLastLoginAt), by((*db.Queries).ListUsersByLastLoginAtBack),
			func(u db.User) string { return moment(u.LastLoginAt) }}
	case spec.UserOrderEmail:
		return column{by((*db.Queries).ListUsersByEmail), by((*db.Queries).ListUsersByEmailBack),
			func(u db.User) string { return u.EmailKey }}
	case spec.UserOrderNickname:
		return column{by((*db.Queries).ListUsersByNickname), by((*db.Queries).ListUsersByNicknameBack),
			func(u db.User) string { return u.NicknameKey }}
	case spec.UserOrderLastName:
		return column{by((*db.Queries).ListUsersByLastName), by((*db.Queries).ListUsersByLastNameBack), lastName}
	case spec.UserOrderRole:
		return column{by((*db.Queries).ListUsersByRole), by((*db.Queries).ListUsersByRoleBack),
			func(u db.User) string { return string(u.Role) }}
	}
	panic("no such order: " + order) // the contract lists them all
}

// moment is a time as Postgres reads it, to the microsecond that it keeps; what never was precedes all that was.
func moment(t *time.Time) string {
	if t == nil {
		return "-infinity"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// lastName is the name as it is. Postgres compares it in its own form.
func lastName(u db.User) string {
	if u.LastName == nil {
		return ""
	}
	return *u.LastName
}

// query reads a page.
type query func(context.Context, db.DBTX, db.ListUsersByCreatedAtParams) ([]db.User, error)

// alike are the parameters of the queries, which sqlc makes a type of its own for each.
type alike interface {
	db.ListUsersByCreatedAtParams | db.ListUsersByCreatedAtBackParams | db.ListUsersByUpdatedAtParams | db.ListUsersByUpdatedAtBackParams |
		db.ListUsersByLastLoginAtParams | db.ListUsersByLastLoginAtBackParams | db.ListUsersByEmailParams | db.ListUsersByEmailBackParams |
		db.ListUsersByNicknameParams | db.ListUsersByNicknameBackParams | db.ListUsersByLastNameParams | db.ListUsersByLastNameBackParams |
		db.ListUsersByRoleParams | db.ListUsersByRoleBackParams
}

func by[P alike](read func(*db.Queries, context.Context, db.DBTX, P) ([]db.User, error)) query {
	return func(ctx context.Context, conn db.DBTX, p db.ListUsersByCreatedAtParams) ([]db.User, error) {
		return read(db.New(), ctx, conn, P(p))
	}
}
