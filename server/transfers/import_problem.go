package transfers

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
)

// maxProblems is how many problems of an import are kept.
const maxProblems = 10_000

// keep stores problems, which are in the order of the file, and returns how many were kept.
func keep(ctx context.Context, tx pgx.Tx, im db.Import, problems []problem) (int64, error) {
	problems = problems[:min(len(problems), int(maxProblems-im.Problems))]
	if len(problems) == 0 {
		return 0, nil
	}
	number := 0
	return tx.CopyFrom(ctx, pgx.Identifier{"import_problems"}, []string{"import_id", "line", "column", "number", "field", "code", "detail"},
		pgx.CopyFromSlice(len(problems), func(i int) ([]any, error) {
			p := problems[i]
			if number++; i == 0 || problems[i-1].line != p.line || problems[i-1].column != p.column {
				number = 1
			}
			var field *string
			if p.field != "" {
				field = &p.field
			}
			return []any{im.ID, p.line, int32(p.column), int32(number), field, string(p.code), p.detail}, nil
		}))
}

// bad counts the rows that problems, in the order of the file, are about.
func bad(problems []problem) int64 {
	n := int64(0)
	for i, p := range problems {
		if i == 0 || problems[i-1].line != p.line {
			n++
		}
	}
	return n
}

// above counts the rows that asked for a role which is not theirs to give.
func above(problems []problem) int64 {
	n := int64(0)
	for _, p := range problems {
		if p.field == "role" && p.code == spec.FieldProblemNotGrantable {
			n++
		}
	}
	return n
}

// conflict is that another row (0: an account) has what only one account can have.
func conflict(field string, other int64) flaw {
	like := "the same"
	if field == "nickname" {
		like = "the same, or one that looks like it"
	}
	if other == 0 && field == "id" {
		return flaw{spec.FieldProblemTaken, "An account has the same, or had it."}
	}
	if other == 0 {
		return flaw{spec.FieldProblemTaken, fmt.Sprintf("An account has %s.", like)}
	}
	return flaw{spec.FieldProblemDuplicate, fmt.Sprintf("Line %d has %s.", other, like)}
}

// keys are what only one account can have, each with its kind.
func (r *row) keys() [][2]string {
	keys := [][2]string{{"email", r.emailKey}}
	if r.nickname != nil {
		keys = append(keys, [2]string{"nickname", r.nicknameKey}, [2]string{"look", r.look})
	}
	if r.givenID {
		keys = append(keys, [2]string{"id", r.id.String()})
	}
	return keys
}

// fieldOf is the column that a key is made of.
func fieldOf(key [2]string) string {
	if key[0] == "look" {
		return "nickname"
	}
	return key[0]
}
