package contract

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// FuzzBody: no body panics; what is refused is the client's fault; what is taken is JSON in UTF-8 and NFC that is taken
// again, unchanged.
func FuzzBody(f *testing.F) {
	requests := []*Request{request(f, "open"), request(f, "draft"), request(f, "patch"), request(f, "token")}
	for i, body := range []string{
		`{"a":[1,2.5e3,-0,true,null,{"b":"\ud83d\ude00\u0000"}],"é":"e\u0301"}`,
		`{"email":"ADA","password":"tall ships sail at noon","age":1e2,"tags":["a"],"extra":{"a":"b"}}`,
		`{"bio":null}`,
		`{"grant_type":"password","password":"x"}`,
	} {
		f.Add(uint8(i), []byte(body))
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		r := requests[int(which)%len(requests)]
		contentType := r.op.Bodies[0].MediaType
		got, err := r.Body(contentType, body)
		if err != nil {
			require.Contains(t, []spec.Problem{spec.ProblemMalformedRequest, spec.ProblemInvalidRequest}, fault.Of(err).Problem)
			return
		}
		require.True(t, json.Valid(got), "%q", got)
		require.True(t, utf8.Valid(got), "%q", got)
		require.True(t, norm.NFC.IsNormal(got), "%q", got)
		again, err := r.Body(contentType, got)
		require.NoError(t, err, "%q", got)
		require.Equal(t, string(got), string(again))
	})
}

// FuzzForm: the same for forms.
func FuzzForm(f *testing.F) {
	r := request(f, "token")
	f.Add([]byte("grant_type=password&password=e%CC%81&x="))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := r.Body(formType, body)
		if err != nil {
			require.Contains(t, []spec.Problem{spec.ProblemMalformedRequest, spec.ProblemInvalidRequest}, fault.Of(err).Problem)
			return
		}
		again, err := r.Body(formType, got)
		require.NoError(t, err, "%q", got)
		require.Equal(t, string(got), string(again))
	})
}
