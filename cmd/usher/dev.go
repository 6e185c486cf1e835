package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/schema"
	"github.com/usherhq/usher/server/dev"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/users"
)

func devCommand() *cobra.Command {
	var port int
	var data string
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine, with nothing to set up",
		Long: "Dev runs the whole service in one process for development: a private Postgres, migrations, keys, the worker.\n" +
			"Data, mails and secrets are kept in the data folder; delete it to start over. Every setting of `usher config` but\n" +
			"USHER_LISTEN can be given in the environment and then wins, DATABASE_URL and SMTP_URL too.\n" +
			"The commands of operators, such as `usher user list`, take the DATABASE_URL that dev prints, while it runs.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return stopped(c.Context(), develop(c.Context(), port, data, c.OutOrStdout()))
		},
	}
	c.Flags().IntVar(&port, "port", 8080, "port to listen on, on this machine only")
	c.Flags().StringVar(&data, "data", ".usher", "folder for data, mails and secrets")
	return c
}

func develop(ctx context.Context, port int, data string, out io.Writer) error {
	l, err := listen(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), "--port")
	if err != nil {
		return err
	}
	defer l.Close()
	if data, err = filepath.Abs(data); err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return fmt.Errorf("the data folder cannot be made: %w", err)
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: redact}))
	defaults, err := devDefaults(l.Addr().(*net.TCPAddr).Port, data)
	if err != nil {
		return err
	}
	if os.Getenv("DATABASE_URL") == "" {
		fmt.Fprintln(out, "Starting Postgres in", data)
		pg, err := dev.StartPostgres(ctx, filepath.Join(data, "postgres"), dev.PostgresOptions{Log: log})
		if err != nil {
			return err
		}
		defer func() {
			if err := pg.Stop(); err != nil {
				log.Error("Postgres did not stop", "error", err.Error())
			}
		}()
		defaults["DATABASE_URL"] = pg.URL()
	}
	s, err := read[settings](defaults)
	if err != nil {
		return err
	}
	return s.develop(ctx, l, out, log)
}

// devDefaults fill what a developer need not care about.
func devDefaults(port int, data string) (map[string]string, error) {
	secret, err := devSecret(filepath.Join(data, "secret"))
	return map[string]string{
		"USHER_BASE_URL": fmt.Sprintf("http://localhost:%d", port),
		"USHER_SECRET":   secret,
		"USHER_DRAIN":    "0s",

		"USHER_RATE_LIMIT_SCALE": "10", // whole teams and their test suites share this machine's address
		"SMTP_URL":               (&url.URL{Scheme: "file", Path: filepath.Join(data, "mail")}).String(),
	}, err
}

// devSecret is the secret of the data folder, made at the first start.
func devSecret(path string) (string, error) {
	kept, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the data folder is broken: %w", err)
	}
	if text := strings.TrimSpace(string(kept)); text != "" {
		return text, nil
	}
	secret := make([]byte, 36)
	_, _ = rand.Read(secret) // never fails
	text := base64.RawURLEncoding.EncodeToString(secret)
	return text, os.WriteFile(path, []byte(text+"\n"), 0o600)
}

func (s settings) develop(ctx context.Context, l net.Listener, out io.Writer, log *slog.Logger) error {
	pool, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := schema.Up(ctx, pool); err != nil {
		return err
	}
	mailbox := map[string]http.Handler{}
	mails, err := url.Parse(s.SMTPURL)
	kept := err == nil && mails.Scheme == "file" && mails.Opaque == ""
	if kept {
		h := localOnly(dev.Mailbox(mails.Path))
		mailbox["/dev/mail"], mailbox["/dev/mail/*"] = h, h
	}
	v, err := newService(ctx, s, pool, log, mailbox)
	if err != nil {
		return err
	}
	w, err := newWorker(s, pool, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n  Usher      %s\n  API docs   %s/docs\n", s.BaseURL, s.BaseURL)
	if kept {
		fmt.Fprintf(out, "  Mails      %s/dev/mail\n", s.BaseURL)
	}
	if os.Getenv("DATABASE_URL") == "" { // else they have it
		fmt.Fprintf(out, "  Operator   DATABASE_URL='%s' usher user list\n", s.DatabaseURL)
	}
	if err := s.firstAdmin(ctx, pool, out); err != nil {
		return err
	}
	fmt.Fprint(out, "  Stop       Ctrl-C\n\n")
	return together(ctx,
		func(ctx context.Context) error { return v.serve(ctx, l) },
		func(ctx context.Context) error { return runWorker(ctx, w) })
}

// localOnly answers those who call this machine by its own name: a page elsewhere that had its name lead here (DNS
// rebinding) could read the mails otherwise.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "Only for localhost.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

const devAdmin = "admin@example.com"

// firstAdmin makes an admin at the first start and prints how to sign in.
func (s settings) firstAdmin(ctx context.Context, pool *pgxpool.Pool, out io.Writer) error {
	taken, err := db.New().AnyUser(ctx, pool)
	if err != nil || taken {
		return err
	}
	if s.FirstUserAdmin {
		fmt.Fprintln(out, "  Admin      whoever registers first")
		return nil
	}
	hasher, err := s.hasher()
	if err != nil {
		return err
	}
	secret := password.Generate()
	_, err = createUser(ctx, pool, hasher, users.Draft{
		Email: devAdmin, Verified: true, Role: spec.RoleADMIN, RegisteredAs: spec.RegistrationKindReader, Nickname: new("admin"),
	}, secret)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  Admin      %s, password %s (shown once)\n", devAdmin, secret)
	return nil
}
