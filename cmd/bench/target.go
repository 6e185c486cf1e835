package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
)

const (
	pageSize  = 50
	mePath    = "/api/v1/me"
	tokenPath = "/api/v1/auth/token"
	listPath  = "/api/v1/users?limit=50"
)

// target is a server to load, with connections to it and people who are signed in to it.
type target struct {
	*server
	conns    conns
	readers  []*session
	renewers []*session // others, for a session that is refreshed all the time is not like one that reads
	admin    *session
	deepPath string
}

type session struct{ access, refresh string }

// targets starts both servers and signs people in.
func (l *lab) targets(ctx context.Context) (floor, service *target, err error) {
	floor, err = l.target(ctx, l.floor, func(c *conn, a account) (*session, error) {
		s := &session{refresh: a.session.String() + "." + everySecret}
		return s, s.renew(c)
	})
	if err != nil {
		return nil, nil, err
	}
	if floor.deepPath, err = l.floorPage(ctx, l.page); err != nil {
		return nil, nil, err
	}
	service, err = l.target(ctx, l.service, signIn)
	if err != nil {
		return nil, nil, err
	}
	service.deepPath, err = service.walk(l.page)
	return floor, service, err
}

func (l *lab) target(ctx context.Context, start func(context.Context) (*server, error), enter func(*conn, account) (*session, error)) (*target, error) {
	s, err := start(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	door, err := dial(ctx, s.address)
	if err != nil {
		return nil, err
	}
	defer door.close()
	var all []*session
	for _, a := range append(l.accounts.people, l.accounts.admin) {
		in, err := enter(door, a)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	t := &target{server: s, readers: all[:callers], renewers: all[callers : 2*callers], admin: all[2*callers]}
	t.conns, err = dialAll(ctx, s, l.connections)
	l.closers = append(l.closers, t.conns.close)
	return t, err
}

func signIn(c *conn, a account) (*session, error) {
	s := &session{}
	return s, s.take(c.send(signInRequest(a)))
}

func signInRequest(a account) []byte {
	return post(tokenPath, url.Values{"grant_type": {"password"}, "username": {a.email}, "password": {everyPassword}})
}

// renew trades the refresh token for the next one.
func (s *session) renew(c *conn) error {
	return s.take(c.send(post(tokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.refresh}})))
}

// take reads the answer of the token endpoint. Tokens hold nothing that JSON escapes, so they are looked for, which costs
// less than parsing.
func (s *session) take(body []byte, err error) error {
	if err != nil {
		return err
	}
	member := func(name string) string {
		_, rest, _ := bytes.Cut(body, []byte(`"`+name+`":"`))
		value, _, _ := bytes.Cut(rest, []byte(`"`))
		return string(value)
	}
	s.access, s.refresh = member("access_token"), member("refresh_token")
	if s.access == "" || s.refresh == "" {
		return fmt.Errorf("no tokens in %s", body)
	}
	return nil
}

// walk follows the links of the service's list to a page, which is the only way there.
func (t *target) walk(page int) (string, error) {
	path := listPath
	for range page - 1 {
		body, err := t.conns[0].send(get(path, t.admin.access))
		if err != nil {
			return "", err
		}
		var list struct {
			Links struct{ Next struct{ Href string } } `json:"_links"`
		}
		if err := json.Unmarshal(body, &list); err != nil {
			return "", err
		}
		if path = list.Links.Next.Href; path == "" {
			return "", fmt.Errorf("the list ends before page %d", page)
		}
	}
	return path, nil
}

// floorPage is the path of the same page of the floor's list.
func (l *lab) floorPage(ctx context.Context, page int) (string, error) {
	var last string
	err := l.db.QueryRow(ctx, "SELECT id::text FROM users ORDER BY id DESC OFFSET $1 LIMIT 1", (page-1)*pageSize-1).Scan(&last)
	return listPath + "&before=" + last, err
}
