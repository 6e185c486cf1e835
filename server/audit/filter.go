package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/db"
)

// Filter says which entries are wanted: those that match all of it. What is left out matches everything.
type Filter struct {
	About    *uuid.UUID // the account that they are about
	By       *string    // the id of who acted
	Action   *string
	From, To *time.Time // from one time up to, but not at, another
}

// Older returns up to size entries from before a key, newest first; uuid.Max comes after all of them. conn should plan
// for the values (store.Planned): of several filters, which one finds the fewest entries depends on them.
func (f Filter) Older(ctx context.Context, conn db.DBTX, than uuid.UUID, size int32) ([]db.AuditEntry, error) {
	oldest, before := f.span()
	if bytes.Compare(than[:], before[:]) < 0 {
		before = than
	}
	switch {
	case f.About != nil:
		return db.New().ListAuditEntriesAbout(ctx, conn, db.ListAuditEntriesAboutParams{
			UserID: *f.About, ActorID: f.By, Action: f.Action, Before: before, Oldest: oldest, Size: size,
		})
	case f.By != nil:
		return db.New().ListAuditEntriesBy(ctx, conn, db.ListAuditEntriesByParams{
			ActorID: *f.By, Action: f.Action, Before: before, Oldest: oldest, Size: size,
		})
	case f.Action != nil:
		return db.New().ListAuditEntriesOf(ctx, conn, db.ListAuditEntriesOfParams{
			Action: *f.Action, Before: before, Oldest: oldest, Size: size,
		})
	}
	return db.New().ListAuditEntries(ctx, conn, db.ListAuditEntriesParams{Before: before, Oldest: oldest, Size: size})
}

// Newer returns up to size entries from after a key of an entry that matches, oldest first.
func (f Filter) Newer(ctx context.Context, conn db.DBTX, than uuid.UUID, size int32) ([]db.AuditEntry, error) {
	_, newest := f.span()
	switch {
	case f.About != nil:
		return db.New().ListAuditEntriesAboutBack(ctx, conn, db.ListAuditEntriesAboutBackParams{
			UserID: *f.About, ActorID: f.By, Action: f.Action, After: than, Newest: newest, Size: size,
		})
	case f.By != nil:
		return db.New().ListAuditEntriesByBack(ctx, conn, db.ListAuditEntriesByBackParams{
			ActorID: *f.By, Action: f.Action, After: than, Newest: newest, Size: size,
		})
	case f.Action != nil:
		return db.New().ListAuditEntriesOfBack(ctx, conn, db.ListAuditEntriesOfBackParams{
			Action: *f.Action, After: than, Newest: newest, Size: size,
		})
	}
	return db.New().ListAuditEntriesBack(ctx, conn, db.ListAuditEntriesBackParams{After: than, Newest: newest, Size: size})
}

// span is the range of keys that the times allow: from oldest up to, but not at, newest.
func (f Filter) span() (oldest, newest uuid.UUID) {
	newest = uuid.Max
	if f.From != nil {
		oldest = keyAt(*f.From)
	}
	if f.To != nil {
		newest = keyAt(*f.To)
	}
	return oldest, newest
}

// keyAt precedes the keys of a time and later, and follows those from before. UUIDv7 starts with 48 bits of milliseconds
// since 1970 (RFC 9562).
func keyAt(t time.Time) (key uuid.UUID) {
	ms := t.UnixMilli()
	if t.After(time.UnixMilli(ms)) {
		ms++
	}
	binary.BigEndian.PutUint64(key[:], uint64(max(ms, 0))<<16)
	return key
}
