package main

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// span is a flag that takes how long something lasts, in days and weeks too.
type span time.Duration

var long = regexp.MustCompile(`\d+(\.\d+)?[dw]`)

// String is the span as Go writes it.
func (s *span) String() string { return time.Duration(*s).String() }

// Type is what help shows as the flag's value.
func (s *span) Type() string { return "duration" }

// Set takes a span, or refuses it.
func (s *span) Set(text string) error {
	d, err := time.ParseDuration(long.ReplaceAllStringFunc(text, hours))
	if err != nil {
		return errors.New("want a time such as 90m, 24h, 7d or 2w")
	}
	*s = span(d)
	return nil
}

// hours are days or weeks as Go can read them.
func hours(part string) string {
	n, _ := strconv.ParseFloat(part[:len(part)-1], 64) // it has been matched
	if strings.HasSuffix(part, "w") {
		n *= 7
	}
	return strconv.FormatFloat(n*24, 'f', -1, 64) + "h"
}
