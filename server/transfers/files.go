package transfers

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/token"
)

// chunkSize is how much of an upload is stored, and held in memory, at a time.
const chunkSize = 512 << 10

// Files keeps files in Postgres, so that whichever worker comes by can go on with them. They are sealed, since they may
// hold passwords, and in chunks, so that none is ever whole in memory.
type Files struct {
	Conn   db.DBTX // a pool, or the transaction that the file belongs to
	Sealer *token.Sealer
}

// Store writes a file as it arrives and returns its size. Nothing is held open while the sender takes their time: each chunk
// is a statement of its own. If reading fails, what was stored stays until it is deleted. Errors: those of r as they are.
func (f Files) Store(ctx context.Context, id uuid.UUID, r io.Reader) (size int64, err error) {
	buffer := make([]byte, chunkSize)
	for {
		n, failed := io.ReadFull(r, buffer)
		last := errors.Is(failed, io.EOF) || errors.Is(failed, io.ErrUnexpectedEOF)
		if failed != nil && !last {
			return size, failed
		}
		if n > 0 {
			if err := f.Append(ctx, id, size, buffer[:n]); err != nil {
				return size, err
			}
		}
		if size += int64(n); last {
			return size, nil
		}
	}
}

// Append adds a chunk to a file of which so many bytes are there. Two who append at one place do not both succeed.
func (f Files) Append(ctx context.Context, id uuid.UUID, start int64, chunk []byte) error {
	return db.New().CreateFileChunk(ctx, f.Conn, db.CreateFileChunkParams{
		FileID: id, Start: start, Sealed: f.Sealer.SealBytes(chunk, place(id, start)),
	})
}

// Open reads a file of a size, from wherever it is sought to. Not for concurrent use.
func (f Files) Open(ctx context.Context, id uuid.UUID, size int64) *io.SectionReader {
	return io.NewSectionReader(&file{Files: f, ctx: ctx, id: id}, 0, size)
}

// Delete deletes a file, if it is there.
func (f Files) Delete(ctx context.Context, id uuid.UUID) error {
	return db.New().DeleteFile(ctx, f.Conn, id)
}

// file reads a file with one chunk in memory.
type file struct {
	Files
	ctx   context.Context // of the reading as a whole: io.ReaderAt has no place for it
	id    uuid.UUID
	start int64
	chunk []byte
}

// ReadAt reads what follows off. A file that was deleted ends early, with io.ErrUnexpectedEOF.
func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at < f.start || at >= f.start+int64(len(f.chunk)) {
			if err := f.fetch(at); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], f.chunk[at-f.start:])
	}
	return n, nil
}

// fetch reads the chunk that holds a place.
func (f *file) fetch(at int64) error {
	row, err := db.New().GetFileChunk(f.ctx, f.Conn, f.id, at)
	if fault.Is(err, spec.ProblemNotFound) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	chunk, err := f.Sealer.OpenBytes(row.Sealed, place(f.id, row.Start))
	if err != nil {
		return err
	}
	if at >= row.Start+int64(len(chunk)) {
		return io.ErrUnexpectedEOF
	}
	f.start, f.chunk = row.Start, chunk
	return nil
}

// place is what a chunk is bound to: nobody can pass it off as another.
func place(id uuid.UUID, start int64) []byte {
	return binary.BigEndian.AppendUint64(id[:], uint64(start))
}
