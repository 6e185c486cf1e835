package remote

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
)

// run sends what the flags say and shows the answer.
func (k *call) run(c *cobra.Command, _ []string) error {
	shown, err := form(k.output, c.OutOrStdout())
	if err := cmp.Or(err, k.lacks(), k.nowhere(c.OutOrStdout())); err != nil {
		return err
	}
	in, err := k.caller(c, *k.options)
	if err != nil {
		return err
	}
	s, err := in.open()
	if err != nil {
		return err
	}
	r, err := k.request(c, in)
	if err != nil {
		return err
	}
	res, err := k.send(c.Context(), s, r)
	if err != nil {
		return k.explain(err)
	}
	defer res.Body.Close()
	return k.explain(k.show(c.Context(), s, res, shown))
}

// lacks says what is wrong with --columns before anything is done.
func (k *call) lacks() (err error) {
	for _, a := range k.answers {
		s := a.shape
		if items, list := a.page(); list {
			s = items
		}
		if !s.is("object") {
			continue
		}
		if err = s.lacks(k.columns); err == nil {
			return nil
		}
	}
	return err
}

// nowhere says what is wrong with --out before anything is done.
func (k *call) nowhere(out io.Writer) error {
	about, err := os.Stat(k.out)
	switch {
	case k.out == "" && k.file == "" && !slices.Contains(k.op.Answers, jsonType) && len(k.op.Answers) > 0 && width(out) > 0:
		return errors.New("--out: say which file to write; - is the terminal")
	case k.out != "" && k.file != "" && !k.follow:
		return errors.New("--out: the file is there when the work is over: say --follow")
	case err == nil && about.IsDir():
		return errors.New("--out: this is a folder")
	}
	return nil
}

// send sends the request as the operation wants it: with a token, or with the credentials of a client.
func (k *call) send(ctx context.Context, s *session, r *request) (*http.Response, error) {
	if !k.op.Client {
		return s.do(ctx, r)
	}
	if k.clientID == "" {
		return nil, errors.New(`required flag(s) "client-id" not set`)
	}
	var secret string
	var err error
	if k.clientSecretFromStdin {
		secret, err = line(s.in)
	} else {
		secret, err = s.need("--client-secret-stdin", "Secret of the client", true)
	}
	if err != nil {
		return nil, err
	}
	return s.patient(ctx, r, basic(k.clientID, secret))
}

// explain names the flags that a failure is about.
func (k *call) explain(err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		f.flag = k.flagOf
	}
	return err
}

func (k *call) show(ctx context.Context, s *session, res *http.Response, form string) error {
	a := k.answers[strconv.Itoa(res.StatusCode)]
	if a.file {
		return k.save(s, res)
	}
	b, err := body(res)
	if err != nil {
		return err
	}
	out := s.cmd.OutOrStdout()
	switch _, list := a.page(); {
	case res.StatusCode == http.StatusNotModified:
		note(s.cmd.ErrOrStderr(), "Not modified.")
		return nil
	case len(b) == 0:
		to := s.cmd.ErrOrStderr() // what programs read stays empty
		if form == asTable {
			to = out
		}
		note(to, "%s", cmp.Or(plain(a.node.text("description")), "Done: "+kebab(k.op.ID)+"."))
		return nil
	case list:
		return k.showPages(ctx, s, a, b, form)
	case a.job() && k.follow:
		return k.followed(ctx, s, a, b, form)
	}
	return k.showOne(s, a, b, form)
}

func (k *call) showOne(s *session, a answer, b []byte, form string) error {
	out := s.cmd.OutOrStdout()
	if form == asJSON || !a.shape.is("object") {
		return printJSON(out, b)
	}
	o, err := readObject(b)
	if err != nil {
		return err
	}
	if form == asTable {
		return printOne(out, a.shape, k.columns, o)
	}
	return k.rowPrinter(form, out, s.cmd.ErrOrStderr(), a.shape).rows([]object{o})
}

// get follows a link of an answer.
func (s *session) get(ctx context.Context, href string) ([]byte, error) {
	res, err := s.fetch(ctx, href)
	if err != nil {
		return nil, err
	}
	return body(res)
}

func (s *session) fetch(ctx context.Context, href string) (*http.Response, error) {
	path, err := link(s.url, href)
	if err != nil {
		return nil, err
	}
	return s.do(ctx, &request{method: http.MethodGet, path: path, header: http.Header{}})
}
