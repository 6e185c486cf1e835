package transfers

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/etag"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

// Importing asks the worker to go on with an import whose file was uploaded.
type Importing struct {
	ImportID uuid.UUID `json:"import_id"`
}

// Kind names the job in the queue.
func (Importing) Kind() string { return "importing" }

// InsertOpts keeps it apart from jobs that are short.
func (Importing) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: Queue} }

// Upload is a file that is to be imported, and how.
type Upload struct {
	ID      uuid.UUID // of the import
	Size    int64
	Digest  []byte // SHA-256
	DryRun  bool   // check all rows and store none
	SkipBad bool   // store the good rows when there are bad ones
	Mail    bool   // mail people what they need to sign in
}

// errNobody is that an import is neither an operator's nor of somebody with an account.
var errNobody = errors.New("nobody begins this import")

// Begin begins an import on behalf of an operator or of somebody with an account, who may lose their rights before it is over.
func Begin(ctx context.Context, tx pgx.Tx, by actor.Actor, u Upload) (db.Import, error) {
	p := db.CreateImportParams{
		ID: u.ID, DryRun: u.DryRun, SkipBad: u.SkipBad, Mail: u.Mail, Digest: u.Digest, Size: u.Size,
		ByOperator: by.Kind() == spec.AuditActorKindOperator, Scopes: by.Scopes.String(),
	}
	if !p.ByOperator {
		if by.Kind() != spec.AuditActorKindUser {
			return db.Import{}, errNobody
		}
		p.CreatedBy, p.Role = by.By(), &by.User.Role
	}
	var err error
	if p.Origin, err = json.Marshal(by.Kept()); err != nil {
		return db.Import{}, err
	}
	im, err := db.New().CreateImport(ctx, tx, p)
	if err != nil {
		return im, err
	}
	return im, outbox.Record(ctx, tx, outbox.ImportStarted, uuid.Nil, map[string]any{
		"import_id": im.ID, "dry_run": im.DryRun, "skip_bad": im.SkipBad, "size": im.Size,
	})
}

// Cancel ends an import; one that is over stays as it is. What was stored stays. Errors: not-found, forbidden.
func Cancel(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
	im, err := lock(ctx, tx, id)
	over := errors.Is(err, errOver)
	if err != nil && !over {
		return err
	}
	if err := canCancel(by, im); err != nil || over {
		return err
	}
	end := db.FinishImportParams{ID: id, State: spec.ImportStateCancelled, RowsStored: im.RowsStored}
	if _, err = db.New().FinishImport(ctx, tx, end); err != nil {
		return err
	}
	return outbox.Record(ctx, tx, outbox.ImportCancelled, uuid.Nil, map[string]any{"import_id": id, "rows_stored": im.RowsStored})
}

// canCancel keeps those below an ADMIN from ending what others began.
func canCancel(by actor.Actor, im db.Import) error {
	if by.Tops() || im.CreatedBy != nil && *im.CreatedBy == by.ID {
		return nil
	}
	return fault.New(spec.ProblemForbidden, "Somebody else began this import. An ADMIN can cancel it.")
}

// ImportUsers takes a file as it arrives and has it imported.
func (h *Handlers) ImportUsers(ctx context.Context, req api.ImportUsersRequestObject) (api.ImportUsersResponseObject, error) {
	by, q := actor.From(ctx), req.Params
	u := Upload{DryRun: q.DryRun != nil && *q.DryRun, SkipBad: q.SkipBad != nil && *q.SkipBad, Mail: q.Mail == nil || *q.Mail}
	if err := h.upload(ctx, req.Body, &u); err != nil {
		return nil, err
	}
	im, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (db.Import, error) {
		im, err := Begin(ctx, tx, by, u)
		if err != nil {
			return im, err
		}
		return im, outbox.Enqueue(ctx, tx, Importing{ImportID: im.ID})
	})
	if err != nil {
		h.forget(ctx, u.ID)
		return nil, err
	}
	body := showImport(by, im)
	return api.ImportUsers202JSONResponse{ImportAcceptedResponseJSONResponse: api.ImportAcceptedResponseJSONResponse{
		Body: body, Headers: api.ImportAcceptedResponseResponseHeaders{Location: spec.GetImportPath(im.ID)},
	}}, nil
}

// upload keeps a file. Errors: body-too-large, and malformed-request when the sender broke off.
func (h *Handlers) upload(ctx context.Context, body io.Reader, u *Upload) (err error) {
	if u.ID, err = uuid.NewV7(); err != nil {
		return err
	}
	digest := sha256.New()
	sent := &sender{r: body}
	u.Size, err = Files{Conn: h.DB, Sealer: h.Files}.Store(ctx, u.ID, io.TeeReader(sent, digest))
	u.Digest = digest.Sum(nil)
	if err == nil {
		return nil
	}
	h.forget(ctx, u.ID)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return fault.New(spec.ProblemBodyTooLarge, "")
	}
	if sent.failed {
		return &fault.Error{Problem: spec.ProblemMalformedRequest, Detail: "The file ended before its end.", Cause: err}
	}
	return err
}

// forget deletes an upload that came to nothing. If that fails, it is swept away in a day.
func (h *Handlers) forget(ctx context.Context, id uuid.UUID) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	_ = Files{Conn: h.DB, Sealer: h.Files}.Delete(ctx, id)
}

// sender tells failures of whoever sends from ours.
type sender struct {
	r      io.Reader
	failed bool
}

// Read reads.
func (s *sender) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.failed = err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// CancelImport ends an import.
func (h *Handlers) CancelImport(ctx context.Context, req api.CancelImportRequestObject) (api.CancelImportResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.CancelImportResponseObject, error) {
		return api.CancelImport204Response{}, Cancel(ctx, tx, actor.From(ctx), req.ImportID)
	})
}

// GetImport shows how far an import is.
func (h *Handlers) GetImport(ctx context.Context, req api.GetImportRequestObject) (api.GetImportResponseObject, error) {
	im, err := db.New().GetImport(ctx, h.DB, req.ImportID)
	if err != nil {
		return nil, err
	}
	return api.GetImport200JSONResponse{ImportResponseJSONResponse: api.ImportResponseJSONResponse{
		Body: showImport(actor.From(ctx), im), Headers: api.ImportResponseResponseHeaders{ETag: etag.Version(im.Version)},
	}}, nil
}
