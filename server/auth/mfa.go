package auth

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/otp"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
)

// grantMFA is the grant that trades an mfa_token and a code for a session (RFC 6749 section 4.5).
const grantMFA = "urn:usher:grant-type:mfa"

// How people prove who they are (RFC 8176).
const (
	methodPassword = "pwd"
	methodOTP      = "otp"
	methodMultiple = "mfa" // more than one factor
)

// ticketLifetime is how long somebody who gave the right password has to find their phone.
const ticketLifetime = 5 * time.Minute

// issueTicket makes the mfa_token of an account whose password was right. It remembers the scope that was asked for.
func issueTicket(ctx context.Context, tx pgx.Tx, u db.User, asked *string) (string, error) {
	plain, hash := token.NewOneTime()
	return plain, db.New().CreateOneTimeToken(ctx, tx, db.CreateOneTimeTokenParams{
		Hash: hash, UserID: u.ID, Purpose: db.TokenPurposeSecondFactor, Scope: asked, Lifetime: ticketLifetime,
	})
}

// signInWithCode is the second step of signing in. A wrong code counts as a failed sign-in. Errors: invalid-grant,
// invalid-code, account-locked, rate-limited, and those of canEnter.
func (h *Handlers) signInWithCode(ctx context.Context, b *spec.TokenRequest) (session, error) {
	if err := required(map[string]*string{"mfa_token": b.MfaToken}); err != nil {
		return session{}, err
	}
	if (b.Otp == nil) == (b.RecoveryCode == nil) {
		return session{}, fault.Invalid(fault.Field("/otp", spec.FieldProblemRequired, "Send either otp or recovery_code."))
	}
	a, kept, err := h.redeemable(ctx, *b.MfaToken)
	if err != nil {
		return session{}, err
	}
	if err := h.reserve(ctx, a); err != nil {
		return session{}, err
	}
	if b.Scope, err = withinAsked(b.Scope, kept.Scope); err != nil {
		return session{}, err
	}
	s, err := h.enterWithCode(actor.As(ctx, a.user), a, kept.Hash, b)
	switch {
	case fault.Is(err, spec.ProblemInvalidCode):
		return s, h.fail(ctx, a, spec.ProblemInvalidCode)
	case err != nil:
		h.release(ctx, a)
		return s, h.refused(ctx, a, err)
	}
	return s, nil
}

// withinAsked holds the scope of the second step to what was asked for in the first, if anything was.
func withinAsked(scope, before *string) (*string, error) {
	if before == nil || *before == "" {
		return scope, nil
	}
	if scope == nil || *scope == "" {
		return before, nil
	}
	asked, _ := spec.ParseScopes(*before)
	_, err := narrow(scope, asked)
	return scope, err
}

// enterWithCode starts a session. The mfa_token is used up before the code is looked at, so that a request that is sent
// twice is no failed sign-in; a wrong code undoes it.
func (h *Handlers) enterWithCode(ctx context.Context, a attempt, ticket []byte, b *spec.TokenRequest) (session, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (session, error) {
		u, err := db.New().LockUser(ctx, tx, a.user.ID)
		if err != nil {
			return session{}, goneGrant(err)
		}
		if err := h.canEnter(ctx, tx, a, u); err != nil {
			return session{}, err
		}
		used, err := db.New().UseOneTimeToken(ctx, tx, db.UseOneTimeTokenParams{Hash: ticket, UserID: u.ID, Purpose: db.TokenPurposeSecondFactor})
		if err == nil && used == 0 {
			err = fault.New(spec.ProblemInvalidGrant, "")
		}
		if err != nil {
			return session{}, err
		}
		amr, err := h.useCode(ctx, tx, u, b.Otp, b.RecoveryCode)
		if err != nil {
			return session{}, err
		}
		return h.open(ctx, tx, a, u, b.Scope, amr)
	})
}

// redeemable finds whose mfa_token it is.
func (h *Handlers) redeemable(ctx context.Context, plain string) (attempt, db.OneTimeToken, error) {
	hash, err := token.HashOneTime(plain)
	if err != nil {
		return attempt{}, db.OneTimeToken{}, &fault.Error{Problem: spec.ProblemInvalidGrant, Cause: err}
	}
	kept, err := db.New().GetOneTimeToken(ctx, h.DB, hash, db.TokenPurposeSecondFactor)
	if err != nil {
		return attempt{}, kept, goneGrant(err)
	}
	u, err := db.New().GetUser(ctx, h.DB, kept.UserID)
	if err != nil {
		return attempt{}, kept, goneGrant(err)
	}
	a, err := h.attemptOn(ctx, u.Email)
	if err == nil && a.user.ID != kept.UserID {
		err = fault.New(spec.ProblemInvalidGrant, "") // the address changed hands meanwhile
	}
	return a, kept, err
}

// goneGrant: an mfa_token is not valid if it, or its account, is not there any more.
func goneGrant(err error) error {
	if fault.Is(err, spec.ProblemNotFound) {
		return &fault.Error{Problem: spec.ProblemInvalidGrant, Cause: err}
	}
	return err
}

// useCode uses up a code of the authenticator app, or a recovery code, and returns by which methods the user has proved
// who they are. Errors: invalid-code, second-factor-missing.
func (h *Handlers) useCode(ctx context.Context, tx pgx.Tx, u db.User, code, recovery *string) ([]string, error) {
	if recovery != nil {
		return []string{methodPassword, methodMultiple}, useRecoveryCode(ctx, tx, u, *recovery)
	}
	return []string{methodPassword, methodOTP, methodMultiple}, h.useOTP(ctx, tx, u, *code)
}

// useOTP checks a code of the authenticator app, and remembers it: each is good once.
func (h *Handlers) useOTP(ctx context.Context, tx pgx.Tx, u db.User, code string) error {
	factor, err := db.New().LockSecondFactor(ctx, tx, u.ID)
	if fault.Is(err, spec.ProblemNotFound) {
		return fault.New(spec.ProblemSecondFactorMissing, "")
	}
	if err != nil {
		return err
	}
	secret, err := h.Factors.Open(factor.Sealed, u.ID[:])
	if err != nil {
		return err
	}
	step, right := otp.Match(secret, code, time.Now(), factor.LastStep)
	if !right {
		return fault.New(spec.ProblemInvalidCode, "")
	}
	return db.New().UseSecondFactor(ctx, tx, step, u.ID)
}
