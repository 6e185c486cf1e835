package users

import (
	"errors"
	"time"
	_ "time/tzdata" // the zones are part of the binary, so that every machine knows the same ones

	"golang.org/x/text/language"
)

// CheckLanguage refuses what is not a BCP 47 language tag.
func CheckLanguage(tag string) error {
	_, err := language.Parse(tag)
	return err
}

// CheckTimeZone refuses what is not an IANA time zone.
func CheckTimeZone(name string) error {
	if name == "" || name == "Local" {
		return errors.New("not a time zone")
	}
	_, err := time.LoadLocation(name)
	return err
}
