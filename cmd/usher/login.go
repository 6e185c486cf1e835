package main

import (
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/cmd/usher/remote"
)

func loginCommand() *cobra.Command { return remote.Login(remoteSettings()) }

func logoutCommand() *cobra.Command { return remote.Logout(remoteSettings()) }
