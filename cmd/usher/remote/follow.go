package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/usherhq/usher/gen/spec"
)

// What work that goes on in the background says about itself. It is over when it has the time at which it was; it went
// well if its state is then the one that imports and exports share.
const (
	stateMember = "state"
	overMember  = "finished_at"
	wentWell    = string(spec.ImportStateDone)
	look        = time.Second // between two looks at it
)

// followed looks at work in the background until it is over, tells how far it is, and shows how it ended.
func (k *call) followed(ctx context.Context, s *session, a answer, b []byte, form string) error {
	told := ""
	for {
		o, err := readObject(b)
		if err != nil {
			return err
		}
		if news := progress(a.shape, o); news != told {
			note(s.cmd.ErrOrStderr(), "%s", news)
			told = news
		}
		var linked page
		if err := json.Unmarshal(b, &linked); err != nil {
			return err
		}
		if o.cell(overMember) != "" {
			return k.ended(ctx, s, a, b, form, o, linked.Links[k.file])
		}
		if err := s.Pause(ctx, look); err != nil {
			return err
		}
		if b, err = s.get(ctx, linked.Links["self"].Href); err != nil {
			return err
		}
	}
}

// ended shows work that is over, and gets its file if that is wanted.
func (k *call) ended(ctx context.Context, s *session, a answer, b []byte, form string, o object, file spec.Link) error {
	state := o.cell(stateMember)
	if state == wentWell && k.out != "" {
		res, err := s.fetch(ctx, file.Href)
		if err != nil {
			return err
		}
		return k.save(s, res)
	}
	if err := k.showOne(s, a, b, form); err != nil {
		return err
	}
	if state != wentWell {
		return errors.New(strings.TrimRight("this ended as "+clean(state)+": "+clean(o.cell("detail")), ": "))
	}
	return nil
}

// progress is the state of work, and its numbers.
func progress(s shape, o object) string {
	out := []string{o.cell(stateMember)}
	for _, m := range s.members() {
		if n := o.cell(m.name); m.is("integer", "number") && n != "" {
			out = append(out, strings.ReplaceAll(m.name, "_", " ")+" "+n)
		}
	}
	return clean(strings.Join(out, ", "))
}

// save writes an answer to the file that --out names, which is there only when it is whole.
func (k *call) save(s *session, res *http.Response) error {
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotModified {
		note(s.cmd.ErrOrStderr(), "Not modified.")
		return nil
	}
	out := s.cmd.OutOrStdout()
	fill := func(to io.Writer) error {
		if _, err := io.Copy(to, res.Body); err != nil {
			return fmt.Errorf("the file broke off: %w", err)
		}
		return nil
	}
	switch about, err := os.Stat(k.out); {
	case k.out == "-", k.out == "":
		return fill(out)
	case err == nil && !about.Mode().IsRegular(): // a device or a pipe stays what it is
		to, err := os.OpenFile(k.out, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		return errors.Join(fill(to), to.Close())
	}
	if err := replace(k.out, func(f *os.File) error { return fill(f) }); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	note(s.cmd.ErrOrStderr(), "Wrote %s.", k.out)
	return nil
}
