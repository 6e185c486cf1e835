package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/spec"
)

// crowd makes users up. The same number is the same user each time.
type crowd struct {
	size  int
	hash  string // of everybody's password
	start time.Time
	step  time.Duration // between two who come
	plain int           // each so many-th is nobody special: they take part in the measuring
}

func newCrowd(n, plain int, hash string) crowd {
	const span = 2 * 365 * 24 * time.Hour
	return crowd{size: n, hash: hash, start: time.Now().Add(-span), step: span / time.Duration(n+1), plain: plain}
}

// person is what the rows of a user are made of.
type person struct {
	first, last, email, nickname, city, zone, locale string
	came                                             time.Time
	tail                                             uint64 // of their ids
	dice                                             int    // 0 to 99
	odds                                             int    // 0 to 9,999, for what is rare
}

func (c crowd) person(i int) person {
	firsts := [...]string{"Ada", "Grace", "Edsger", "Barbara", "Donald", "Radia", "Ken", "Frances", "Tony", "Margaret", "Zoë", "Jürgen"}
	lasts := [...]string{"Lovelace", "Hopper", "Dijkstra", "Liskov", "Knuth", "Perlman", "Thompson", "Allen", "Hoare", "Hamilton", "Núñez", "Okafor"}
	cities := [...][3]string{
		{"London", "Europe/London", "en-GB"}, {"Berlin", "Europe/Berlin", "de-DE"}, {"São Paulo", "America/Sao_Paulo", "pt-BR"},
		{"New York", "America/New_York", "en-US"}, {"Lagos", "Africa/Lagos", "en-NG"}, {"Tokyo", "Asia/Tokyo", "ja-JP"},
	}
	r := rand.New(rand.NewPCG(1, uint64(i)))
	city := cities[r.IntN(len(cities))]
	p := person{
		first: firsts[r.IntN(len(firsts))], last: lasts[r.IntN(len(lasts))], city: city[0], zone: city[1], locale: city[2],
		came: c.start.Add(time.Duration(i) * c.step).Truncate(time.Microsecond), tail: r.Uint64(), dice: r.IntN(100), odds: r.IntN(10_000),
	}
	p.nickname = fmt.Sprintf("reader-%d", i)
	p.email = fmt.Sprintf("reader.%d@%s.example.com", i, strings.ReplaceAll(strings.ToLower(city[1]), "/", "."))
	p.email = strings.ReplaceAll(p.email, "_", "-")
	return p
}

func userColumns() []string {
	return []string{"id", "email", "email_key", "email_verified_at", "nickname", "nickname_key", "password_hash", "first_name",
		"last_name", "bio", "location", "locale", "time_zone", "website_url", "github_url", "professional", "role", "status", "locked_until", "last_login_at", "created_at", "updated_at"}
}

// user is the row of userColumns. As in life, not everybody tells everything.
func (c crowd) user(i int) []any {
	p := c.person(i)
	var bio, website, github *string
	if p.dice < 50 {
		bio = new(fmt.Sprintf("%s writes about compilers, gardens and the slow trains out of %s. Reads everything twice.", p.first, p.city))
	}
	if p.dice < 30 {
		website = new("https://" + p.nickname + ".example.com/about")
	}
	if p.dice < 20 {
		github = new("https://github.com/" + p.nickname)
	}
	s := c.standing(i, p)
	return []any{newID(p.came, p.tail), p.email, p.email, s.verified, p.nickname, p.nickname, c.hash, p.first,
		p.last, bio, p.city, p.locale, p.zone, website, github, p.odds%100 == 7, string(s.role), string(s.status), s.locked, s.seen, p.came, p.came}
}

// standing is what the service thinks of a user.
type standing struct {
	role                   spec.Role
	status                 spec.UserStatus
	verified, locked, seen *time.Time
}

// standing: a tenth are authors, one in twenty has not confirmed the address, and a few are special in other ways.
func (c crowd) standing(i int, p person) standing {
	seen := p.came.Add(time.Duration(p.odds) * time.Hour / 10)
	s := standing{role: spec.RoleAUTHENTICATED, status: spec.UserStatusActive, verified: &p.came, seen: &seen}
	switch {
	case i == c.size-1:
		s.role = spec.RoleADMIN
	case i%c.plain == 0:
	case p.odds < 500:
		s.role, s.verified, s.seen = spec.RoleANONYMOUS, nil, nil
	case p.odds < 520:
		s.status = spec.UserStatusSuspended
	case p.odds < 525:
		s.locked = new(time.Now().Add(24 * time.Hour))
	case p.odds < 530:
		s.role = spec.RoleMODERATOR
	case p.odds < 532:
		s.role = spec.RoleMANAGER
	case p.dice < 10:
		s.role = spec.RoleAUTHOR
	}
	return s
}

func sessionColumns() []string {
	return []string{"id", "user_id", "seed_hash", "device", "address", "created_at", "refreshed_at", "expires_at", "ends_at"}
}

func (c crowd) sessionID(i int) uuid.UUID {
	p := c.person(i)
	return newID(p.came.Add(time.Hour), p.tail)
}

// session is the row of sessionColumns.
func (c crowd) session(i int) []any {
	p, now := c.person(i), time.Now()
	const day = 24 * time.Hour
	return []any{c.sessionID(i), newID(p.came, p.tail), hashOf(everySecret), "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"203.0.113.0/24", p.came, now, now.Add(30 * day), now.Add(90 * day)}
}
