package transfers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	"github.com/usherhq/usher/server/users"
)

// Exporting asks the worker to write the file of an export.
type Exporting struct {
	ExportID uuid.UUID `json:"export_id"`
}

// Kind names the job in the queue.
func (Exporting) Kind() string { return "exporting" }

// InsertOpts keeps it apart from jobs that are short.
func (Exporting) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: Queue} }

// ExportUsers begins an export of the accounts that match the query.
func (h *Handlers) ExportUsers(ctx context.Context, req api.ExportUsersRequestObject) (api.ExportUsersResponseObject, error) {
	by := actor.From(ctx)
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ExportUsersResponseObject, error) {
		e, err := Export(ctx, tx, by, req.Params)
		if err != nil {
			return nil, err
		}
		body := showExport(by, e)
		return api.ExportUsers202JSONResponse{ExportAcceptedResponseJSONResponse: api.ExportAcceptedResponseJSONResponse{
			Body: body, Headers: api.ExportAcceptedResponseResponseHeaders{Location: body.Links.Self.Href},
		}}, nil
	})
}

// GetExport shows the caller how far an export of theirs is.
func (h *Handlers) GetExport(ctx context.Context, req api.GetExportRequestObject) (api.GetExportResponseObject, error) {
	by := actor.From(ctx)
	e, err := db.New().GetExport(ctx, h.DB, req.ExportID, by.ID)
	if err != nil {
		return nil, err
	}
	return api.GetExport200JSONResponse{ExportResponseJSONResponse: api.ExportResponseJSONResponse{
		Body: showExport(by, e), Headers: api.ExportResponseResponseHeaders{ETag: etag.Version(e.Version)},
	}}, nil
}

// DownloadExport sends the file, or nothing to those who have it.
func (h *Handlers) DownloadExport(ctx context.Context, req api.DownloadExportRequestObject) (api.DownloadExportResponseObject, error) {
	tag, has := req.ExportID.String(), req.Params.IfNoneMatch
	known := has != nil && etag.Matches(*has, `"`+tag+`"`)
	e, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (db.Export, error) { return download(ctx, tx, req.ExportID, known) })
	if err != nil {
		return nil, err
	}
	file := api.ExportFileResponseTextCsvResponse{
		Body: strings.NewReader(""), ContentLength: e.Size,
		Headers: api.ExportFileResponseResponseHeaders{
			ETag: tag, ContentDisposition: fmt.Sprintf(`attachment; filename="users-%s.csv"`, e.CreatedAt.UTC().Format(time.DateOnly)),
		},
	}
	if !known {
		file.Body = Files{Conn: h.DB, Sealer: h.Files}.Open(ctx, e.ID, e.Size)
	}
	return api.DownloadExport200TextCsvResponse{ExportFileResponseTextCsvResponse: file}, nil
}

// Export begins an export of the accounts that are asked for. Only who began it reads it. Errors: invalid-request.
func Export(ctx context.Context, tx pgx.Tx, by actor.Actor, asked spec.ExportUsersParams) (e db.Export, err error) {
	f, err := users.NewFilter(ctx, tx, asked)
	if err != nil {
		return e, err
	}
	filter, err := json.Marshal(f)
	if err != nil {
		return e, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return e, err
	}
	e, err = db.New().CreateExport(ctx, tx, db.CreateExportParams{ID: id, CreatedBy: by.ID, Filter: filter})
	if err != nil {
		return e, err
	}
	return e, errors.Join(RecordExport(ctx, tx, asked), outbox.Enqueue(ctx, tx, Exporting{ExportID: id}))
}

// RecordExport writes down which accounts the actor of ctx exports. What they search for stays out of the log, which nobody
// can take a name or an address out of again.
func RecordExport(ctx context.Context, tx pgx.Tx, asked spec.ExportUsersParams) error {
	for _, term := range []**string{&asked.Q, &asked.Text} {
		if *term != nil {
			*term = new("not kept")
		}
	}
	if asked.Field != nil {
		var names []string
		for _, value := range *asked.Field {
			name, _, _ := strings.Cut(value, ":")
			names = append(names, name)
		}
		asked.Field = &names
	}
	return outbox.Record(ctx, tx, outbox.ExportStarted, uuid.Nil, map[string]any{"filter": asked})
}

// download reads an export of the actor of ctx and writes down that they take the file, unless they have it. Errors:
// not-found, not-finished.
func download(ctx context.Context, tx pgx.Tx, id uuid.UUID, known bool) (db.Export, error) {
	e, err := db.New().GetExport(ctx, tx, id, actor.From(ctx).ID)
	if err != nil {
		return e, err
	}
	if err := canDownload(e); err != nil || known {
		return e, err
	}
	return e, outbox.Record(ctx, tx, outbox.ExportDownloaded, uuid.Nil, map[string]any{"export_id": e.ID, "rows": e.Rows})
}

func canDownload(e db.Export) error {
	if e.State != spec.ExportStateDone {
		return fault.New(spec.ProblemNotFinished, "")
	}
	return nil
}

func showExport(by actor.Actor, e db.Export) spec.Export {
	l := spec.ExportLinks(by.Caller, e.ID)
	l.File = l.File.Unless(canDownload(e))
	return spec.Export{
		ID: e.ID, State: e.State, Rows: e.Rows, Size: e.Size, Detail: e.Detail,
		CreatedAt: e.CreatedAt, FinishedAt: e.FinishedAt, ExpiresAt: e.ExpiresAt, Links: l,
	}
}
