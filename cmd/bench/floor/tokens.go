package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

const (
	issuer   = "floor"
	lifetime = 24 * time.Hour
)

type keys struct {
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func newKeys() (keys, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	return keys{public, private}, err
}

// check lets requests pass whose bearer token has a good signature.
func (k keys) check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		raw := strings.TrimPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
		token, err := jwt.ParseString(raw, jwt.WithKey(jwa.EdDSA, k.public), jwt.WithIssuer(issuer), jwt.WithAudience(issuer))
		if err != nil {
			return echo.ErrUnauthorized
		}
		c.Set("caller", token.Subject())
		return next(c)
	}
}

func caller(c echo.Context) string { return c.Get("caller").(string) }

func (k keys) sign(user, session string) (string, error) {
	now := time.Now()
	token, err := jwt.NewBuilder().Issuer(issuer).Audience([]string{issuer}).Subject(user).JwtID(rand.Text()).
		IssuedAt(now).Expiration(now.Add(lifetime)).Claim("sid", session).Build()
	if err != nil {
		return "", err
	}
	signed, err := jwt.Sign(token, jwt.WithKey(jwa.EdDSA, k.private))
	return string(signed), err
}

const rotate = `UPDATE sessions SET seed_hash = $3, generation = generation + 1, refreshed_at = now()
	WHERE id = $1 AND seed_hash = $2 AND revoked_at IS NULL AND expires_at > now() RETURNING user_id::text`

// refresh trades a refresh token, which is the session's id and a secret, for the next one and an access token.
func (s *server) refresh(c echo.Context) error {
	session, secret, _ := strings.Cut(c.FormValue("refresh_token"), ".")
	id, err := uuid.Parse(session)
	if err != nil {
		return echo.ErrBadRequest
	}
	next := rand.Text()
	old, fresh := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(next))
	var user string
	if err := s.db.QueryRow(c.Request().Context(), rotate, id, old[:], fresh[:]).Scan(&user); err != nil {
		return err
	}
	access, err := s.keys.sign(user, session)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(lifetime.Seconds()), "refresh_token": session + "." + next,
	})
}
