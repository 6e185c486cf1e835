// Package password hashes passwords, checks them, judges whether they are good
// enough, and makes one where a person has to be given one. It does no I/O.
//
// Hashing follows RFC 9106 (argon2id); the policy follows NIST SP 800-63B-4:
// length and blocklists, no composition rules. A password is brought to Unicode
// form NFC before it is measured, hashed or compared, since the same word typed
// on two systems may arrive in two forms, and it is compared whole. Hashes that
// other systems made are verified as those systems do, until they are replaced.
package password

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// normalise returns the one spelling of a password that everything else here sees.
func normalise(password string) string { return norm.NFC.String(password) }

// CheckText refuses a password that holds control characters: nobody types them on purpose.
func CheckText(password string) error {
	if strings.ContainsFunc(password, unicode.IsControl) {
		return errors.New("password: control characters")
	}
	return nil
}
