// Package server puts the contract on the wire: it mounts the generated routes behind their guards and turns every
// failure into a problem. Only this package knows Echo.
package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/audit"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/fields"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/transfers"
	"github.com/usherhq/usher/server/users"
)

// Options are what the wire needs to know.
type Options struct {
	DB             *pgxpool.Pool
	Auth           *auth.Handlers
	Users          *users.Handlers
	Fields         *fields.Handlers
	Transfers      *transfers.Handlers
	Audit          *audit.Handlers
	Secret         token.Secret
	Log            *slog.Logger
	AllowedOrigins []string                        // browsers on these origins may call the API; none by default
	TrustedProxies []*net.IPNet                    // whose X-Forwarded-For is believed
	LimitScale     float64                         // multiplies the contract's rate limits; 0 switches them off
	Ready          func(ctx context.Context) error // whether to send requests here
	Pages          map[string]http.Handler         // what is served beside the API, by path
}

const (
	maxBody = 1 << 20
	timeout = 10 * time.Second
	// streamTimeout is how long a file may take to come or go.
	streamTimeout = 15 * time.Minute
)

// wire is what the guards and the answers share.
type wire struct {
	Options
	contract *contract.Contract
	cursors  *token.Sealer
	print    []byte // keys the fingerprints of requests with an Idempotency-Key
	limits   []byte // keys the hashes of who used up a limit
}

// New serves every operation of openapi.yaml, the health checks and the given pages.
func New(o Options) (http.Handler, error) {
	e, err := mount(o)
	if err != nil {
		return nil, err
	}
	return normalise(e), nil
}

func mount(o Options) (*echo.Echo, error) {
	held, err := contract.New(api.JSON, Formats())
	if err != nil {
		return nil, err
	}
	w := &wire{
		Options: o, contract: held, cursors: token.NewSealer(o.Secret, "list cursors"),
		print: o.Secret.Derive("idempotency fingerprints"), limits: o.Secret.Derive("rate limits"),
	}

	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = w.fail
	e.Binder = binder{}
	e.IPExtractor = clientAddress(o.TrustedProxies)
	e.Use(w.observe, middleware.RecoverWithConfig(middleware.RecoverConfig{
		DisableErrorHandler: true, DisableStackAll: true, LogErrorFunc: w.panicked,
	}), headers, cors(o.AllowedOrigins))

	groups := api.Groups{Auth: o.Auth, Users: o.Users, Fields: o.Fields, Transfers: o.Transfers, Audit: o.Audit}
	api.RegisterHandlersWithOptions(e, api.NewStrictHandler(groups, []api.StrictMiddlewareFunc{answer}), api.RegisterHandlersOptions{
		BaseURL:              spec.BasePath,
		OperationMiddlewares: w.guards(),
	})
	w.mountHealth(e)
	e.GET("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/docs") })
	for path, handler := range o.Pages {
		e.GET(path, echo.WrapHandler(handler))
	}
	return e, nil
}

func (w *wire) mountHealth(e *echo.Echo) {
	ok := map[string]string{"status": "ok"}
	e.GET("/healthz", func(c echo.Context) error { return c.JSON(http.StatusOK, ok) })
	e.GET("/readyz", func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
		defer cancel()
		if err := w.Ready(ctx); err != nil {
			return unavailable(err)
		}
		return c.JSON(http.StatusOK, ok)
	})
	e.GET(auth.JWKSPath, func(c echo.Context) error {
		return public(c, "application/jwk-set+json", w.Auth.Keys.Current().JWKS(time.Now()))
	})
	e.GET(auth.MetadataPath, func(c echo.Context) error {
		told, err := json.Marshal(w.Auth.Metadata())
		if err != nil {
			return err
		}
		return public(c, echo.MIMEApplicationJSON, told)
	})
}

// public answers what anybody may read, from any page, and keep for a while.
func public(c echo.Context, contentType string, body []byte) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	c.Response().Header().Set("Access-Control-Allow-Origin", "*")
	return c.Blob(http.StatusOK, contentType, body)
}

// normalise lets a trailing slash and HEAD reach the route they mean, without a redirect that would lose the body.
func normalise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trim := len(r.URL.Path) > 1 && strings.HasSuffix(r.URL.EscapedPath(), "/") // %2F is no slash
		if trim || r.Method == http.MethodHead {
			r = r.Clone(r.Context())
		}
		if trim {
			r.URL.Path, r.URL.RawPath = strings.TrimSuffix(r.URL.Path, "/"), strings.TrimSuffix(r.URL.RawPath, "/")
		}
		if r.Method == http.MethodHead {
			r.Method = http.MethodGet // net/http drops the body, as the original request says HEAD
		}
		next.ServeHTTP(w, r)
	})
}

// headers sets what every answer carries unless its handler knows better.
func headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if strings.HasPrefix(c.Path(), spec.BasePath) {
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		}
		return next(c)
	}
}

func cors(origins []string) echo.MiddlewareFunc {
	if len(origins) == 0 {
		return func(next echo.HandlerFunc) echo.HandlerFunc { return next }
	}
	return middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOrigins:  origins,
		AllowMethods:  []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowHeaders:  []string{"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", requestIDHeader},
		ExposeHeaders: []string{"ETag", "Idempotency-Replayed", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate", requestIDHeader},
		MaxAge:        600,
	})
}

// clientAddress believes X-Forwarded-For only from proxies that are ours; Echo would from anybody.
func clientAddress(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(p))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
