package contract

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// with is a draft that would be taken, were it not for the members given.
func with(members string) string {
	return `{"email":"ADA@EXAMPLE.COM","password":"tall ships sail at noon",` + members + `}`
}

func TestFields(t *testing.T) {
	draft, patch := request(t, "draft"), request(t, "patch")
	for name, tt := range map[string]struct {
		body   string
		want   string // pointer and code
		detail string
	}{
		"required":             {`{"email":"ADA"}`, "/password required", "This field is missing."},
		"required, deeper":     {with(`"address":{}`), "/address/city required", "This field is missing."},
		"unknown":              {with(`"admin":true`), "/admin unknown", "There is no such field."},
		"unknown, deeper":      {with(`"address":{"city":"London","zip":1}`), "/address/zip unknown", "There is no such field."},
		"another case":         {with(`"Role":"ADMIN"`), "/Role unknown", "There is no such field."},
		"no name":              {with(`"":1`), "/ unknown", "There is no such field."},
		"a name to escape":     {with(`"a/b":1`), "/a~1b unknown", "There is no such field."},
		"a name with a tilde":  {with(`"~1":1`), "/~01 unknown", "There is no such field."},
		"type":                 {with(`"age":"old"`), "/age type", "Send a value of type integer."},
		"type, escaped":        {with(`"a/b~c":1`), "/a~1b~0c type", "Send true or false."},
		"type of the whole":    {`[]`, " type", "Send a value of type object."},
		"null":                 {with(`"age":null`), "/age type", "Send a value of type integer."},
		"one of two types":     {with(`"bio":1`), "/bio type", "Send a value of type null or string."},
		"no integer":           {with(`"age":1.5`), "/age type", "Send a value of type integer."},
		"a number in quotes":   {with(`"age":"1"`), "/age type", "Send a value of type integer."},
		"a boolean in quotes":  {with(`"newsletter":"true"`), "/newsletter type", "Send true or false."},
		"enum":                 {with(`"role":"KING"`), "/role enum", "Send one of READER, ADMIN, null."},
		"enum, another case":   {with(`"role":"admin"`), "/role enum", "Send one of READER, ADMIN, null."},
		"format of ours":       {`{"email":"ada","password":"tall ships sail at noon"}`, "/email format", "This is not a valid shout."},
		"format of JSON":       {with(`"born_on":"2026-02-30"`), "/born_on format", "This is not a valid date."},
		"pattern":              {with(`"address":{"city":"a b"}`), "/address/city pattern", "This has a form or characters that are not taken here."},
		"NUL":                  {with(`"bio":"a\u0000b"`), "/bio pattern", "This has a form or characters that are not taken here."},
		"too short":            {`{"email":"ADA","password":"short"}`, "/password too-short", "Use at least 15 characters."},
		"empty":                {with(`"bio":""`), "/bio too-short", "Use at least one character."},
		"too long":             {with(`"bio":"` + strings.Repeat("x", 21) + `"`), "/bio too-long", "Use at most 20 characters."},
		"characters, no bytes": {with(`"bio":"` + strings.Repeat("é", 21) + `"`), "/bio too-long", "Use at most 20 characters."},
		"too small":            {with(`"age":-1`), "/age too-small", "Send at least 0."},
		"too small a fraction": {with(`"height":0.4`), "/height too-small", "Send at least 0.5."},
		"too large":            {with(`"age":151`), "/age too-large", "Send at most 150."},
		"larger than any int":  {with(`"age":99999999999999999999`), "/age too-large", "Send at most 150."},
		"a fraction too many":  {with(`"numbers":[9007199254740994]`), "/numbers/0 too-large", "Send at most 9007199254740993."},
		"too many":             {with(`"tags":["a","b","c"]`), "/tags too-many", "Send at most 2 items."},
		"too few":              {with(`"tags":[]`), "/tags empty", "Send at least one item."},
		"twice":                {with(`"tags":["a","a"]`), "/tags invalid", "Send each item once."},
		"an item":              {with(`"tags":["a","B"]`), "/tags/1 pattern", "This has a form or characters that are not taken here."},
		"too many members":     {with(`"extra":{"a":"","b":"","c":""}`), "/extra too-many", "Send at most 2 fields."},
		"a free member":        {with(`"extra":{"a/b":"longer"}`), "/extra/a~1b too-long", "Use at most 5 characters."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := draft.Body("application/json", []byte(tt.body))
			require.True(t, fault.Is(err, spec.ProblemInvalidRequest), err)
			fields := fault.Of(err).Fields
			require.Equal(t, []string{tt.want}, refused(fields))
			require.Equal(t, tt.detail, fields[0].Detail)
		})
	}
	t.Run("nothing to change", func(t *testing.T) {
		_, err := patch.Body("application/merge-patch+json", []byte(`{}`))
		require.Equal(t, []spec.FieldError{{Code: spec.FieldProblemEmpty, Detail: "Send at least one field."}}, fault.Of(err).Fields)
	})
	t.Run("several at once, in order", func(t *testing.T) {
		_, err := draft.Body("application/json", []byte(`{"tags":["B",1],"role":"KING","age":151,"address":{"zip":1},"bio":"\u0007"}`))
		require.Equal(t, []string{"/address/city required", "/address/zip unknown", "/age too-large", "/bio pattern", "/email required",
			"/password required", "/role enum", "/tags/0 pattern", "/tags/1 type"}, refused(fault.Of(err).Fields))
	})
	t.Run("no more than anybody reads", func(t *testing.T) {
		var members []string
		for i := range 5000 {
			members = append(members, fmt.Sprintf(`"m%d":0`, i))
		}
		_, err := draft.Body("application/json", []byte(with(strings.Join(members, ","))))
		require.Len(t, fault.Of(err).Fields, maxFields)
	})
}

func TestBodiesThatAreTaken(t *testing.T) {
	draft := request(t, "draft")
	for name, tt := range map[string]struct{ body, want string }{
		"everything": {with(`"bio":null,"role":"ADMIN","age":0,"height":2.5,"newsletter":true,"born_on":"2026-02-28","tags":["a"],"address":{"city":"London"},"a/b~c":true,"extra":{"any":"thing"}`),
			with(`"bio":null,"role":"ADMIN","age":0,"height":2.5,"newsletter":true,"born_on":"2026-02-28","tags":["a"],"address":{"city":"London"},"a/b~c":true,"extra":{"any":"thing"}`)},
		"integers as floats":      {with(`"age":1.50e2,"numbers":[9007199254740993,-1.0]`), with(`"age":150,"numbers":[9007199254740993,-1]`)},
		"long before, not in NFC": {with(`"bio":"` + strings.Repeat("e\u0301", 20) + `"`), with(`"bio":"` + strings.Repeat("é", 20) + `"`)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := draft.Body("application/json", []byte(tt.body))
			require.NoError(t, err)
			require.Equal(t, tt.want, strings.TrimSpace(string(got)))
		})
	}
}

// TestNothingIsQuoted: whatever is wrong with it, what was sent does not come back, for it may be a password.
func TestNothingIsQuoted(t *testing.T) {
	const secret = "hunter2"
	draft, token, list := request(t, "draft"), request(t, "token"), request(t, "list")
	said := func(err error) string {
		t.Helper()
		require.Error(t, err)
		b, err := json.Marshal([]any{fault.Of(err).Detail, fault.Of(err).Fields})
		require.NoError(t, err)
		return string(b)
	}
	for _, member := range []string{"email", "password", "bio", "role", "age", "height", "newsletter", "born_on", "tags", "numbers", "address", "a/b~c"} {
		for _, value := range []string{`"%s"`, `["%s"]`, `{"a":"%s"}`, `"%s%[1]s%[1]s%[1]s%[1]s"`, `"%s\u0000"`, `["b","%s"]`} {
			name, _ := json.Marshal(member)
			_, err := draft.Body("application/json", fmt.Appendf(nil, `{%s:`+value+`}`, name, secret))
			require.NotContains(t, said(err), secret, "%s %s", member, value)
		}
	}
	for _, body := range []string{`"%s`, `{"a":%s}`, `%s`, `{"a":"%s\x"}`, `"%s" "%[1]s"`, `[1e999,"%s"]`, "\"%s\xff\"", `{"a":"%s","a":"%[1]s"}`} {
		_, err := draft.Body("application/json", fmt.Appendf(nil, body, secret))
		require.NotContains(t, said(err), secret, body)
	}
	for _, body := range []string{"grant_type=%s1", "grant_type=a&password=%s%%00", "password=%s%%zz", "password=%s&password=%[1]s"} {
		_, err := token.Body(formType, fmt.Appendf(nil, body, secret))
		require.NotContains(t, said(err), secret, body)
	}
	_, err := token.Body("text/"+secret, nil)
	require.NotContains(t, said(err), secret)
	for _, query := range []string{"limit=%s", "count=%s", "q=%s", "sort=%s", "role=%s", "q=%s&q=%[1]s", "q=%s%%zz", "q=%s%%ff"} {
		b, err := json.Marshal(ask(list, map[string]string{"Idempotency-Key": secret + " "}, fmt.Sprintf(query, secret), secret))
		require.NoError(t, err)
		require.NotContains(t, string(b), secret, query)
	}
}
