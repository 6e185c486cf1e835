package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
)

// failed says in which step a delivery ended, by the server's answer or by the network.
//
// Of an answer it keeps the code (RFC 5321) and the enhanced code (RFC 3463), not the words:
// servers quote what they refuse, and that is an address, a password or the letter itself.
func (s *server) failed(ctx context.Context, step string, err error) error {
	where := fmt.Sprintf("mail: %s at %s:%s", step, s.host, s.port)
	var answer *textproto.Error
	switch {
	case errors.As(err, &answer):
		enhanced := regexp.MustCompile(`^[45]\.\d{1,3}\.\d{1,3}\b`).FindString(answer.Msg)
		if enhanced == "" {
			return fmt.Errorf("%s: the server answered %d", where, answer.Code)
		}
		return fmt.Errorf("%s: the server answered %d (%s)", where, answer.Code, enhanced)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", where, ctx.Err())
	}
	return fmt.Errorf("%s: %w", where, err)
}

// refused is failed for the steps in which an answer of 5xx can mean this very recipient: no such mailbox (RFC 3463,
// 5.1.x) or one that takes nothing (5.2.x). Servers also put off to these steps what they hold against the service
// (5.7.1, relay access denied): once the operator has mended that, the letter goes out.
func (s *server) refused(ctx context.Context, step string, err error) error {
	var answer *textproto.Error
	failure := s.failed(ctx, step, err)
	if errors.As(err, &answer) && answer.Code >= 500 && answer.Code != 530 && regexp.MustCompile(`^5\.[12]\.`).MatchString(answer.Msg) {
		return permanentError{failure}
	}
	return failure
}
