package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/users"
)

// limit holds an operation to the limits that the contract gives it. They are kept in Postgres, so replicas share them,
// and taken from before anything is done; where only failures count, success gives back.
func (w *wire) limit(op *spec.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if len(op.Limits) == 0 || w.LimitScale == 0 {
			return next
		}
		return func(c echo.Context) error {
			var taken []quota
			for _, l := range op.Limits {
				q := w.quota(op, l, c)
				if q.key == nil {
					continue
				}
				left, err := q.take(c.Request().Context(), w.DB)
				taken = append(taken, q)
				tell(c.Response().Header(), q, left)
				if err != nil {
					return err
				}
			}
			err := next(c)
			if !failed(err) {
				giveBack(c.Request().Context(), w.DB, taken)
			}
			return err
		}
	}
}

// failed reports whether a request failed by the doing of who sent it: hanging up is that, too. A right password that
// wants a code has not failed.
func failed(err error) bool {
	if errors.Is(err, context.Canceled) {
		return true
	}
	f := fault.Of(err)
	return f != nil && f.Problem.Status() < http.StatusInternalServerError && f.MFAToken == ""
}

// quota is what one caller has of one limit.
type quota struct {
	spec.RateLimit
	key []byte // nil: the limit does not apply
}

// quota finds what a request counts under.
func (w *wire) quota(op *spec.Operation, l spec.RateLimit, c echo.Context) quota {
	if l.Field != "" && !slices.Contains(l.Values, member(c, l.Field)) {
		return quota{}
	}
	by := actor.From(c.Request().Context())
	var who string
	switch l.By {
	case spec.LimitByAddress:
		who = actor.Origin{Address: c.RealIP()}.Household()
	case spec.LimitByCaller:
		who = by.ID.String()
	default:
		who = users.EmailKey(member(c, l.By)) // however it is spelt
	}
	l.Count = max(1, int(math.Round(float64(l.Count)*w.LimitScale)))
	return quota{l, w.limitKey(op.ID, l.By, l.Field, who)}
}

// limitKey is what a limit is kept under: the database does not learn who.
func (w *wire) limitKey(parts ...string) []byte {
	mac := hmac.New(sha256.New, w.limits)
	for _, part := range parts {
		mac.Write([]byte(part + "\x00"))
	}
	return mac.Sum(nil)
}

// member is a string of the request's body, which the contract has seen.
func member(c echo.Context, name string) string {
	body, _ := c.Get(bodyKey).([]byte)
	if strings.HasPrefix(c.Request().Header.Get("Content-Type"), echo.MIMEApplicationForm) {
		form, _ := url.ParseQuery(string(body))
		return form.Get(name)
	}
	var members map[string]any
	_ = json.NewDecoder(bytes.NewReader(body)).Decode(&members)
	text, _ := members[name].(string)
	return text
}

// step is how long it takes until one more may come.
func (q quota) step() time.Duration { return q.Per / time.Duration(q.Count) }

// take uses up one, and returns how long it is until all are there again. Errors: rate-limited.
func (q quota) take(ctx context.Context, conn db.DBTX) (whole time.Duration, err error) {
	ms, err := db.New().TakeFromLimit(ctx, conn, db.TakeFromLimitParams{Key: q.key, Step: q.step(), Per: q.Per})
	if err == nil || !fault.Is(err, spec.ProblemNotFound) {
		return time.Duration(ms) * time.Millisecond, err
	}
	ms, err = db.New().GetLimit(ctx, conn, q.key)
	if err != nil && !fault.Is(err, spec.ProblemNotFound) {
		return 0, err
	}
	whole = time.Duration(ms) * time.Millisecond
	return whole, &fault.Error{Problem: spec.ProblemRateLimited, RetryAfter: max(time.Second, whole+q.step()-q.Per)}
}

// giveBack undoes what was taken from limits that count failures, even if the client has gone meanwhile.
func giveBack(ctx context.Context, conn db.DBTX, taken []quota) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer done()
	for _, q := range taken {
		if q.Failures {
			_ = db.New().GiveBackToLimit(ctx, conn, q.step(), q.key) // it comes back by itself
		}
	}
}

// tell adds what a limit allows, and what is left of it (draft-ietf-httpapi-ratelimit-headers-10).
func tell(h http.Header, q quota, whole time.Duration) {
	left := max(0, int((q.Per-whole)/q.step()))
	h.Add("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", q.By, q.Count, int(q.Per.Seconds())))
	h.Add("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", q.By, left, int(math.Ceil(whole.Seconds()))))
}
