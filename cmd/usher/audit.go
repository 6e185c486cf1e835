package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/audit"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// inquiry is what the command line asks of the audit log.
type inquiry struct {
	user, actor, action string
	since               time.Duration
	from, to            string
	limit               int
	output              string
}

func auditCommand() *cobra.Command {
	q := new(inquiry)
	c := onMigrated(&cobra.Command{
		Use: "audit", Short: "Show who did what, newest first", Args: cobra.NoArgs,
		Long:    "Audit shows the entries of the audit log that match all flags, newest first. Times are in UTC.",
		Example: "  usher audit --user ada@example.com --since 24h\n  usher audit --action sign-in.failed --limit 10000 --output json",
	}, q.answer)
	c.Flags().StringVar(&q.user, "user", "", "entries about this account: its e-mail address or id")
	c.Flags().StringVar(&q.actor, "actor", "", "entries of what this account did: its e-mail address or id")
	c.Flags().StringVar(&q.action, "action", "", "entries of this action, such as session.started")
	c.Flags().DurationVar(&q.since, "since", 0, "entries of the last so much time, such as 24h")
	c.Flags().StringVar(&q.from, "from", "", "entries of this time or later, such as 2026-11-21 or 2026-11-21T09:30:00Z")
	c.Flags().StringVar(&q.to, "to", "", "entries before this time")
	c.Flags().IntVar(&q.limit, "limit", 50, "how many entries at most")
	c.Flags().StringVar(&q.output, "output", "table", "table, or json: one entry a line")
	c.MarkFlagsMutuallyExclusive("since", "from")
	return c
}

func (q *inquiry) answer(c *cobra.Command, pool *pgxpool.Pool) error {
	show, ok := map[string]func(io.Writer, iter.Seq2[spec.AuditEntry, error]) error{"table": tabulate, "json": encode}[q.output]
	switch {
	case !ok:
		return errors.New("--output: want table or json")
	case q.limit < 1:
		return errors.New("--limit: want at least 1")
	}
	f, err := q.filter(c.Context(), pool)
	if err != nil {
		return err
	}
	return show(c.OutOrStdout(), entries(c.Context(), pool, f, q.limit))
}

func (q *inquiry) filter(ctx context.Context, pool *pgxpool.Pool) (audit.Filter, error) {
	from, wrongFrom := instant("--from", q.from)
	to, wrongTo := instant("--to", q.to)
	about, wrongUser := account(ctx, pool, "--user", q.user)
	by, wrongActor := account(ctx, pool, "--actor", q.actor)
	f := audit.Filter{About: about, From: from, To: to}
	if by != nil {
		f.By = new(by.String())
	}
	if q.action != "" {
		f.Action = &q.action
	}
	if q.since != 0 {
		f.From = new(time.Now().Add(-q.since))
	}
	if f.From != nil && f.To != nil && f.From.After(*f.To) {
		wrongTo = errors.New("--to: this is before the time that the entries start at")
	}
	return f, cmp.Or(wrongFrom, wrongTo, wrongUser, wrongActor)
}

// account is the id that a flag gives, or that of whoever has the address it gives; nil if it gives nothing.
func account(ctx context.Context, pool *pgxpool.Pool, flag, given string) (*uuid.UUID, error) {
	if given == "" {
		return nil, nil
	}
	if strings.Contains(given, "@") {
		u, err := db.New().GetUserByEmail(ctx, pool, users.EmailKey(given))
		if fault.Is(err, spec.ProblemNotFound) {
			return nil, fmt.Errorf("%s: nobody has this address now; a deleted account is found by its id", flag)
		}
		return &u.ID, err
	}
	id, err := uuid.Parse(given)
	if err != nil {
		return nil, fmt.Errorf("%s: want an e-mail address or an id", flag)
	}
	return &id, nil
}

// instant is the time that a flag gives; nil if it gives none.
func instant(flag, given string) (*time.Time, error) {
	if given == "" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, given); err == nil {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("%s: want a day or a time, such as 2026-11-21 or 2026-11-21T09:30:00Z", flag)
}

// entries reads the log in portions, each within a statement's deadline.
func entries(ctx context.Context, pool *pgxpool.Pool, f audit.Filter, limit int) iter.Seq2[spec.AuditEntry, error] {
	const portion = 1000
	return func(yield func(spec.AuditEntry, error) bool) {
		for last := uuid.Max; limit > 0; limit -= portion {
			size := min(limit, portion)
			rows, err := f.Older(ctx, store.Planned(pool), last, int32(size))
			if err != nil {
				yield(spec.AuditEntry{}, err)
				return
			}
			for _, row := range rows {
				last = row.ID
				if !yield(audit.Show(row)) {
					return
				}
			}
			if len(rows) < size {
				return
			}
		}
	}
}

// encode writes an entry a line, as the API shows it.
func encode(w io.Writer, found iter.Seq2[spec.AuditEntry, error]) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for e, err := range found {
		if err != nil {
			return err
		}
		if err := out.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

func tabulate(w io.Writer, found iter.Seq2[spec.AuditEntry, error]) error {
	out := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(out, "TIME\tACTION\tACTOR\tABOUT\tNETWORK\tREQUEST\tDETAILS")
	for e, err := range found {
		if err != nil {
			return err
		}
		details, err := json.Marshal(e.Details)
		if err != nil {
			return err
		}
		who, about := string(e.Actor.Kind), "-"
		if e.Actor.ID != nil {
			who += " " + *e.Actor.ID
		}
		if e.UserID != nil {
			about = e.UserID.String()
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			moment(e.RecordedAt), e.Action, who, about, dash(e.Address), dash(e.RequestID), details)
	}
	return out.Flush()
}

func dash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
