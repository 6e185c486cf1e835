package users

import (
	"errors"
	"time"
	_ "time/tzdata" // for machines without zones of their own

	"golang.org/x/text/language"
)

// CheckLanguage refuses what is not a BCP 47 language tag.
func CheckLanguage(tag string) error {
	_, err := language.Parse(tag)
	return err
}

// CheckTimeZone refuses what is not an IANA time zone.
func CheckTimeZone(name string) error {
	if name == "" || name == "Local" || name[0] < 'A' || name[0] > 'Z' { // posix/, right/, localtime: files, not zones
		return errors.New("not a time zone")
	}
	_, err := time.LoadLocation(name)
	return err
}
