package users

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// nicknameKey is what nicknames are compared by. They are ASCII, by contract.
func nicknameKey(nickname string) string { return strings.ToLower(nickname) }

// skeleton is what a nickname looks like: nicknames with the same one cannot be told apart at a glance. This is the idea of
// Unicode TS 39 for the characters that nicknames may have. Letter case makes no difference, here neither: Ian looks like
// lan, so ian does.
func skeleton(nickname string) string { return looks.Replace(nicknameKey(nickname)) }

var looks = strings.NewReplacer("1", "l", "i", "l", "0", "o", "_", "-", "m", "rn", "vv", "w")

// CheckNickname refuses what the contract's pattern for nicknames refuses, for callers that do not come over the wire.
func CheckNickname(nickname string) error {
	ok := len(nickname) >= 3 && len(nickname) <= 30
	for word := range strings.SplitSeq(strings.ReplaceAll(nickname, "_", "-"), "-") {
		ok = ok && word != "" && !strings.ContainsFunc(word, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		})
	}
	if !ok {
		return errors.New("use 3 to 30 letters and digits, with single - or _ between them")
	}
	return nil
}

const (
	adjectives = "amber bold brave bright brisk calm candid cheery clever cosy crisp curious daring dapper eager earnest " +
		"fair fleet fond frank free fresh gentle glad golden grand happy hardy honest humble jolly keen kind lively loyal " +
		"lucid lucky mellow merry mild modest neat nimble noble patient placid plucky polite proud quick quiet rapid ready " +
		"silver smart steady sunny swift tidy upbeat vivid warm witty"
	animals = "badger beaver bison bittern bobcat condor crane curlew dingo dolphin eagle egret ermine falcon ferret finch " +
		"fox gannet gecko gopher grouse hare heron hoopoe ibex ibis jackal jay kestrel kiwi lark lemur linnet lynx magpie " +
		"marten merlin mole moose newt ocelot orca oriole osprey otter owl panda pika plover puffin quail raven robin " +
		"seal shrew stork swan swift tapir tern toucan vole walrus wren"
)

// suggestNickname makes up a name of two words and a number; later tries have longer numbers.
func suggestNickname(try int) string {
	a, b := strings.Fields(adjectives), strings.Fields(animals)
	limit := 10_000
	for range try {
		limit *= 100
	}
	return fmt.Sprintf("%s-%s-%d", a[rand.IntN(len(a))], b[rand.IntN(len(b))], rand.IntN(limit))
}
