// Package dev is what `usher dev` has instead of the outside world: a private Postgres that nobody has to install, and a
// mailbox that shows the mails.
package dev

import (
	"errors"
	"log/slog"
)

// ErrNotInstalled is StartPostgres's answer when there is no usable Postgres and it may not download one.
var ErrNotInstalled = errors.New("no Postgres 15 or newer is installed")

// PostgresOptions say how StartPostgres may behave. The zero value keeps the data safe and downloads what is missing.
type PostgresOptions struct {
	Throwaway bool         // for tests: fast, takes many connections, loses its data with the machine
	Detached  bool         // goes on when this process dies; somebody else sees to its end
	Installed bool         // use what is on this machine or fail with ErrNotInstalled; no download
	Cache     string       // the folder for a downloaded build; empty: the user's cache folder
	Log       *slog.Logger // hears of what takes long; nil: nobody does

	places []string // where to look for an installed Postgres; nil: where it usually is
}
