package mail

// SecondFactorEnabled tells that signing in takes an authenticator app from now on. Other sessions have ended.
type SecondFactorEnabled struct {
	Name string
	Link Link // where one asks for a new password
}

// Kind is "second-factor-enabled".
func (SecondFactorEnabled) Kind() string { return "second-factor-enabled" }

// SecondFactorRemoved tells that a password alone is enough again.
type SecondFactorRemoved struct {
	Name string
	Link Link // where one asks for a new password
}

// Kind is "second-factor-removed".
func (SecondFactorRemoved) Kind() string { return "second-factor-removed" }

// RecoveryCodeUsed tells that somebody signed in with a recovery code in place of the app.
type RecoveryCodeUsed struct {
	Name string
	Left string // how many codes are left, in figures
	Link Link   // where one asks for a new password
}

// Kind is "recovery-code-used".
func (RecoveryCodeUsed) Kind() string { return "recovery-code-used" }
