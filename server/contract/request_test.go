package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// ask holds a request with these headers, query and id in its path to the contract.
func ask(r *Request, headers map[string]string, query, id string) []spec.FieldError {
	req := &http.Request{URL: &url.URL{RawQuery: query}, Header: http.Header{}}
	for name, value := range headers {
		for v := range strings.SplitSeq(value, "|") {
			req.Header.Add(name, v)
		}
	}
	return r.Params(req, func(string) string { return id })
}

func TestParams(t *testing.T) {
	list := request(t, "list")
	const id = "01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e"
	key := map[string]string{"Idempotency-Key": "k"}
	for name, tt := range map[string]struct {
		headers   map[string]string
		query, id string
		want      []string
	}{
		"nothing":              {key, "", id, nil},
		"everything":           {key, "limit=20&count=true&q=a+b&sort=name&role=READER&role=ADMIN", id, nil},
		"edges":                {key, "limit=1&count=false&q=%F0%9F%98%80", id, nil},
		"a path without an id": {key, "", "me", []string{"path/user_id format"}},
		"an empty path":        {key, "", "", []string{"path/user_id format"}},
		"bad UTF-8 in a path":  {key, "", "\xff", []string{"path/user_id encoding"}},
		"a missing header":     {nil, "", id, []string{"header/Idempotency-Key required"}},
		"an empty header":      {map[string]string{"Idempotency-Key": ""}, "", id, []string{"header/Idempotency-Key too-short"}},
		"a long header":        {map[string]string{"Idempotency-Key": "12345678901"}, "", id, []string{"header/Idempotency-Key too-long"}},
		"a header twice":       {map[string]string{"Idempotency-Key": "a|b"}, "", id, []string{"header/Idempotency-Key too-many"}},
		"bad UTF-8 in headers": {map[string]string{"Idempotency-Key": "\xff"}, "", id, []string{"header/Idempotency-Key encoding"}},
		"too small":            {key, "limit=0", id, []string{"query/limit too-small"}},
		"negative":             {key, "limit=-1", id, []string{"query/limit too-small"}},
		"too large":            {key, "limit=101", id, []string{"query/limit too-large"}},
		"empty":                {key, "limit=&q=&count=", id, []string{"query/count type", "query/limit type", "query/q too-short"}},
		"no value":             {key, "limit", id, []string{"query/limit type"}},
		"twice":                {key, "limit=1&limit=1", id, []string{"query/limit too-many"}},
		"twice, no value":      {key, "q=a&q", id, []string{"query/q too-many"}},
		"unknown":              {key, "offset=5&Limit=5&q[]=a", id, []string{"query/Limit unknown", "query/offset unknown", "query/q[] unknown"}},
		"no enum":              {key, "sort=Name", id, []string{"query/sort enum"}},
		"pattern":              {key, "q=a%00", id, []string{"query/q pattern"}},
		"a line break":         {key, "q=a%0A", id, []string{"query/q pattern"}},
		"too long":             {key, "q=ababab", id, []string{"query/q too-long"}},
		"five characters":      {key, "q=%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9", id, nil},
		"a list too long":      {key, "role=READER&role=READER&role=READER", id, []string{"query/role too-many"}},
		"an item of a list":    {key, "role=READER&role=KING", id, []string{"query/role/1 enum"}},
		"a list with commas":   {key, "role=READER,ADMIN", id, []string{"query/role/0 enum"}},
		"bad UTF-8":            {key, "q=%ff", id, []string{"query/q encoding"}},
		"bad UTF-8 in a list":  {key, "role=READER&role=%ff", id, []string{"query/role encoding"}},
		"bad UTF-8 in a name":  {key, "%ff=1", id, []string{"query encoding"}},
		"a bad escape":         {key, "q=%zz", id, []string{"query encoding"}},
		"a semicolon":          {key, "q=a;b", id, []string{"query encoding"}},
		"several at once":      {nil, "limit=0&offset=1", "me", []string{"header/Idempotency-Key required", "path/user_id format", "query/limit too-small", "query/offset unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, refused(ask(list, tt.headers, tt.query, tt.id)))
		})
	}
	for _, limit := range []string{"many", "1.0", "1e1", "1.5", "0x10", "1_0", "+-1", "%201", "1%20", "null", "true", "%225%22", "[5]", "99999999999999999999", "1e999999", "٣"} {
		require.Equal(t, []string{"query/limit type"}, refused(ask(list, key, "limit="+limit, id)), limit)
	}
	for _, count := range []string{"1", "0", "yes", "TRUE", "True", "t", "null", "%20true"} {
		require.Equal(t, []string{"query/count type"}, refused(ask(list, key, "count="+count, id)), count)
	}
	t.Run("no more than anybody reads", func(t *testing.T) {
		query := url.Values{}
		for i := range 500 {
			query.Set(fmt.Sprintf("p%d", i), "")
		}
		require.Len(t, ask(list, key, query.Encode(), id), maxFields)
	})
}
