package transfers_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/transfers"
)

// random returns bytes that no part of repeats.
func random(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b) // it does not fail
	return b
}

func sealer(t *testing.T) *token.Sealer {
	t.Helper()
	return token.NewSealer(apitest.Secret(t), "files")
}

func filesOf(t *testing.T) transfers.Files {
	t.Helper()
	return transfers.Files{Conn: dbtest.New(t), Sealer: sealer(t)}
}

// TestFiles: a file of any size reads back as it was, whole and from anywhere, and is in the database only in secret.
func TestFiles(t *testing.T) {
	t.Parallel()
	files, content := filesOf(t), random(1300<<10)
	copy(content, "correct horse battery staple")
	for _, size := range []int{0, 1, 512 << 10, 512<<10 + 1, len(content)} {
		id := uuid.New()
		stored, err := files.Store(t.Context(), id, iotest.HalfReader(bytes.NewReader(content[:size])))
		require.NoError(t, err)
		require.Equal(t, int64(size), stored)
		read, err := io.ReadAll(files.Open(t.Context(), id, stored))
		require.NoError(t, err)
		require.True(t, bytes.Equal(content[:size], read))
	}
	id := uuid.New()
	size, err := files.Store(t.Context(), id, bytes.NewReader(content))
	require.NoError(t, err)
	require.NoError(t, iotest.TestReader(files.Open(t.Context(), id, size), content))
	var chunk []byte
	require.NoError(t, files.Conn.QueryRow(t.Context(), "SELECT sealed FROM file_chunks WHERE file_id = $1 AND start = 0", id).Scan(&chunk))
	require.NotContains(t, string(chunk), "horse")
}

// TestFileIsWhole: a chunk that is missing, was moved or belongs elsewhere is an error, never other content.
func TestFileIsWhole(t *testing.T) {
	t.Parallel()
	files, content := filesOf(t), random(1500<<10)
	for _, spoil := range []string{
		"DELETE FROM file_chunks WHERE file_id = $1 AND start > 600000",
		"DELETE FROM file_chunks WHERE file_id = $1",
		"UPDATE file_chunks SET start = start + 100 WHERE file_id = $1 AND start > 0",
		"UPDATE file_chunks SET sealed = overlay(sealed PLACING '\\x00'::bytea FROM 1000) WHERE file_id = $1",
		"UPDATE file_chunks c SET sealed = o.sealed FROM file_chunks o WHERE c.file_id = $1 AND o.file_id = $1 AND c.start + o.start = 512 << 10",
		"UPDATE file_chunks c SET sealed = o.sealed FROM file_chunks o WHERE c.file_id = $1 AND o.start = c.start AND o.file_id <> $1",
	} {
		id := uuid.New()
		size, err := files.Store(t.Context(), id, bytes.NewReader(content))
		require.NoError(t, err)
		_, err = files.Store(t.Context(), uuid.New(), bytes.NewReader(content[1:]))
		require.NoError(t, err)
		_, err = files.Conn.Exec(t.Context(), spoil, id)
		require.NoError(t, err)
		_, err = io.ReadAll(files.Open(t.Context(), id, size))
		require.Error(t, err, spoil)
	}
}

// TestFileEndsEarly: the error of a sender who goes away is told as it is, and what they sent is deleted like any file.
func TestFileEndsEarly(t *testing.T) {
	t.Parallel()
	files, id, gone := filesOf(t), uuid.New(), errors.New("gone")
	sent := io.MultiReader(bytes.NewReader(random(600<<10)), iotest.ErrReader(gone))
	_, err := files.Store(t.Context(), id, sent)
	require.ErrorIs(t, err, gone)
	require.NoError(t, files.Delete(t.Context(), id))
	var left int
	require.NoError(t, files.Conn.QueryRow(t.Context(), "SELECT count(*) FROM file_chunks").Scan(&left))
	require.Zero(t, left)
	require.Error(t, errors.Join(files.Append(t.Context(), id, 0, []byte("a")), files.Append(t.Context(), id, 0, []byte("b"))))
}
