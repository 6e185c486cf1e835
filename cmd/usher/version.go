package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return withOutput(&cobra.Command{
		Use: "version", Short: "Show the version", Args: cobra.NoArgs,
		Long:    "Version shows the version of this program, or the commit it was built from.",
		Example: "  usher version",
		RunE: func(c *cobra.Command, _ []string) error {
			return say(c, map[string]string{"version": version()}, "usher %s\n", version())
		},
	})
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && info.Main.Version == "(devel)" {
			return s.Value
		}
	}
	return info.Main.Version
}
