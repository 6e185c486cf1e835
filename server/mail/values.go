package mail

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
)

// variables turns data into what templates print. All of it is one line each, safe to show as text.
func (c *Composer) variables(data Data, lang string) (map[string]string, error) {
	vars := map[string]string{"ProductName": c.product, "BaseURL": c.base.String()}
	for field, value := range reflect.ValueOf(data).Fields() {
		switch v := value.Interface().(type) {
		case string:
			vars[field.Name] = words(v)
		case Link:
			if err := c.check(v); err != nil {
				return nil, fmt.Errorf("%s: %w", field.Name, err)
			}
			vars[field.Name] = string(v)
		case time.Duration:
			if v <= 0 {
				return nil, fmt.Errorf("%s: the time is over", field.Name)
			}
			vars[field.Name] = clean(c.duration(lang, v))
		default:
			return nil, fmt.Errorf("%s: no mail can show a %s", field.Name, field.Type)
		}
	}
	return vars, nil
}

// check refuses links that lead elsewhere or nowhere. The errors don't quote: links hold tokens.
func (c *Composer) check(link Link) error {
	if link == "" {
		return errors.New("the link is empty")
	}
	u, err := url.Parse(string(link))
	if err != nil || regexp.MustCompile("[^!-~]|[\"<>\\\\^`{|}]").MatchString(string(link)) {
		return errors.New("the link is not a URL")
	}
	if u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil {
		return fmt.Errorf("the link does not lead to %s", c.base)
	}
	if strings.Contains(u.Path, "//") {
		return errors.New("the link has a gap in its path")
	}
	for pair := range strings.SplitSeq(u.RawQuery+"&"+u.Fragment, "&") {
		name, value, given := strings.Cut(pair, "=")
		if given && (value == "" || value == uuid.Nil.String()) {
			return fmt.Errorf("the link has no %s", name)
		}
	}
	return nil
}

// clean makes one line of valid text: no control or invisible characters, single spaces, none around.
func clean(s string) string {
	line := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case r == '\u200c', r == '\u200d': // joiners: Persian needs them, and families of emoji
			return r
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(line), " ")
}

// address matches what mail programs make clickable on their own: the middle of http://a.example.
var address = regexp.MustCompile(`(:)(/)|([.。．｡])([\p{L}\x{200c}\x{200d}])`)

// words cleans what people wrote, and takes addresses in it apart ("http: //a. example"), lest a mail of ours
// carry a link of theirs. J.R.R. Tolkien doesn't mind.
func words(s string) string {
	return address.ReplaceAllString(clean(s), "$1$3 $2$4")
}

// wordless returns data with its strings emptied.
func wordless(data Data) Data {
	bare := reflect.New(reflect.TypeOf(data)).Elem()
	bare.Set(reflect.ValueOf(data))
	for _, field := range bare.Fields() {
		if field.Type() == reflect.TypeFor[string]() {
			field.SetString("")
		}
	}
	return bare.Interface().(Data)
}

// english says a duration in the largest unit that leaves nothing over, down to minutes.
func english(_ string, d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	n, unit := minutes, "minute"
	switch {
	case minutes%(24*60) == 0 && minutes > 48*60:
		n, unit = minutes/(24*60), "day"
	case minutes%60 == 0:
		n, unit = minutes/60, "hour"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
