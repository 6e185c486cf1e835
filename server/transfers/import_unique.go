package transfers

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
)

// unique leaves out rows that want what an account or a row above has, and adds what is wrong with them to the problems.
func (r *run) unique(ctx context.Context, tx pgx.Tx, im db.Import, p portion) (good []row, problems []problem, err error) {
	wanted := db.ListConflictsParams{ImportID: im.ID}
	for _, row := range p.rows {
		id := row.id
		if !row.givenID {
			id = uuid.Nil // made here, so nobody has it
		}
		want(&wanted, row.line, id, row.emailKey, row.nicknameKey, row.look)
	}
	conflicts, err := db.New().ListConflicts(ctx, tx, wanted)
	if err != nil {
		return nil, nil, err
	}
	refused := map[int64]bool{}
	problems = slices.Clone(p.problems) // the transaction may be tried again
	refuse := func(line int64, field string, other int64) {
		refused[line] = true
		problems = append(problems, r.layout.problem(line, field, conflict(field, other)))
	}
	for _, c := range conflicts {
		refuse(c.Line, c.Field, c.Other)
	}
	mine := map[[2]string]int64{}
	for _, row := range p.rows {
		if refused[row.line] {
			continue
		}
		keys := row.keys()
		for _, k := range keys {
			if other, ok := mine[k]; ok {
				refuse(row.line, fieldOf(k), other)
				break
			}
		}
		if refused[row.line] {
			continue
		}
		for _, k := range keys {
			mine[k] = row.line
		}
		good = append(good, row)
	}
	return good, inOrder(problems), nil
}

func inOrder(problems []problem) []problem {
	slices.SortStableFunc(problems, func(a, b problem) int {
		if a.line != b.line {
			return int(a.line - b.line)
		}
		return a.column - b.column
	})
	return problems
}

// want looks for others who have what a row wants; what is left open is empty.
func want(p *db.ListConflictsParams, line int64, id uuid.UUID, emailKey, nicknameKey, look string) {
	p.Lines, p.Ids, p.EmailKeys = append(p.Lines, line), append(p.Ids, id), append(p.EmailKeys, emailKey)
	p.NicknameKeys, p.Skeletons = append(p.NicknameKeys, nicknameKey), append(p.Skeletons, look)
}
