package etag_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/etag"
	"github.com/usherhq/usher/server/fault"
)

func TestOf(t *testing.T) {
	tag := etag.Of(etag.Version(7), []byte(`{"a":1}`))
	require.Regexp(t, `^"7\.[0-9a-z]+"$`, tag)
	require.Equal(t, tag, etag.Of("7", []byte(`{"a":1}`)))
	require.NotEqual(t, tag, etag.Of("8", []byte(`{"a":1}`)))
	require.NotEqual(t, tag, etag.Of("7", []byte(`{"a":2}`)))
	require.Regexp(t, `^"7\.[0-9a-z]+"$`, etag.Of("7", nil))
}

func TestIfNoneMatch(t *testing.T) {
	const tag = `"7.abc"`
	for header, want := range map[string]bool{
		"":                           false,
		`"7.abc"`:                    true,
		`W/"7.abc"`:                  true,
		` "7.abc" `:                  true,
		`"a", "7.abc"`:               true,
		`"a","b",W/"7.abc"`:          true,
		`"7.abc", "7.abc"`:           true,
		`,, "7.abc",`:                true,
		`"a, b", "7.abc"`:            true,
		`*`:                          true,
		` * `:                        true,
		`"*"`:                        false,
		`"a", *`:                     false,
		`*, "a"`:                     false,
		`"7.abcd"`:                   false,
		`"7.ab"`:                     false,
		`"17.abc"`:                   false,
		`"7"`:                        false,
		`7.abc`:                      false,
		`"7.abc`:                     false,
		`7.abc"`:                     false,
		`""7.abc""`:                  false,
		`w/"7.abc"`:                  false,
		`W/W/"7.abc"`:                false,
		`W/ "7.abc"`:                 false,
		`"a,7.abc"`:                  false,
		`"7.ABC"`:                    false,
		`"a" "7.abc"`:                false,
		`"a"; "7.abc"`:               false,
		"\"7.abc\"\x00":              false,
		`Thu, 01 Jan 1970 00:00 GMT`: false,
	} {
		require.Equal(t, want, etag.Matches(header, tag), header)
	}
}

func TestIfMatch(t *testing.T) {
	for header, want := range map[string]bool{
		"":                  true, // expects nothing
		`"12.abc"`:          true,
		`"12.another"`:      true, // what another caller, or this one before, was shown of the same version
		`"1.a", "12.b"`:     true,
		` "12.abc" `:        true,
		`*`:                 true,
		` `:                 false,
		`"1.abc"`:           false,
		`"2.abc"`:           false,
		`"120.abc"`:         false,
		`"012.abc"`:         false,
		`"+12.abc"`:         false,
		`"-12.abc"`:         false,
		`"12"`:              false,
		`"12`:               false,
		`"12.abc`:           false,
		`12.abc`:            false,
		`12.abc"`:           false,
		`""12.abc""`:        false,
		`"abc.12"`:          false,
		`".12"`:             false,
		`"."`:               false,
		`""`:                false,
		`"`:                 false,
		`W/"12.abc"`:        false,
		`"1.a", W/"12.abc"`: false,
		`"1.a", *`:          false,
		`"*"`:               false,
		`"1,12.abc"`:        false,
	} {
		err := etag.Check(etag.Expect(t.Context(), header), 12)
		if want {
			require.NoError(t, err, header)
			continue
		}
		require.True(t, fault.Is(err, spec.ProblemPreconditionFailed), header)
	}
	require.NoError(t, etag.Check(t.Context(), 12), "without a header anything goes")
	require.NoError(t, etag.Check(etag.Expect(t.Context(), etag.Of(etag.Version(-3), nil)), -3))
}
