package users

import (
	"errors"
	"slices"
	"strings"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
)

var (
	// Who has one of these as a part of the name claims to speak for the service.
	claims = words("admin admins administrator administrators moderator moderators mod mods staff support official system sysadmin " +
		"security operator superuser usher")
	// These, as a whole, do too, or they are names of mailboxes, hosts, paths and values that programs give a meaning.
	reserved = words("root usherhq owner team help helpdesk info contact service services account accounts billing legal privacy " +
		"terms postmaster hostmaster webmaster abuse noreply mailerdaemon daemon email mail smtp imap www web ftp dns api apis cdn " +
		"static assets app auth oauth login logout signin signout signup register password settings profile profiles user users " +
		"username nickname me self you everyone everybody nobody somebody anyone anonymous guest here channel group null nil none " +
		"undefined true false void test example localhost default unknown deleted new edit delete search docs status health metrics wellknown")
)

// CheckNicknameFor refuses nicknames that are kept for those who run the service: an ADMIN or an operator may give them, to
// anybody. The error says so in words for people. What has the form of a nickname at all is for CheckNickname.
func CheckNicknameFor(by actor.Actor, nickname string) error {
	if by.Tops() || !isReserved(nickname) {
		return nil
	}
	return errors.New("this name is kept for those who run the service; choose another one")
}

// CanTake says whether by may give an account the nickname. None is one that is made up.
func CanTake(by actor.Actor, nickname *string) error {
	if nickname == nil {
		return nil
	}
	if err := CheckNicknameFor(by, *nickname); err != nil {
		return fault.Invalid(fault.Field("/nickname", spec.FieldProblemReserved, err.Error()))
	}
	return nil
}

// isReserved reports whether a nickname reads like a reserved word, however it is spelled.
func isReserved(nickname string) bool {
	parts := strings.FieldsFunc(nickname, func(r rune) bool { return r == '-' || r == '_' })
	whole := strings.Join(parts, "")
	return numbered(whole, reserved) || slices.ContainsFunc(append(parts, whole), func(part string) bool { return numbered(part, claims) })
}

// numbered reports whether text reads like one of the words, with a number before or after it or without: admin1 is an
// admin, too.
func numbered(text string, words map[string]string) bool {
	return readsLike(text, words) || readsLike(strings.Trim(text, "0123456789"), words)
}

// words are folded words by what they look like.
func words(list string) map[string]string {
	out := map[string]string{}
	for word := range strings.FieldsSeq(list) {
		out[blur(fold(word))] = fold(word)
	}
	return out
}

// readsLike reports whether text reads like one of the words. Its l may be meant as an i, but its i is no l: Ali is a name.
func readsLike(text string, words map[string]string) bool {
	read := fold(text)
	word, found := words[blur(read)]
	for i := range len(word) {
		found = found && (read[i] == word[i] || read[i] == 'l')
	}
	return found
}

// letters are what people read digits, and two letters side by side, as.
var letters = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "rn", "m", "vv", "w")

// fold writes text as it is read: in small letters, without digits that stand for letters.
func fold(text string) string {
	return letters.Replace(strings.ToLower(strings.ReplaceAll(text, "I", "l")))
}

// blur takes the difference of i and l out of a folded text.
func blur(folded string) string { return strings.ReplaceAll(folded, "i", "l") }
