package transfers

import (
	"context"
	"errors"
	"math"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/page"
)

// ListImports shows staff what was imported lately.
func (h *Handlers) ListImports(ctx context.Context, _ api.ListImportsRequestObject) (api.ListImportsResponseObject, error) {
	by := actor.From(ctx)
	rows, err := page.Fetch(page.From(ctx), page.List[db.Import, uuid.UUID]{
		Start: uuid.Max,
		Key:   func(im db.Import) uuid.UUID { return im.ID },
		After: func(id uuid.UUID, size int32) ([]db.Import, error) { return db.New().ListImports(ctx, h.DB, id, size) },
		Before: func(id uuid.UUID, size int32) ([]db.Import, error) {
			return db.New().ListImportsBack(ctx, h.DB, id, size)
		},
	})
	if err != nil {
		return nil, err
	}
	body := spec.ImportPage{Items: make([]spec.Import, len(rows.Items)), Links: rows.Links}
	for i, im := range rows.Items {
		body.Items[i] = showImport(by, im)
	}
	body.Links.Create = spec.ImportPageLinks(by.Caller).Create
	return api.ListImports200JSONResponse{ImportPageResponseJSONResponse: api.ImportPageResponseJSONResponse{
		Body: body, Headers: api.ImportPageResponseResponseHeaders{Link: page.Header(body.Links)},
	}}, nil
}

// problemPlace is where a problem is among those of an import.
type problemPlace struct {
	Line           int64
	Column, Number int32
}

// ListImportProblems shows staff what is wrong with the rows of an import. Errors: not-found.
func (h *Handlers) ListImportProblems(ctx context.Context, req api.ListImportProblemsRequestObject) (api.ListImportProblemsResponseObject, error) {
	if _, err := db.New().GetImport(ctx, h.DB, req.ImportID); err != nil {
		return nil, err
	}
	rows, err := page.Fetch(page.From(ctx), page.List[db.ImportProblem, problemPlace]{
		Start: problemPlace{Line: math.MinInt64},
		Key:   func(p db.ImportProblem) problemPlace { return problemPlace{p.Line, p.Column, p.Number} },
		After: func(at problemPlace, size int32) ([]db.ImportProblem, error) {
			return db.New().ListImportProblems(ctx, h.DB, db.ListImportProblemsParams{
				ImportID: req.ImportID, Line: at.Line, Col: at.Column, Number: at.Number, Size: size,
			})
		},
		Before: func(at problemPlace, size int32) ([]db.ImportProblem, error) {
			return db.New().ListImportProblemsBack(ctx, h.DB, db.ListImportProblemsBackParams{
				ImportID: req.ImportID, Line: at.Line, Col: at.Column, Number: at.Number, Size: size,
			})
		},
	})
	if err != nil {
		return nil, err
	}
	body := spec.ImportProblemPage{Items: make([]spec.ImportProblem, len(rows.Items)), Links: rows.Links}
	for i, p := range rows.Items {
		body.Items[i] = spec.ImportProblem{Line: p.Line, Column: int(p.Column), Field: p.Field, Code: spec.FieldProblem(p.Code), Detail: p.Detail}
	}
	return api.ListImportProblems200JSONResponse{ImportProblemPageResponseJSONResponse: api.ImportProblemPageResponseJSONResponse{
		Body: body, Headers: api.ImportProblemPageResponseResponseHeaders{Link: page.Header(body.Links)},
	}}, nil
}

func showImport(by actor.Actor, im db.Import) spec.Import {
	l := spec.ImportLinks(by.Caller, im.ID)
	l.Cancel = l.Cancel.Unless(errors.Join(isOver(im), canCancel(by, im)))
	return spec.Import{
		ID: im.ID, State: im.State, DryRun: im.DryRun, SkipBad: im.SkipBad, Mail: im.Mail, Progress: float32(Progress(im)),
		RowsRead: im.RowsRead, RowsBad: im.RowsBad, RowsStored: im.RowsStored, Detail: im.Detail, CreatedBy: im.CreatedBy,
		CreatedAt: im.CreatedAt, FinishedAt: im.FinishedAt, Links: l,
	}
}

var errNothingToCancel = errors.New("the import is over")

func isOver(im db.Import) error {
	if im.FinishedAt != nil {
		return errNothingToCancel
	}
	return nil
}

// Progress is how much of an import is done, from 0 to 1: checking is the first half of it, storing the second.
func Progress(im db.Import) float64 {
	if im.State == spec.ImportStateDone {
		return 1
	}
	read := 1.0
	if im.Size > 0 {
		read = float64(im.Read) / float64(im.Size)
	}
	if im.DryRun {
		return read
	}
	written := 0.0
	if good := im.RowsRead - im.RowsBad; good > 0 && im.State == spec.ImportStateStoring {
		written = float64(im.RowsWritten) / float64(good)
	}
	return min(1, (read+written)/2)
}
