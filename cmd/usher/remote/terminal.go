package remote

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Asker asks the person at the terminal for a line, without showing it if it is a secret. It fails with ErrNobody when
// there is none.
type Asker func(label string, secret bool) (string, error)

// ErrNobody says that standard input is no terminal, so there is nobody to ask.
var ErrNobody = errors.New("standard input is no terminal")

// terminal asks on standard error, so that what a command prints stays clean.
func terminal(c *cobra.Command) Asker {
	return func(label string, secret bool) (string, error) {
		in, ok := c.InOrStdin().(*os.File)
		if !ok || !term.IsTerminal(int(in.Fd())) {
			return "", ErrNobody
		}
		fmt.Fprintf(c.ErrOrStderr(), "%s: ", label)
		before, err := term.GetState(int(in.Fd()))
		if err != nil {
			return "", err
		}
		type answer struct {
			line string
			err  error
		}
		answered := make(chan answer, 1)
		go func() { // reading cannot be interrupted, and Ctrl-C has to leave a terminal that shows what is typed
			line, err := read(in, secret)
			answered <- answer{line, err}
		}()
		select {
		case a := <-answered:
			if secret {
				fmt.Fprintln(c.ErrOrStderr())
			}
			return a.line, a.err
		case <-c.Context().Done():
			fmt.Fprintln(c.ErrOrStderr())
			return "", errors.Join(c.Context().Err(), term.Restore(int(in.Fd()), before))
		}
	}
}

func read(in *os.File, secret bool) (string, error) {
	if secret {
		b, err := term.ReadPassword(int(in.Fd()))
		return string(b), err
	}
	return line(bufio.NewReader(in)) // a terminal hands over one line at a time
}

// line reads one line, without its end.
func line(in *bufio.Reader) (string, error) {
	s, err := in.ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || s == "") {
		return "", err
	}
	return strings.TrimRight(s, "\r\n"), nil
}

// width is how wide the terminal is; 0 if w is none.
func width(w io.Writer) int {
	out, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(out.Fd()))
	if err != nil || columns < 1 {
		return tableWidth
	}
	return columns
}
