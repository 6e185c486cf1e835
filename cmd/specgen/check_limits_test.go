package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRefusesLimits(t *testing.T) {
	const by = "      x-rate-limits: [{by: caller, limit: 10, per: 90s}]\n"
	const list = "updateUser: write x-rate-limits as a list, such as [{by: address, limit: 100, per: 10m}]"
	const count = "updateUser: x-rate-limits[0]: give it a limit, a whole number of at least 1"
	const per = "updateUser: x-rate-limits[0]: give it a per, a duration of whole seconds from 1s to 24h, such as 10m"
	const name = "updateUser: x-rate-limits[0]: give it a by: address, caller, or a string in the body that names the account"
	const twice = "updateUser: x-rate-limits[1]: caller is limited already; drop one of the two, or tell them apart with when"
	one := func(limit string) string { return "      x-rate-limits: [" + limit + "]\n" }
	refuses(t, map[string]mutation{
		"nothing":                  {by, "      x-rate-limits:\n", list},
		"an empty list":            {by, one(""), list},
		"no list":                  {by, "      x-rate-limits: {by: caller, limit: 10, per: 90s}\n", list},
		"a number":                 {by, one("7"), name + "\n" + count + "\n" + per},
		"a slip of the pen":        {by, one("{by: caller, limit: 10, per: 90s, wen: {name: [x]}}"), "updateUser: x-rate-limits[0]: write by, limit, per and perhaps count and when, not wen"},
		"no limit":                 {by, one("{by: caller, per: 90s}"), count},
		"never":                    {by, one("{by: caller, limit: 0, per: 90s}"), count},
		"one and a half":           {by, one("{by: caller, limit: 1.5, per: 90s}"), count},
		"a limit in quotes":        {by, one("{by: caller, limit: '10', per: 90s}"), count},
		"for ever":                 {by, one("{by: caller, limit: 10}"), per},
		"a time in no unit":        {by, one("{by: caller, limit: 10, per: 90}"), per},
		"a day in days":            {by, one("{by: caller, limit: 10, per: 1d}"), per},
		"no time":                  {by, one("{by: caller, limit: 10, per: 0s}"), per},
		"part of a second":         {by, one("{by: caller, limit: 10, per: 1500ms}"), per},
		"more than a day":          {by, one("{by: caller, limit: 10, per: 24h1s}"), per},
		"counting something else":  {by, one("{by: caller, limit: 10, per: 90s, count: answers}"), "updateUser: x-rate-limits[0]: count is requests or failures, not answers"},
		"by nobody":                {by, one("{limit: 10, per: 90s}"), name},
		"by a number":              {by, one("{by: 7, limit: 10, per: 90s}"), name},
		"by what is not sent":      {by, one("{by: email, limit: 10, per: 90s}"), "updateUser: x-rate-limits[0]: by: write address, caller, or a string that every body has, not email"},
		"by what can be null":      {by, one("{by: name, limit: 10, per: 90s}"), "updateUser: x-rate-limits[0]: by: write address, caller, or a string that every body has, not name"},
		"twice":                    {by, one("{by: caller, limit: 10, per: 90s}, {by: caller, limit: 100, per: 1h, count: failures}"), twice},
		"without a body":           {"      operationId: signOut\n", "      operationId: signOut\n" + one("{by: email, limit: 10, per: 90s}"), "signOut: x-rate-limits[0]: by: write address, caller, or a string that every body has, not email"},
		"in a stream":              {"      operationId: setPictureUrl\n", "      operationId: setPictureUrl\n" + one("{by: picture, limit: 10, per: 90s}"), "setPictureUrl: x-rate-limits[0]: by: write address, caller, or a string that every body has, not picture"},
		"by a caller, of anybody":  {"{by: username, limit: 5, per: 1h}", "{by: caller, limit: 5, per: 1h}", "issueToken: x-rate-limits[2]: nobody signs in to call it, so there is no caller; write by: address, or a string in the body"},
		"by a caller, of clients":  {"{by: token, limit: 3, per: 5s}", "{by: caller, limit: 3, per: 5s}", "introspectToken: x-rate-limits[0]: nobody signs in to call it, so there is no caller; write by: address, or a string in the body"},
		"by what one body has not": {"application/json: {schema: {$ref: '#/components/schemas/TokenRequest'}}", "application/json: {schema: {$ref: '#/components/schemas/UserDraft'}}", "issueToken: x-rate-limits[0]: when: write a string that every body has, not grant_type\nissueToken: x-rate-limits[2]: by: write address, caller, or a string that every body has, not username"},
		"open, and nothing":        {"      security: [{oauth2: []}]\n", "      security: []\n      x-rate-limits:\n", "signOut: write x-rate-limits as a list, such as [{by: address, limit: 100, per: 10m}]"},
		"open to everybody":        {"      security: [{oauth2: []}]\n", "      security: []\n", "signOut: give it x-rate-limits; anybody can call it as often as they like"},
	})
}

func TestRefusesLimitsNow(t *testing.T) {
	const when = "when: {grant_type: [password, otp]}"
	const write = "issueToken: x-rate-limits[0]: write when as one string in the body and what it is then, such as {grant_type: [password]}"
	const values = "issueToken: x-rate-limits[0]: when: list what grant_type is then, strings, each of them once"
	const username = "{by: username, limit: 5, per: 1h}"
	refuses(t, map[string]mutation{
		"never said":       {when, "when: always", write},
		"nothing":          {when, "when: {}", write},
		"two members":      {when, "when: {grant_type: [password], scope: [a]}", write},
		"of no member":     {when, "when: {grant: [password]}", "issueToken: x-rate-limits[0]: when: write a string that every body has, not grant"},
		"no values":        {when, "when: {grant_type: []}", values},
		"a value alone":    {when, "when: {grant_type: password}", values},
		"a number":         {when, "when: {grant_type: [password, 7]}", values},
		"a value twice":    {when, "when: {grant_type: [password, otp, password]}", values},
		"a value too long": {when, "when: {grant_type: [password, authorizations]}", `issueToken: x-rate-limits[0]: when: grant_type is never "authorizations"; the schema does not let it in`},
		"no such value":    {when, "when: {grant_type: [Password]}", `issueToken: x-rate-limits[0]: when: grant_type is never "Password"; the schema does not let it in`},
		"the same twice": {username, "{by: address, limit: 5, per: 1h, when: {grant_type: [otp, password]}}",
			"issueToken: x-rate-limits[2]: address is limited already; drop one of the two, or tell them apart with when"},
	})
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second:      "1 * time.Second",
		90 * time.Second: "90 * time.Second",
		10 * time.Minute: "10 * time.Minute",
		90 * time.Minute: "90 * time.Minute",
		24 * time.Hour:   "24 * time.Hour",
	} {
		require.Equal(t, want, duration(d))
	}
}
