package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/store"
)

// once makes a retry of the request harmless: its answer is kept in the transaction that does the work, so that either
// both are there or neither, whatever crashes. A request that was answered before fails with its replay.
func (w *wire) once(ctx context.Context, op *spec.Operation, r *http.Request, key string) (context.Context, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return ctx, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	mac := hmac.New(sha256.New, w.print)
	for _, part := range []string{op.ID, r.URL.Path, r.URL.RawQuery} {
		mac.Write([]byte(part + "\x00"))
	}
	mac.Write(body)
	try := retry{key: key, fingerprint: mac.Sum(nil)}
	if by := actor.From(ctx); by.ID != uuid.Nil {
		try.caller = by.ID.String()
	} else {
		// Strangers share no keys: what one of them sends meets only what is the same to the letter.
		try.caller = "nobody:" + hex.EncodeToString(try.fingerprint)
	}
	if err := try.answered(ctx, w.DB); err != nil {
		return ctx, err
	}
	return store.With(ctx, store.Around{Begin: try.claim, Commit: try.keep}), nil
}

type retry struct {
	caller, key string
	fingerprint []byte
}

// answered fails if the key was used: with the kept answer for the same request, otherwise idempotency-key-reused.
func (t retry) answered(ctx context.Context, conn db.DBTX) error {
	kept, err := db.New().GetAnswer(ctx, conn, t.caller, t.key)
	switch {
	case fault.Is(err, spec.ProblemNotFound):
		return nil
	case err != nil:
		return err
	case !hmac.Equal(kept.Fingerprint, t.fingerprint):
		return fault.New(spec.ProblemIdempotencyKeyReused, "")
	}
	return replay(kept)
}

// claim holds the key for the transaction; who comes meanwhile is told to wait.
func (t retry) claim(ctx context.Context, tx pgx.Tx) error {
	free, err := db.New().ClaimIdempotencyKey(ctx, tx, t.caller, t.key)
	if err != nil {
		return err
	}
	if !free {
		return fault.New(spec.ProblemIdempotencyKeyInUse, "")
	}
	return t.answered(ctx, tx)
}

// keep stores the answer with the work.
func (t retry) keep(ctx context.Context, tx pgx.Tx, result any) error {
	a, err := render(result)
	if err != nil {
		return err
	}
	header, err := a.keep()
	if err != nil {
		return err
	}
	return db.New().KeepAnswer(ctx, tx, db.KeepAnswerParams{
		Caller: t.caller, Key: t.key, Fingerprint: t.fingerprint,
		Status: int32(a.status), Header: header, Body: a.body.Bytes(),
	})
}

// replay is an answer that was given before.
type replay db.IdempotentAnswer

// Error makes a replay end the work it would repeat.
func (replay) Error() string { return "answered before" }

// resend gives the kept answer again, if err is one.
func resend(c echo.Context, err error) bool {
	var kept replay
	if !errors.As(err, &kept) {
		return false
	}
	h := c.Response().Header()
	var header map[string]string
	if json.Unmarshal(kept.Header, &header) == nil {
		for name, value := range header {
			h.Set(name, value)
		}
	}
	h.Set("Idempotency-Replayed", "true")
	c.Response().WriteHeader(int(kept.Status))
	_, _ = c.Response().Write(kept.Body) // the client is gone if this fails
	return true
}
