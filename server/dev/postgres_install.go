//go:build unix

package dev

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// oldest is the first version of Postgres that the migrations and queries are written for.
const oldest = 15

// binaries returns the folder with the programs of the Postgres that made the data, or of any if there is no data yet.
func (f *folder) binaries(ctx context.Context, made int, opts PostgresOptions) (string, error) {
	seen := 0
	for _, bin := range installed(opts.places) {
		major := f.version(ctx, bin)
		if major >= oldest && (made == 0 || made == major) {
			return bin, nil
		}
		seen = max(seen, major)
	}
	switch {
	case made == 0 && opts.Installed:
		return "", ErrNotInstalled
	case made == 0 || made == portableMajor && !opts.Installed:
		return f.portable(ctx, opts)
	case seen == 0:
		return "", fmt.Errorf("the database in %s was made by Postgres %d, which is not installed: install it, or move %s away to start with an empty database", f.dir, made, f.data())
	default:
		return "", fmt.Errorf("the database in %s was made by Postgres %d, but this machine has %d: install %d, or move %s away to start with an empty database", f.dir, made, seen, made, f.data())
	}
}

// installed lists the folders that hold a Postgres, in order of preference: what is on the PATH, then the places where
// packages put it, newest first.
func installed(places []string) []string {
	if places == nil {
		places = append(filepath.SplitList(os.Getenv("PATH")),
			"/usr/lib/postgresql/*/bin",                      // Debian, Ubuntu
			"/usr/pgsql-*/bin",                               // Red Hat, from postgresql.org
			"/usr/libexec/postgresql*",                       // Alpine
			"/opt/homebrew/opt/postgresql*/bin",              // Mac
			"/usr/local/opt/postgresql*/bin",                 // Mac, Intel
			"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin", //
			"/Applications/Postgres.app/Contents/Versions/*/bin")
	}
	var found []string
	for _, place := range places {
		dirs, _ := filepath.Glob(place)
		slices.Sort(dirs)
		slices.Reverse(dirs)
		found = append(found, slices.DeleteFunc(dirs, func(dir string) bool { return !complete(dir) })...)
	}
	return found
}

func complete(bin string) bool {
	for _, program := range []string{"postgres", "initdb"} {
		if info, err := os.Stat(filepath.Join(bin, program)); err != nil || info.IsDir() {
			return false
		}
	}
	return filepath.IsAbs(bin)
}

var versionNumber = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// version is the major version of the Postgres in bin; 0 if who the server runs as cannot run it.
func (f *folder) version(ctx context.Context, bin string) int {
	out, err := f.command(ctx, bin, "postgres", "--version").Output()
	m := versionNumber.FindSubmatch(out)
	if err != nil || m == nil {
		return 0
	}
	major, _ := strconv.Atoi(string(m[1]))
	return major
}
