package contract

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

const (
	notJSON = "The body is not valid JSON in UTF-8."
	twice   = "A member appears twice in one object."
	beyond  = "The body goes on after its end."
	tooBig  = "The body is nested too deeply or has too many members."
	empty   = "The body is empty."
	range64 = "A number is out of range."
)

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func list1(items int) string { return "[" + strings.TrimSuffix(strings.Repeat("0,", items), ",") + "]" }

func TestJSONThatIsRefused(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"empty":                       {"", empty},
		"blank":                       {" \n\t ", empty},
		"cut off":                     {`{"a":`, notJSON},
		"cut off in a string":         {`{"a":"b`, notJSON},
		"not closed":                  {`{"a":{"b":1}`, notJSON},
		"closed twice":                {`{}}`, notJSON},
		"closed wrongly":              {`[}`, notJSON},
		"a comma too many":            {`[1,]`, notJSON},
		"no name":                     {`{1:2}`, notJSON},
		"single quotes":               {`{'a':1}`, notJSON},
		"a comment":                   {`{} // no`, notJSON},
		"garbage":                     {`{}x`, notJSON},
		"a second object":             {`{} {}`, beyond},
		"a second object at once":     {`{}{}`, beyond},
		"a second list":               {`[][]`, beyond},
		"a second number":             {`1 2`, beyond},
		"a second value":              {`{} null`, beyond},
		"a member twice":              {`{"a":1,"a":2}`, twice},
		"a member twice, escaped":     {`{"a":1,"\u0061":2}`, twice},
		"a member twice, deep":        {`{"a":[{"b":{"c":1,"d":2,"c":3}}]}`, twice},
		"a member twice in NFC":       {"{\"\u00e9\":1,\"e\u0301\":2}", twice},
		"an empty member twice":       {`{"":1,"":2}`, twice},
		"bad UTF-8":                   {"\"a\xffb\"", notJSON},
		"bad UTF-8 in a name":         {"{\"a\xff\":1}", notJSON},
		"overlong UTF-8":              {"\"\xc0\xaf\"", notJSON},
		"a surrogate in UTF-8":        {"\"\xed\xa0\x80\"", notJSON},
		"a lone high surrogate":       {`"\ud800"`, notJSON},
		"a lone low surrogate":        {`"\udc00"`, notJSON},
		"surrogates the wrong way":    {`"\udc00\ud800"`, notJSON},
		"a lone surrogate in a name":  {`{"\ud800":1}`, notJSON},
		"NUL":                         {"\x00", notJSON},
		"NUL after the end":           {"{}\x00", notJSON},
		"a raw NUL in a string":       {"\"a\x00b\"", notJSON},
		"a raw line break":            {"\"a\nb\"", notJSON},
		"a byte order mark":           {"\ufeff{}", notJSON},
		"UTF-16":                      {"\xff\xfe{\x00}\x00", notJSON},
		"a blank that is none":        {"\u00a0", notJSON},
		"17 levels":                   {nested(17), tooBig},
		"100,000 levels":              {nested(100_000), tooBig},
		"17 levels of objects":        {strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17), tooBig},
		"too many members":            {list1(maxTokens - 1), tooBig},
		"a leading zero":              {"[01]", notJSON},
		"a plus":                      {"+1", notJSON},
		"no number":                   {"NaN", notJSON},
		"infinite":                    {"Infinity", notJSON},
		"too large a number":          {"1e999", range64},
		"too small a number":          {"[-1e999]", range64},
		"a number of a million zeros": {"1e1000000", range64},
		"a number of 400 digits":      {strings.Repeat("9", 400), range64},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := clean([]byte(tt.body))
			require.True(t, fault.Is(err, spec.ProblemMalformedRequest), err)
			require.Equal(t, tt.want, fault.Of(err).Detail)
		})
	}
}

func TestJSONThatIsTaken(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"an object":                {` { "a" : [ 1 , true , null ] } `, `{"a":[1,true,null]}`},
		"a string":                 {`"a"`, `"a"`},
		"16 levels":                {nested(16), nested(16)},
		"as many members as may":   {list1(maxTokens - 2), list1(maxTokens - 2)},
		"the same member, deeper":  {`{"a":{"a":1}}`, `{"a":{"a":1}}`},
		"names in another case":    {`{"a":1,"A":2}`, `{"a":1,"A":2}`},
		"escapes":                  {`"\u0061\/\n\ud83d\ude00"`, `"a/\n😀"`},
		"an escaped NUL":           {`"\u0000"`, `"\u0000"`},
		"NFD":                      {"\"e\u0301\"", "\"\u00e9\""},
		"NFD, escaped":             {`"e\u0301"`, "\"\u00e9\""},
		"NFD in a name":            {"{\"e\u0301\":1}", "{\"\u00e9\":1}"},
		"NFC":                      {"\"\u00e9\"", "\"\u00e9\""},
		"a compatibility form":     {"\"\ufb01\"", "\"\ufb01\""},
		"an integer":               {`-12`, `-12`},
		"a large integer":          {`9007199254740993`, `9007199254740993`},
		"an integer with a point":  {`1.0`, `1`},
		"an integer with exponent": {`[1e2,1E+2,100e-2]`, `[100,100,1]`},
		"a fraction":               {`0.1`, `0.1`},
		"next to nothing":          {`1e-1000000`, `0`},
		"minus nothing":            {`-0.0`, `-0`},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := clean([]byte(tt.body))
			require.NoError(t, err)
			require.Equal(t, tt.want, strings.TrimSpace(string(got)))
		})
	}
}

func TestForms(t *testing.T) {
	token := request(t, "token")
	send := func(body string) (string, error) {
		got, err := token.Body(formType, []byte(body))
		return string(got), err
	}
	for name, tt := range map[string]struct{ body, want string }{
		"typical":               {"grant_type=password&password=a+b%26c", "grant_type=password&password=a+b%26c"},
		"unknown ones pass":     {"grant_type=password&resource=x", "grant_type=password&resource=x"},
		"no value, so left out": {"grant_type=password&password=&scope", "grant_type=password"},
		"NFD":                   {"grant_type=password&password=e%CC%81", "grant_type=password&password=%C3%A9"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := send(tt.body)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	for name, tt := range map[string]struct{ body, want string }{
		"a parameter twice":         {"grant_type=password&grant_type=password", "A parameter appears twice."},
		"once without a value":      {"grant_type=password&password=&password=x", "A parameter appears twice."},
		"an unknown one twice":      {"grant_type=password&x=1&x=2", "A parameter appears twice."},
		"twice in NFC":              {"grant_type=password&%C3%A9=1&e%CC%81=2", "A parameter appears twice."},
		"a bad escape":              {"grant_type=%zz", "The form is not well formed."},
		"half an escape":            {"grant_type=%4", "The form is not well formed."},
		"a semicolon":               {"grant_type=password;password=x", "The form is not well formed."},
		"bad UTF-8":                 {"grant_type=%ff", "The form is not valid UTF-8."},
		"bad UTF-8, not escaped":    {"grant_type=\xff", "The form is not valid UTF-8."},
		"bad UTF-8 in a name":       {"grant_type=password&%ff=x", "The form is not valid UTF-8."},
		"bad UTF-8 without a value": {"grant_type=password&%ff", "The form is not valid UTF-8."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := send(tt.body)
			require.True(t, fault.Is(err, spec.ProblemMalformedRequest), err)
			require.Equal(t, tt.want, fault.Of(err).Detail)
		})
	}
	for name, tt := range map[string]struct{ body, want string }{
		"empty":        {"", "/grant_type required"},
		"JSON":         {`{"grant_type":"password"}`, "/grant_type required"},
		"no value":     {"grant_type=", "/grant_type required"},
		"a NUL":        {"grant_type=a&password=%00", "/password pattern"},
		"a wrong case": {"Grant_Type=password", "/grant_type required"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := send(tt.body)
			require.True(t, fault.Is(err, spec.ProblemInvalidRequest), err)
			require.Equal(t, []string{tt.want}, refused(fault.Of(err).Fields))
		})
	}
}
