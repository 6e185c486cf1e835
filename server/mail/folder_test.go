package mail_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
)

func TestAFolderKeepsMessages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "with space")
	sender := open(t, "file://"+filepath.ToSlash(filepath.Dir(dir))+"/with%20space")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	var sent []mail.Message
	for i := range 50 {
		m := letter(t, "Ada "+strconv.Itoa(i))
		require.NoError(t, sender.Send(t.Context(), m))
		sent = append(sent, m)
	}
	files, err := os.ReadDir(dir) // sorted by name
	require.NoError(t, err)
	require.Len(t, files, len(sent), "nothing but letters")
	for i, entry := range files {
		require.Equal(t, ".eml", filepath.Ext(entry.Name()))
		file, err := os.Open(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		got, err := mail.Parse(file)
		require.NoError(t, file.Close())
		require.NoError(t, err)
		require.Equal(t, sent[i], got)
	}
}

func TestARelativeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, open(t, "file:mails/dev").Send(t.Context(), letter(t, "Ada")))
	files, err := filepath.Glob("mails/dev/*.eml")
	require.NoError(t, err)
	require.Len(t, files, 1)
}

func TestAFolderThatIsGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mails")
	sender := open(t, "file:"+dir)
	require.NoError(t, os.Remove(dir))
	err := sender.Send(t.Context(), letter(t, "Ada"))
	require.ErrorContains(t, err, "mail: write to a folder")
	require.False(t, mail.Permanent(err))
}
