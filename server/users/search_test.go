package users_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/users"
)

// nicknames lists those that a list with a query holds, by name.
func nicknames(c *apitest.Client, query url.Values) []string {
	out := []string{}
	for _, u := range apitest.Do[spec.UserPage](c, "GET", "/users?sort=nickname&"+query.Encode(), nil, 200).Items {
		out = append(out, u.Nickname)
	}
	return out
}

// searchable starts a service with a few people to look for.
func searchable(t *testing.T) *apitest.Client {
	t.Helper()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	for _, p := range [][5]string{
		{"ada", "ada@one.example", "Ada", "Lovelace", "Wrote the first program. 100% sure."},
		{"jose", "pepe@two.example", "José", "García", "Likes well-known ships"},
		{"o_brien", "flann@three.example", "Brian", "O'Nolan", "ships and novels"},
		{"wei-zhang", "wei+zhang@four.example", "伟", "张", ""},
		{"zoe", "q@five.example", "ZOË", "Müller\\%", "Sails"},
		{"lukasz", "f@ff.test", "Łukasz Ærø", "Strauß-Đặng", ""},
	} {
		srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) {
			d.Nickname, d.Email, d.FirstName, d.LastName, d.Bio = &p[0], p[1], &p[2], &p[3], &p[4]
		})
	}
	return admin
}

// TestSearchByPart (F3.1): part of nickname, address or whole name, in any letter case, with and without accents. Every
// character stands for itself, and a part does not go from one of them into the next.
func TestSearchByPart(t *testing.T) {
	t.Parallel()
	admin := searchable(t)
	for part, want := range map[string][]string{
		"ada":          {"ada"},
		"LOVE":         {"ada"},
		"ada love":     {"ada"},
		"da l":         {"ada"},
		"josé":         {"jose"},
		"JOSE":         {"jose"},
		"jose\u0301":   {"jose"},
		"ＧＡＲＣＩＡ":       {"jose"},
		"zoë mul":      {"zoe"},
		"lukasz aero":  {"lukasz"},
		"STRAUSS-dang": {"lukasz"},
		"Łuk":          {"lukasz"},
		"q":            {"zoe"},
		"Q@":           {"zoe"},
		"x@":           {},
		"_":            {"o_brien"},
		"%":            {"zoe"},
		`\`:            {"zoe"},
		`\%`:           {"zoe"},
		"'":            {"o_brien"},
		"o'n":          {"o_brien"},
		"''":           {},
		"+":            {"wei-zhang"},
		"i-z":          {"wei-zhang"},
		"伟":            {"wei-zhang"},
		"伟 张":          {"wei-zhang"},
		"e.":           {"ada", "o_brien", "zoe"},
		"o.e":          {"jose"},
		".example":     {"ada", "jose", "o_brien", "wei-zhang", "zoe"},
		"ada%":         {},
		"a_a":          {},
		"adaada":       {}, // nickname and address
		"ada ada":      {},
		"exampleada":   {},
		" lovelace":    {"ada"},
		"lovelace ":    {},
		"love*":        {},
		"q:*":          {},
		"no such part": {},
	} {
		require.Equal(t, want, nicknames(admin, url.Values{"q": {part}, "role": {"AUTHENTICATED"}}), part)
	}
	for _, nothing := range []string{" ", "\u00a0\u3000", "\u0301"} {
		p := apitest.Refused(admin, "GET", "/users?"+url.Values{"q": {nothing}}.Encode(), nil, spec.ProblemInvalidRequest)
		require.Equal(t, []string{"query/q empty"}, apitest.Pointers(p), nothing)
	}
}

// TestSearchByWords (F3.2): whole words of nickname, name and bio, as web searches have them.
func TestSearchByWords(t *testing.T) {
	t.Parallel()
	admin := searchable(t)
	for words, want := range map[string][]string{
		"ships":              {"jose", "o_brien"},
		"SHIPS novels":       {"o_brien"},
		"ship":               {},
		"ships -novels":      {"jose"},
		"program or sails":   {"ada", "zoe"},
		`"first program"`:    {"ada"},
		`"program first"`:    {},
		"jose garcia ships":  {"jose"},
		"known":              {"jose"},
		"well-known":         {"jose"},
		"well known":         {"jose"},
		"wei-zhang":          {"wei-zhang"},
		"zhang":              {"wei-zhang"},
		"muller":             {"zoe"},
		"张":                  {"wei-zhang"},
		"one.example":        {},
		"'); DROP TABLE & |": {},
		"100%":               {"ada"},
	} {
		got := nicknames(admin, url.Values{"text": {words}})
		require.Equal(t, want, got, words)
	}
	for _, nothing := range []string{" ", "!!!", `""`, "-"} {
		p := apitest.Refused(admin, "GET", "/users?"+url.Values{"text": {nothing}}.Encode(), nil, spec.ProblemInvalidRequest)
		require.Equal(t, []string{"query/text empty"}, apitest.Pointers(p), nothing)
	}
	p := apitest.Refused(admin, "GET", "/users?q=%20&text=!", nil, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"query/q empty", "query/text empty"}, apitest.Pointers(p))
}
