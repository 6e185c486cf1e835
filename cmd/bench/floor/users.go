package main

import (
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
)

// user is what the service shows of an account.
type user struct {
	ID              uuid.UUID  `json:"id"`
	Email           string     `json:"email"`
	EmailVerifiedAt *time.Time `json:"email_verified_at"`
	Nickname        string     `json:"nickname"`
	FirstName       *string    `json:"first_name"`
	LastName        *string    `json:"last_name"`
	Bio             *string    `json:"bio"`
	Location        *string    `json:"location"`
	Locale          *string    `json:"locale"`
	TimeZone        *string    `json:"time_zone"`
	WebsiteURL      *string    `json:"website_url"`
	LinkedinURL     *string    `json:"linkedin_url"`
	GithubURL       *string    `json:"github_url"`
	Professional    bool       `json:"professional"`
	Role            string     `json:"role"`
	Status          string     `json:"status"`
	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	LastLoginAt     *time.Time `json:"last_login_at"`
}

const columns = `id, email, email_verified_at, nickname, first_name, last_name, bio, location, locale, time_zone,
	website_url, linkedin_url, github_url, professional, role, status, created_at, updated_at, last_login_at`

func scan(row pgx.CollectableRow) (user, error) {
	var u user
	err := row.Scan(&u.ID, &u.Email, &u.EmailVerifiedAt, &u.Nickname, &u.FirstName, &u.LastName, &u.Bio, &u.Location,
		&u.Locale, &u.TimeZone, &u.WebsiteURL, &u.LinkedinURL, &u.GithubURL, &u.Professional, &u.Role, &u.Status,
		&u.CreatedAt, &u.UpdatedAt, &u.LastLoginAt)
	return u, err
}

// me answers the account of the token's owner.
func (s *server) me(c echo.Context) error {
	rows, err := s.db.Query(c.Request().Context(), "SELECT "+columns+" FROM users WHERE id = $1", caller(c))
	if err != nil {
		return err
	}
	u, err := pgx.CollectExactlyOneRow(rows, scan)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, u)
}

const page = "SELECT " + columns + " FROM users WHERE id < $1 ORDER BY id DESC LIMIT $2"

// list answers the accounts that came before one, newest first.
func (s *server) list(c echo.Context) error {
	before, limit := uuid.Max, 20
	if err := echo.QueryParamsBinder(c).TextUnmarshaler("before", &before).Int("limit", &limit).BindError(); err != nil {
		return err
	}
	rows, err := s.db.Query(c.Request().Context(), page, before, limit)
	if err != nil {
		return err
	}
	items, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"items": items})
}
