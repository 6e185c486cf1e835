//go:build unix

package dev

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account chooses who the server runs as. That is us, unless we are root, whom Postgres refuses: then it is the owner of
// the data, if there is any (who sudo was called by, perhaps), or else a user that the system has for such things.
func account(data string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	if info, err := os.Stat(data); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			return &syscall.Credential{Uid: st.Uid, Gid: st.Gid}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, bad := strconv.ParseInt(u.Uid, 10, 64) // -2 is nobody on a Mac
		gid, worse := strconv.ParseInt(u.Gid, 10, 64)
		if bad == nil && worse == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("Postgres refuses to run as root, and there is neither a user postgres nor a user nobody to run it: run this as an ordinary user")
}
