package main

import (
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/usherhq/usher/cmd/usher/remote"
)

// apiCommand calls a service that runs somewhere. Its own commands are made when the command line is about them, when it
// asks for help with them, and when a shell completes them.
func apiCommand(args []string) *cobra.Command {
	if len(args) > 0 && slices.Contains([]string{"help", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0]) {
		args = args[1:]
	}
	return remote.API(remoteSettings(), len(args) > 0 && args[0] == "api")
}

func remoteSettings() remote.Settings {
	return remote.Settings{Version: version(), Getenv: os.Getenv, Folder: os.UserConfigDir}
}
