package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/audit"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

// inquiry is what the command line asks of the audit log.
type inquiry struct {
	user, actor string
	action      *choice
	since       span
	from, to    string
	limit       int
}

func auditCommand() *cobra.Command {
	q := new(inquiry)
	c := withOutput(onMigrated(&cobra.Command{
		Use: "audit", Short: "Show who did what, newest first", Args: cobra.NoArgs,
		Long: "Audit shows the entries of the audit log that match all flags, newest first. Times are in UTC. The actions are\n" +
			lines(actions(), 118) + ".",
		Example: "  usher audit --user ada@example.com --since 7d\n  usher audit --action sign-in.failed --limit 10000 --output json",
	}, q.answer))
	c.Flags().StringVar(&q.user, "user", "", "entries about this account: its e-mail address, nickname or id")
	c.Flags().StringVar(&q.actor, "actor", "", "entries of what this account did: its e-mail address, nickname or id")
	q.action = addChoice(c, "action", "", "entries of this action, such as session.started", actions()...)
	c.Flags().Var(&q.since, "since", "entries of the last so much time, such as 24h, 7d or 2w")
	c.Flags().Lookup("since").DefValue = ""
	c.Flags().StringVar(&q.from, "from", "", "entries of this time or later, such as 2026-11-21 or 2026-11-21T09:30:00Z")
	c.Flags().StringVar(&q.to, "to", "", "entries before this time")
	c.Flags().IntVar(&q.limit, "limit", 50, "how many entries at most")
	c.MarkFlagsMutuallyExclusive("since", "from")
	return c
}

// actions are what entries are about: the facts of the contract, and what is logged beside them.
func actions() []string {
	out := append(spec.FactKinds(), outbox.SignInFailed, outbox.SignInChallenged, outbox.ProofFailed, outbox.OperationRefused,
		outbox.ClientCreated, outbox.ClientDeleted, outbox.KeyRotated, outbox.KeyRevoked, outbox.FieldCreated, outbox.FieldReplaced,
		outbox.FieldDeleted, outbox.JobRetried, outbox.JobCancelled, outbox.ImportStarted, outbox.ImportFinished,
		outbox.ImportCancelled, outbox.ExportStarted, outbox.ExportDownloaded)
	slices.Sort(out)
	return out
}

// lines lists words on lines of at most so many letters.
func lines(words []string, wide int) string {
	out, used := "", 0
	for i, word := range words {
		switch {
		case i > 0 && used+len(word)+3 > wide:
			out, used = out+",\n", 0
		case i > 0:
			out, used = out+", ", used+2
		}
		out, used = out+word, used+len(word)
	}
	return out
}

func (q *inquiry) answer(c *cobra.Command, pool *pgxpool.Pool) error {
	if q.limit < 1 {
		return errors.New("--limit: want at least 1")
	}
	f, err := q.filter(c.Context(), pool)
	if err != nil {
		return err
	}
	return showAll(c, entries(c.Context(), pool, f, q.limit), entryColumns()...)
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
	if q.action.chosen != "" {
		f.Action = &q.action.chosen
	}
	if q.since != 0 {
		f.From = new(time.Now().Add(-time.Duration(q.since)))
	}
	if f.From != nil && f.To != nil && f.From.After(*f.To) {
		wrongTo = errors.New("--to: this is before the time that the entries start at")
	}
	return f, cmp.Or(wrongFrom, wrongTo, wrongUser, wrongActor)
}

// account is the id that a flag gives, or that of whoever has the address or nickname it gives; nil if it gives nothing.
func account(ctx context.Context, pool *pgxpool.Pool, flag, given string) (*uuid.UUID, error) {
	if given == "" {
		return nil, nil
	}
	if id, err := uuid.Parse(given); err == nil {
		return &id, nil // there may be no account any more
	}
	u, err := find(ctx, pool, given)
	if errors.Is(err, errNoAddress) || errors.Is(err, errNoNickname) {
		return nil, fmt.Errorf("%s: %w now; a deleted account is found by its id", flag, err)
	}
	return &u.ID, err
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

func entryColumns() []column[spec.AuditEntry] {
	return []column[spec.AuditEntry]{
		{"TIME", func(e spec.AuditEntry) string { return moment(e.RecordedAt) }},
		{"ACTION", func(e spec.AuditEntry) string { return e.Action }},
		{"ACTOR", func(e spec.AuditEntry) string { return who(e.Actor) }},
		{"ABOUT", func(e spec.AuditEntry) string {
			if e.UserID == nil {
				return "-"
			}
			return e.UserID.String()
		}},
		{"NETWORK", func(e spec.AuditEntry) string { return dash(e.Address) }},
		{"REQUEST", func(e spec.AuditEntry) string { return dash(e.RequestID) }},
		{"DETAILS", func(e spec.AuditEntry) string {
			details, err := json.Marshal(e.Details)
			if err != nil {
				return err.Error()
			}
			return string(details)
		}},
	}
}

func dash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func who(a spec.AuditActor) string {
	if a.ID == nil {
		return string(a.Kind)
	}
	return string(a.Kind) + " " + *a.ID
}
