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
	"github.com/usherhq/usher/server/apitest"
)

const (
	soon = 20 * time.Second
	tick = 20 * time.Millisecond
)

// send uploads a file.
func send(c *apitest.Client, query, file string) spec.Import {
	return apitest.Do[spec.Import](c.With("Content-Type", "text/csv"), "POST", "/imports"+query, file, http.StatusAccepted)
}

// over waits for the end of an import.
func over(t *testing.T, c *apitest.Client, im spec.Import) spec.Import {
	t.Helper()
	require.Eventually(t, func() bool {
		im = apitest.Do[spec.Import](c, "GET", "/imports/"+im.ID.String(), nil, http.StatusOK)
		return im.FinishedAt != nil
	}, soon, tick)
	return im
}

// wrong lists the problems of an import as line:column field code.
func wrong(c *apitest.Client, im spec.Import) []string {
	out := []string{}
	for _, p := range apitest.Do[spec.ImportProblemPage](c, "GET", "/imports/"+im.ID.String()+"/problems?limit=100", nil, http.StatusOK).Items {
		field := "-"
		if p.Field != nil {
			field = *p.Field
		}
		out = append(out, fmt.Sprintf("%d:%d %s %s", p.Line, p.Column, field, p.Code))
	}
	return out
}

// TestImport (F10.4): every column arrives, each account is announced and logged under whoever imports, and those without a
// password are mailed how to choose one.
func TestImport(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	boss := srv.User(spec.RoleADMIN)
	admin := srv.As(boss)
	im := over(t, admin, send(admin, "", "\ufeffemail,nickname,first_name,last_name,bio,location,locale,time_zone,website_url,linkedin_url,github_url,"+
		"role,status,professional,email_verified_at,id,created_at,last_login_at\r\n"+
		"Ada@example.com,ada,Ada,Lovelace,\"Says \"\"hello\"\",\r\nand more\",London,en-GB,Europe/London,https://example.com,https://linkedin.com/in/a,https://github.com/a,"+
		"MODERATOR,suspended,TRUE,2020-01-02T03:04:05.123456Z,01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e,2019-01-01T00:00:00Z,2021-01-01T00:00:00+01:00\r\n"+
		"bob@example.com,,'=Bob,,,,,,,,,,,,,,,\r\n"))
	require.Equal(t, spec.ImportStateDone, im.State)
	require.Equal(t, []int64{2, 0, 2}, []int64{im.RowsRead, im.RowsBad, im.RowsStored})
	require.InDelta(t, 1, im.Progress, 0)
	require.Equal(t, []string{"self", "problems"}, apitest.Rels(im.Links))

	ada := apitest.Do[spec.User](admin, "GET", "/users/01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e", nil, http.StatusOK)
	require.Equal(t, []any{"Ada@example.com", "ada", "Says \"hello\",\nand more", spec.RoleMODERATOR, spec.UserStatusSuspended, true, "2019-01-01T00:00:00Z"},
		[]any{ada.Email, ada.Nickname, *ada.Bio, ada.Role, ada.Status, ada.Professional, ada.CreatedAt.Format(time.RFC3339)})
	require.Equal(t, "2020-01-02T03:04:05.123456Z", ada.EmailVerifiedAt.Format(time.RFC3339Nano))
	bob, err := db.New().GetUserByEmail(t.Context(), srv.DB, "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, []any{"=Bob", spec.RoleAUTHENTICATED, spec.UserStatusActive, (*time.Time)(nil)}, []any{*bob.FirstName, bob.Role, bob.Status, bob.EmailVerifiedAt})
	require.NotEmpty(t, bob.Nickname)
	require.Contains(t, smtp.Wait(t, "bob@example.com").Text, "/reset-password")

	require.Equal(t, []string{"user.created", "user.created"}, srv.Facts())
	rows, err := srv.DB.Query(t.Context(), "SELECT action, actor_id FROM audit_entries ORDER BY id")
	require.NoError(t, err)
	defer rows.Close()
	var logged []string
	for rows.Next() {
		var action, by string
		require.NoError(t, rows.Scan(&action, &by))
		require.Equal(t, boss.ID.String(), by)
		logged = append(logged, action)
	}
	require.Equal(t, []string{"import.started", "user.created", "user.created", "import.finished"}, logged)
	var left int
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM import_rows) + (SELECT count(*) FROM file_chunks)").Scan(&left))
	require.Zero(t, left, "nothing of the file is kept")
}

// TestImportProblems: each cell is held to the contract, and what is wrong is told by line and column.
func TestImportProblems(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.Work()
	admin := srv.Role(spec.RoleADMIN)
	have := srv.User(spec.RoleAUTHENTICATED)
	long := strings.Repeat("x", 101)
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"empty":                {"", []string{"1:0 - empty"}},
		"blank":                {"\n\n", []string{"1:0 - empty"}},
		"no email":             {"nickname\nada\n", []string{"1:0 email required"}},
		"unknown columns":      {"email,mail,,fields.x\n", []string{"1:2 mail unknown", "1:3 - unknown", "1:4 fields.x unknown"}},
		"a column twice":       {"email,nickname,email\n", []string{"1:3 email duplicate"}},
		"a wide header":        {"email" + strings.Repeat(",x", 200) + "\n", []string{"1:0 - too-many"}},
		"an endless header":    {"email" + strings.Repeat(",", 1<<20-10) + "\n", []string{"1:0 - too-long"}},
		"an endless row":       {"email\n" + strings.Repeat(",", 1<<20-10) + "\n", []string{"2:0 - too-long"}},
		"no header":            {"ada@example.com,Ada,location\n", []string{"1:0 - invalid"}},
		"no known column":      {"Ada,correct horse battery staple\n", []string{"1:0 - invalid"}},
		"an odd column":        {"email,hunter2!,$2a$10$abc,Mail.2\n", []string{"1:2 - unknown", "1:3 - unknown", "1:4 Mail.2 unknown"}},
		"a column in capitals": {"email,EMAIL\n", []string{"1:2 email duplicate"}},
		"semicolons":           {"email;nickname\nx;a,b\n", []string{"2:1 email format", "2:2 nickname pattern"}},
		"UTF-16":               {"\xff\xfee\x00m\x00", []string{"1:0 - encoding"}},
		"cells":                {"email,nickname\na@example.com\nb@example.com,bob,x\n", []string{"2:0 - invalid", "3:0 - invalid"}},
		"no address":           {"email,nickname\n,ada\n", []string{"2:1 email required"}},
		"bad cells":            {"email,nickname,first_name,time_zone\nx,a b," + long + ",Mars/One\n", []string{"2:1 email format", "2:2 nickname pattern", "2:3 first_name too-long", "2:4 time_zone format"}},
		"Latin 1":              {"email,first_name\na@example.com,Ren\xe9\n", []string{"2:2 first_name encoding"}},
		"a NUL":                {"email,first_name\na@example.com,a\x00b\n", []string{"2:2 first_name pattern"}},
		"a line break":         {"email,first_name\na@example.com,\"a\nb\"\nx,\n", []string{"2:2 first_name pattern", "4:1 email format"}},
		"CRLF":                 {"email\r\nx\r\n\r\ny\r\n", []string{"2:1 email format", "4:1 email format"}},
		"quotes":               {"email,bio\na@example.com,a\"b\nb@example.com,\"a\"b\nc@example.com,\"a\n", []string{"2:2 - format", "3:2 - format", "4:2 - format"}},
		"an endless cell":      {"email,bio\na@example.com,\"" + strings.Repeat("x\n", 600<<10), []string{"2:0 - too-long"}},
		"roles and states":     {"email,role,status,professional\na@example.com,admin,gone,yes\n", []string{"2:2 role enum", "2:3 status enum", "2:4 professional type"}},
		"times":                {"email,created_at,email_verified_at\na@example.com,yesterday,2999-01-01T00:00:00Z\nb@example.com,0000-01-01T00:00:00+14:00,1969-12-31T23:59:59Z\n", []string{"2:2 created_at format", "2:3 email_verified_at invalid", "3:2 created_at invalid", "3:3 email_verified_at invalid"}},
		"ids":                  {"email,id\na@example.com,7\nb@example.com,00000000-0000-0000-0000-000000000000\n", []string{"2:2 id format", "3:2 id format"}},
		"passwords":            {"email,password,password_hash\na@example.com,short,\nb@example.com,," + long + "\nc@example.com,c@example.com-c@ex,\n", []string{"2:2 password too-short", "3:3 password_hash format", "4:2 password own-data"}},
		"a password and hash":  {"email,password,password_hash\na@example.com,tall ships sail at noon,$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq\n", []string{"2:3 password_hash invalid"}},
		"taken":                {"email,nickname,id\n" + strings.ToUpper(have.Email) + ",,\nb@example.com," + have.Nickname + ",\nc@example.com,,\"" + have.ID.String() + "\"\n", []string{"2:1 email taken", "3:2 nickname taken", "4:3 id taken"}},
		"twice":                {"email,nickname,id\na@example.com,mum,\nA@example.com,,\nb@example.com,MUM,\nc@example.com,rnurn,\nd@example.com,,01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e\ne@example.com,,01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e\n", []string{"3:1 email duplicate", "4:2 nickname duplicate", "5:2 nickname duplicate", "7:3 id duplicate"}},
	} {
		t.Run(name, func(t *testing.T) {
			im := over(t, admin, send(admin, "", tt.file))
			require.Equal(t, spec.ImportStateRefused, im.State)
			require.NotNil(t, im.Detail)
			require.Zero(t, im.RowsStored)
			if tt.want != nil {
				require.Equal(t, tt.want, wrong(admin, im))
			}
		})
	}
	require.EqualValues(t, 2, total(t, srv.DB))
	im := over(t, admin, send(admin, "", "email\n"))
	require.Equal(t, spec.ImportStateDone, im.State, "a file of no rows is one")
}
