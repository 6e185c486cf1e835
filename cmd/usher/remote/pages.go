package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/usherhq/usher/gen/spec"
)

// page is a page of a list.
type page struct {
	Items []json.RawMessage
	Total *int64
	Links map[string]spec.Link `json:"_links"`
}

// showPages shows a list, page by page as they come.
func (k *call) showPages(ctx context.Context, s *session, a answer, b []byte, form string) error {
	out := s.cmd.OutOrStdout()
	if form == asJSON && !k.all {
		return printJSON(out, b)
	}
	items, _ := a.page()
	rows := k.rowPrinter(form, out, s.cmd.ErrOrStderr(), items)
	var total *int64
	for {
		var p page
		if err := json.Unmarshal(b, &p); err != nil {
			return fmt.Errorf("the answer is not what the contract says: %w", err)
		}
		if err := showItems(out, rows, p, form); err != nil {
			return err
		}
		if p.Total != nil {
			total = p.Total
		}
		next, more := p.Links["next"]
		if !more || !k.all {
			if form == asTable {
				tell(s.cmd.ErrOrStderr(), total, more)
			}
			return nil
		}
		var err error
		if b, err = s.get(ctx, next.Href); err != nil {
			return err
		}
	}
}

// tell says what else is known about a list, once it is shown.
func tell(w io.Writer, total *int64, more bool) {
	if total != nil {
		note(w, "There are %d.", *total)
	}
	if more {
		note(w, "There are more: --all shows them.")
	}
}

func showItems(out io.Writer, rows printer, p page, form string) error {
	var things []object
	for _, item := range p.Items {
		if form == asJSON {
			var line bytes.Buffer
			if err := json.Compact(&line, cleanJSON(item)); err != nil {
				return err
			}
			if _, err := fmt.Fprintln(out, line.String()); err != nil {
				return err
			}
			continue
		}
		o, err := readObject(item)
		if err != nil {
			return err
		}
		things = append(things, o)
	}
	if form == asJSON {
		return nil
	}
	return rows.rows(things)
}
