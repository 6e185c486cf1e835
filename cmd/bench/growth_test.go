package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGrowthQuick sees whether everything that is measured as the service grows still works.
func TestGrowthQuick(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"growth", "-quick"}, &out, t.Output()))
	for _, f := range figures() {
		require.Contains(t, out.String(), "| "+f.what+" ")
	}
	require.Contains(t, out.String(), "| 4,000 users")
}

func TestGrowthOptions(t *testing.T) {
	for _, args := range [][]string{{"-users", "100"}, {"-users", "1000,many"}, {"-slow"}} {
		_, err := parseGrowth(args, t.Output())
		require.Error(t, err, args)
	}
}
