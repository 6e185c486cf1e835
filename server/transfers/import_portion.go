package transfers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/users"
)

// stored is what became of a portion of rows.
type stored struct {
	last     int64 // line; 0: there was no row left
	stored   int64
	problems []problem
}

// storePortion makes accounts of the rows that follow a line.
func storePortion(ctx context.Context, tx pgx.Tx, im db.Import, after int64) (stored, error) {
	rows, err := db.New().ListImportRows(ctx, tx, db.ListImportRowsParams{ImportID: im.ID, After: after, Size: portionRows})
	if err != nil || len(rows) == 0 {
		return stored{}, err
	}
	out := stored{last: rows[len(rows)-1].Line}
	if rows, out.problems, err = outdated(ctx, tx, im, rows); err != nil {
		return out, err
	}
	const tries = 5 // each is for names that somebody took between looking and storing
	for try := 0; len(rows) > 0; try++ {
		if try == tries {
			return out, errors.New("nicknames that are made up are always taken")
		}
		if err := name(ctx, tx, im.ID, rows); err != nil {
			return out, err
		}
		made, err := db.New().StoreImportRows(ctx, tx, db.StoreImportRowsParams{ImportID: im.ID, After: after, Last: out.last})
		if err != nil {
			return out, err
		}
		if err := announce(ctx, tx, im, made); err != nil {
			return out, err
		}
		out.stored += int64(len(made))
		var problems []problem
		if rows, problems, err = left(ctx, tx, im, rows, made); err != nil {
			return out, err
		}
		out.problems = append(out.problems, problems...)
	}
	out.problems = inOrder(out.problems)
	return out, db.New().DeleteImportRows(ctx, tx, db.DeleteImportRowsParams{ImportID: im.ID, After: after, Last: out.last})
}

// outdated leaves out rows with profile fields that were defined anew since they were checked, and says what is wrong.
// From here on definitions stay as they are until the transaction ends.
func outdated(ctx context.Context, tx pgx.Tx, im db.Import, rows []db.ListImportRowsRow) (good []db.ListImportRowsRow, problems []problem, err error) {
	var fields users.Fields
	for _, row := range rows {
		if err := ctx.Err(); err != nil { // fields can take long to check
			return nil, nil, err
		}
		var values map[string]any
		if string(row.Fields) != "{}" {
			if fields == nil {
				if fields, err = users.LoadFields(ctx, tx); err != nil {
					return nil, nil, err
				}
			}
			if values, err = decode(row.Fields); err != nil {
				return nil, nil, err
			}
		}
		refused := fields.Check(values)
		for _, f := range refused {
			problems = append(problems, problem{row.Line, 0, fieldName(f.Pointer), flaw{f.Code, f.Detail}})
		}
		if len(refused) == 0 {
			good = append(good, row)
			continue
		}
		if err := db.New().DeleteImportRows(ctx, tx, db.DeleteImportRowsParams{ImportID: im.ID, After: row.Line - 1, Last: row.Line}); err != nil {
			return nil, nil, err
		}
	}
	return good, problems, nil
}

// announce records that accounts were made, and has their owners mailed.
func announce(ctx context.Context, tx pgx.Tx, im db.Import, made []db.StoreImportRowsRow) error {
	if len(made) == 0 {
		return nil
	}
	by := actor.From(ctx).By()
	facts := make([]spec.UserCreated, len(made))
	var mails []river.JobArgs
	for i, u := range made {
		facts[i] = spec.UserCreated{UserID: u.ID, By: by, Role: u.Role}
		switch {
		case !im.Mail || u.Status != spec.UserStatusActive:
		case !u.HasPassword:
			mails = append(mails, users.PasswordMail{UserID: u.ID, New: true})
		case !u.Verified:
			mails = append(mails, users.VerificationMail{UserID: u.ID})
		}
	}
	if err := outbox.EmitAll(ctx, tx, facts); err != nil {
		return err
	}
	return outbox.EnqueueAll(ctx, tx, mails)
}

// left are the rows that were not stored and can be under another name, and what is wrong with the others.
func left(ctx context.Context, tx pgx.Tx, im db.Import, rows []db.ListImportRowsRow, made []db.StoreImportRowsRow) ([]db.ListImportRowsRow, []problem, error) {
	is := map[uuid.UUID]bool{}
	for _, u := range made {
		is[u.ID] = true
	}
	wanted := db.ListConflictsParams{ImportID: im.ID}
	var again []db.ListImportRowsRow
	for _, row := range rows {
		if is[row.ID] {
			continue
		}
		again = append(again, row)
		if row.NicknameKey == nil {
			want(&wanted, row.Line, row.ID, row.EmailKey, "", "")
		} else {
			want(&wanted, row.Line, row.ID, row.EmailKey, *row.NicknameKey, *row.NicknameSkeleton)
		}
	}
	if len(again) == 0 {
		return nil, nil, nil
	}
	conflicts, err := db.New().ListConflicts(ctx, tx, wanted)
	refused, problems := map[int64]bool{}, []problem{}
	for _, c := range conflicts {
		refused[c.Line] = true
		problems = append(problems, problem{c.Line, 0, c.Field, conflict(c.Field, c.Other)})
	}
	again = slices.DeleteFunc(again, func(row db.ListImportRowsRow) bool { return refused[row.Line] })
	return again, problems, err
}

// decode reads the profile fields of a row, with numbers as they were when they were checked: as they are written.
func decode(raw json.RawMessage) (map[string]any, error) {
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	var values map[string]any
	return values, in.Decode(&values)
}
