package transfers

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/users"
)

// name makes up nicknames for rows without one: such as no account has and no other row.
func name(ctx context.Context, tx pgx.Tx, importID uuid.UUID, rows []db.ListImportRowsRow) error {
	var lines []int64
	for _, row := range rows {
		if row.NicknameKey == nil {
			lines = append(lines, row.Line)
		}
	}
	made, used := db.NameImportRowsParams{ImportID: importID}, map[string]bool{}
	for open := lines; len(open) > 0; {
		tried := suggest(importID, open, used)
		conflicts, err := db.New().ListConflicts(ctx, tx, tried.ListConflictsParams)
		if err != nil {
			return err
		}
		taken := map[int64]bool{}
		for _, c := range conflicts {
			taken[c.Line] = true
		}
		var again []int64
		for i, line := range open {
			if taken[line] {
				again = append(again, line)
				continue
			}
			made.Lines, made.Nicknames = append(made.Lines, line), append(made.Nicknames, tried.nicknames[i])
			made.NicknameKeys, made.Skeletons = append(made.NicknameKeys, tried.NicknameKeys[i]), append(made.Skeletons, tried.Skeletons[i])
		}
		open = again
	}
	if len(lines) == 0 {
		return nil
	}
	return db.New().NameImportRows(ctx, tx, made)
}

// suggestions are nicknames, and what to look for to know that they are free.
type suggestions struct {
	db.ListConflictsParams
	nicknames []string
}

// suggest makes up a nickname for each line, none of them used before.
func suggest(importID uuid.UUID, lines []int64, used map[string]bool) suggestions {
	s := suggestions{ListConflictsParams: db.ListConflictsParams{ImportID: importID}}
	for _, line := range lines {
		nickname := users.MakeUpNickname()
		key, look := users.NicknameKeys(nickname)
		for used[look] {
			nickname = users.MakeUpNickname()
			key, look = users.NicknameKeys(nickname)
		}
		used[look] = true
		s.nicknames = append(s.nicknames, nickname)
		want(&s.ListConflictsParams, line, uuid.Nil, "", key, look)
	}
	return s
}
