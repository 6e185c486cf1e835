package transfers

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEscape: what a spreadsheet would run gets an apostrophe, what somebody wrote with one gets another, the rest stays.
func TestEscape(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "ada": "ada", "1+1": "1+1", "'": "'", "''": "''", "'tis": "'tis", "\u0020=1": "\u0020=1", "é": "é", "\xff": "\xff", "�": "�",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@sum": "'@sum", "\t=1": "'\t=1", "\r": "'\r", "\n=1": "'\n=1",
		"＝1": "'＝1", "＋": "'＋", "－": "'－", "＠": "'＠", "'=1": "''=1", "''@": "'''@", "'\t": "''\t",
	} {
		require.Equal(t, want, Escape(cell))
		require.Equal(t, cell, unescape(want))
	}
}

// FuzzEscape: whatever is escaped comes back as it was, and nothing that is escaped begins like a formula.
func FuzzEscape(f *testing.F) {
	for _, cell := range []string{"", "'", "=1", "'=1", "''=1", "＝", "\xef\xbc", "'\xff", "\r\n", "'ada"} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		escaped := Escape(cell)
		require.Equal(t, cell, unescape(escaped))
		for _, c := range formula {
			require.False(t, strings.HasPrefix(escaped, string(c)), "%q", escaped)
		}
	})
}
