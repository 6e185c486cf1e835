package server_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Which of our packages each package may import; a package that is not listed fails the test.
var allowed = map[string]string{
	"gen":              "",
	"gen/spec":         "",
	"gen/api":          "gen/spec",
	"gen/client":       "gen/spec",
	"gen/db":           "gen/spec",
	"gen/web":          "",
	"schema":           "",
	"server/fault":     "gen/spec server/password",
	"server/actor":     "gen/db gen/spec",
	"server/audit":     "gen/api gen/db gen/spec server/actor server/fault server/page server/store",
	"server/store":     "",
	"server/outbox":    "gen/db gen/spec server/actor",
	"server/etag":      "gen/spec server/fault",
	"server/page":      "gen/spec server/fault server/token",
	"server/contract":  "gen/spec server/fault",
	"server/password":  "",
	"server/otp":       "",
	"server/qr":        "",
	"server/token":     "",
	"server/mail":      "",
	"server/dev":       "server/mail",
	"server/site":      "gen/web",
	"server/users":     "gen/api gen/db gen/spec server/actor server/contract server/etag server/fault server/outbox server/page server/password server/store",
	"server/auth":      "gen/api gen/db gen/spec server/actor server/etag server/fault server/otp server/outbox server/page server/password server/qr server/store server/token server/users",
	"server/fields":    "gen/api gen/db gen/spec server/actor server/contract server/etag server/fault server/outbox server/page server/store server/users",
	"server/transfers": "gen/api gen/db gen/spec server/actor server/contract server/etag server/fault server/outbox server/page server/password server/store server/token server/users",
	"server/worker":    "gen/db gen/spec server/actor server/auth server/fault server/fields server/mail server/outbox server/password server/store server/token server/transfers server/users",
	"server":           "gen/api gen/db gen/spec server/actor server/audit server/auth server/contract server/etag server/fault server/fields server/outbox server/page server/password server/store server/token server/transfers server/users",
}

// Commands and what tests stand on may import anything.
var free = []string{"cmd/", "server/apitest", "server/dbtest", "server/mail/smtptest"}

func TestImports(t *testing.T) {
	const module = "github.com/usherhq/usher/"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "../...").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		pkg := strings.TrimPrefix(path, module)
		if isFree(pkg) {
			continue
		}
		may, ruled := allowed[pkg]
		require.True(t, ruled, "say in this test what %s may import", pkg)
		for imp := range strings.FieldsSeq(imports) {
			if name, ours := strings.CutPrefix(imp, module); ours {
				require.Contains(t, strings.Fields(may), name, "%s must not import %s", pkg, name)
			}
			if strings.HasPrefix(imp, "github.com/labstack/echo") {
				require.Contains(t, []string{"gen/api", "server"}, pkg, "%s must not know Echo", pkg)
			}
		}
	}
}

func isFree(pkg string) bool {
	for _, prefix := range free {
		if strings.HasPrefix(pkg, prefix) {
			return true
		}
	}
	return false
}
