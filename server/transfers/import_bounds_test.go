package transfers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/transfers"
)

// told lists the problems of an import as line:column detail.
func told(t *testing.T, conn db.DBTX, im db.Import) []string {
	t.Helper()
	problems, err := db.New().ListImportProblems(t.Context(), conn, db.ListImportProblemsParams{ImportID: im.ID, Size: 99})
	require.NoError(t, err)
	out := []string{}
	for _, p := range problems {
		out = append(out, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Detail))
	}
	return out
}

// TestUnclosedQuote: what a quotation mark that is never closed makes of the rest of a file is told, and when that is much of it
// nothing is stored, even where bad rows are left out.
func TestUnclosedQuote(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	const pairs = `2 Quotation marks are not in pairs here. Put "..." around the whole cell, and write each one inside twice.`
	after := func(n int) string { return strings.Repeat("p@example.com,P\n", n) }
	for name, tt := range map[string]struct {
		rows, last string
		reach      int // the line that the row of line 3 ends on
		read       int64
		many       bool
	}{
		"to the end":               {"x@example.com,\"X\n" + after(2000), pairs, 2003, 2, true},
		"to the next mark":         {"x@example.com,\"X\n" + after(150) + "p@example.com,\"P\"\n" + after(9), pairs, 154, 2, true},
		"into a cell":              {"x@example.com,\"X\n" + after(150) + "y@example.com,Y\"\n" + after(9), "2 Use at most 100 characters.", 154, 2, true},
		"as far as is bearable":    {"x@example.com,\"X\n" + after(99) + "p@example.com,\"P\"\nb@example.com,\n", pairs, 103, 3, false},
		"into other cells":         {"x@example.com,\"X\nP\",p,p\nb@example.com,\n", "0 The number of cells in this row is 4, in the header 2.", 4, 3, false},
		"not where it means to be": {"x,\"X\"\nb@example.com,\n", "1 This is not a valid email.", 3, 3, false},
	} {
		file := "email,first_name\na@example.com,\n" + tt.rows
		im, i := begun(t, pool, actor.Operator(), transfers.Upload{SkipBad: true, DryRun: true}, file)
		im = work(t, i, im.ID, file)
		reach := fmt.Sprintf("begins on line 3 and ends on line %d; is a quotation mark never closed?", tt.reach)
		first := "3:" + tt.last
		if tt.reach > 3 {
			first += " This row " + reach
		}
		require.Equal(t, first, told(t, pool, im)[0], name)
		require.Equal(t, []int64{tt.read, 1}, []int64{im.RowsRead, im.RowsBad}, name)
		if tt.many {
			require.Equal(t, spec.ImportStateRefused, im.State, name)
			require.Equal(t, "A row "+reach+" Nothing was stored.", *im.Detail)
		} else {
			require.Equal(t, spec.ImportStateDone, im.State, name)
		}
	}
}

// TestImportBound: a file of more rows than one transaction should hold is refused before any is looked at, unless rows are
// stored some at a time or not at all.
func TestImportBound(t *testing.T) {
	t.Parallel()
	pool, file := dbtest.New(t), many(5)
	for most, upload := range map[int64]transfers.Upload{4: {}, 3: {DryRun: true}, 2: {SkipBad: true}, 5: {}} {
		im, i := begun(t, pool, actor.Operator(), upload, file)
		i.MaxWhole = most
		im = work(t, i, im.ID, file)
		if most == 4 {
			require.Equal(t, []any{spec.ImportStateRefused, int64(0), int64(0)}, []any{im.State, im.RowsRead, im.RowsStored})
			require.Equal(t, "The file has more than 4 rows, too many to store all or none. Store the good ones (skip_bad), or split it into several files.", *im.Detail)
			continue
		}
		require.NotContains(t, fmt.Sprint(im.Detail), "too many", "%d", most)
		require.EqualValues(t, 5, im.RowsRead)
		_, err := pool.Exec(t.Context(), "DELETE FROM users")
		require.NoError(t, err)
	}
}

// TestImportedSpellings: cells are taken as spreadsheets write them, and what is none of it is told how to be written.
func TestImportedSpellings(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	field := `{"name": "vegan", "title": "Vegan", "schema": {"type": "boolean"}}`
	require.Equal(t, http.StatusCreated, srv.Role(spec.RoleADMIN).Send("POST", "/profile-fields", field).Status)
	const file = "email,professional,fields.vegan,created_at\na@example.com,TRUE,False,2024-01-02\nb@example.com,WAHR,1,2.1.2024\n"
	im, i := begun(t, srv.DB, actor.Operator(), transfers.Upload{SkipBad: true}, file)
	im = work(t, i, im.ID, file)
	require.Equal(t, []string{
		"3:2 Write true or false.", "3:3 Write true or false.", "3:4 Write a date or a time, such as 2024-01-02 or 2024-01-02T15:04:05Z.",
	}, told(t, srv.DB, im))
	u, err := db.New().GetUserByEmail(t.Context(), srv.DB, "a@example.com")
	require.NoError(t, err)
	require.Equal(t, []any{true, `{"vegan": false}`, "2024-01-02T00:00:00Z"}, []any{u.Professional, string(u.Fields), u.CreatedAt.UTC().Format(time.RFC3339)})
}
