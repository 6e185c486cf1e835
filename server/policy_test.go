package server_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestPolicy keeps a readable table of who may call what, so that every change of rights shows up in review. "own"
// means the caller's own resource only.
func TestPolicy(t *testing.T) {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprint(table, "operation\tnobody")
	for _, r := range spec.Roles() {
		fmt.Fprintf(table, "\t%s", r)
	}
	fmt.Fprintln(table)
	operations := spec.Operations()
	slices.SortFunc(operations, func(a, b *spec.Operation) int { return strings.Compare(a.ID, b.ID) })
	for _, op := range operations {
		fmt.Fprintf(table, "%s\t%s", op.ID, mark(op, spec.Caller{}))
		for _, r := range spec.Roles() {
			fmt.Fprintf(table, "\t%s", mark(op, spec.Caller{ID: uuid.New(), Scopes: spec.RoleScopes(r)}))
		}
		fmt.Fprintln(table)
	}
	require.NoError(t, table.Flush())

	const golden = "testdata/policy.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

func mark(op *spec.Operation, c spec.Caller) string {
	switch {
	case op.Allows(c, uuid.Nil) && op.Own&^op.Any != 0 && c.Scopes&op.Any == 0:
		return "own"
	case op.Allows(c, uuid.Nil):
		return "yes"
	case op.Allows(c, c.ID) && c.ID != uuid.Nil:
		return "own"
	}
	return "-"
}
