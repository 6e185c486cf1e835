package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
)

const head = "From: a@example.org\r\nTo: b@example.org\r\nDate: Sat, 21 Nov 2026 23:12:46 +0000\r\n"

func TestLettersOfOthers(t *testing.T) {
	for name, body := range map[string]string{
		"plain":  "Content-Type: text/plain; charset=utf-8\r\n\r\nHé,\r\nhttp://a.example/x?y=z.\r\n",
		"base64": "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSMOpLApodHRwOi8vYS5leGFt\r\ncGxlL3g/eT16Lgo=\r\n",
		"mixed": "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: QUOTED-PRINTABLE\r\n\r\n" +
			"H=C3=A9,\r\nhttp://a.example/x?y=3Dz.=0A\r\n--x\r\nContent-Type: image/png\r\n\r\n?\r\n--x--\r\n",
	} {
		m, err := mail.Parse(strings.NewReader(head + body))
		require.NoError(t, err, name)
		require.Equal(t, "Hé,\nhttp://a.example/x?y=z.\n", m.Text, name)
		require.Equal(t, []string{"http://a.example/x?y=z"}, m.Links())
	}
}

func TestBrokenLetters(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":         "",
		"no headers":      "hello\r\n\r\n",
		"no date":         "From: a@example.org\r\nTo: b@example.org\r\n\r\nx",
		"no addresses":    "Date: Sat, 21 Nov 2026 23:12:46 +0000\r\n\r\nx",
		"no content type": head + "\r\nx",
		"subject":         head + "Subject: =?koi8-x?q?x?=\r\n\r\nx",
		"cut":             head + "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhal",
		"base64":          head + "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
		"part":            head + "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: ;\r\n\r\nx\r\n--x--\r\n",
	} {
		_, err := mail.Parse(strings.NewReader(raw))
		require.ErrorContains(t, err, "mail: ", name)
	}
}
