package main

import (
	"log/slog"
	"maps"
	"net"
	"os"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// settings are all there is to configure, read from the environment. The tag help is what `usher config` shows.
type settings struct {
	Database
	Hashing
	Keys

	SMTPURL string `env:"SMTP_URL" validate:"required" check:"smtp" secret:"url" help:"Mail server, as smtp://user:password@host:587 or smtps://...; file:///folder keeps mails as files"`

	BaseURL string `env:"USHER_BASE_URL" validate:"required,http_url" check:"origin" help:"Where people reach the service, as https://accounts.example.com; links in mails and the issuer of tokens are made of it"`
	Listen  string `env:"USHER_LISTEN" envDefault:":8080" check:"listen" help:"Address to listen on"`

	Drain time.Duration `env:"USHER_DRAIN" envDefault:"2s" validate:"min=0s,max=5s" help:"How long to go on answering after SIGTERM, while /readyz says 503, so that load balancers turn away first"`

	Registration   string `env:"USHER_REGISTRATION" envDefault:"open" validate:"oneof=open invitation closed" help:"Who may register: open or closed; invitation is closed until there are invitations"`
	Conceal        bool   `env:"USHER_CONCEAL_ACCOUNTS" envDefault:"false" help:"Registering answers the same for new and known addresses; owners of known ones are told by mail"`
	FirstUserAdmin bool   `env:"USHER_FIRST_USER_ADMIN" envDefault:"false" help:"The very first user to register becomes ADMIN, verified at once"`

	ProductName   string `env:"USHER_PRODUCT_NAME" envDefault:"Usher" validate:"required,max=100" help:"What mails call the product"`
	MailFrom      string `env:"USHER_MAIL_FROM" envDefault:"no-reply@localhost" check:"sender" help:"Sender of all mails"`
	MailTemplates string `env:"USHER_MAIL_TEMPLATES" validate:"omitempty,dir" check:"templates" help:"Folder with mail templates that replace the built-in ones, file by file"`

	SessionIdle          time.Duration `env:"USHER_SESSION_IDLE" envDefault:"720h" validate:"min=1m" help:"How long a session lives without being refreshed"`
	SessionLifetime      time.Duration `env:"USHER_SESSION_LIFETIME" envDefault:"2160h" validate:"gtefield=SessionIdle" help:"How long a session lives at most"`
	RefreshGrace         time.Duration `env:"USHER_REFRESH_GRACE" envDefault:"10s" validate:"min=0s,max=1m" help:"How long a used refresh token still answers its successor, for clients that race with themselves"`
	VerificationLifetime time.Duration `env:"USHER_VERIFICATION_LIFETIME" envDefault:"24h" validate:"min=1m" help:"How long the link of a verification mail works"`

	UnconfirmedLifetime time.Duration `env:"USHER_UNCONFIRMED_LIFETIME" envDefault:"168h" validate:"min=0s" help:"After how long accounts are deleted whose owners registered and never confirmed the address; 0s keeps them"`
	ResetLifetime       time.Duration `env:"USHER_RESET_LIFETIME" envDefault:"1h" validate:"min=1m" help:"How long the links work that are mailed to set a password or to confirm another address"`

	PasswordGrant  bool          `env:"USHER_PASSWORD_GRANT" envDefault:"true" help:"Whether apps may sign people in with their passwords (the password grant of OAuth 2.0)"`
	LockAfter      int           `env:"USHER_LOCK_AFTER" envDefault:"5" validate:"min=1,max=100" help:"Failed sign-ins in a row that lock an account"`
	LockFor        time.Duration `env:"USHER_LOCK_FOR" envDefault:"15m" validate:"min=1s,max=24h" help:"How long such a lock lasts; each further one without a success in between lasts twice as long"`
	StaffFactor    bool          `env:"USHER_STAFF_SECOND_FACTOR" envDefault:"false" help:"Managers and admins have the rights of a reader until they have a second factor"`
	StepUpWithin   time.Duration `env:"USHER_STEP_UP_WITHIN" envDefault:"15m" validate:"min=1m,max=24h" help:"How recent a sign-in has to be for sensitive operations"`
	RateLimitScale float64       `env:"USHER_RATE_LIMIT_SCALE" envDefault:"1" validate:"min=0,max=1000" help:"Multiplies the rate limits, for instance where many people share an address; 0 switches them off"`

	AllowedOrigins []string `env:"USHER_CORS_ORIGINS" validate:"dive,http_url,endsnotwith=/" help:"Origins whose pages may call the API, separated by commas"`
	TrustedProxies []string `env:"USHER_TRUSTED_PROXIES" validate:"dive,cidr" help:"Networks of proxies whose X-Forwarded-For is believed, separated by commas"`

	LogLevel slog.Level `env:"USHER_LOG_LEVEL" envDefault:"info" help:"debug, info, warn or error"`
}

// Database is what every command needs that works on the database.
type Database struct {
	DatabaseURL string `env:"DATABASE_URL" validate:"required" check:"postgres" secret:"url" help:"Postgres, as postgres://user:password@host:5432/database"`
	Connections int    `env:"USHER_DB_CONNECTIONS" envDefault:"10" validate:"min=4,max=1000" help:"Connections to Postgres at most"`
}

// Hashing is what commands need that set passwords.
type Hashing struct {
	HashMemoryKiB   int `env:"USHER_HASH_MEMORY_KIB" envDefault:"19456" validate:"min=7168,max=262144" help:"Memory of one argon2id hash"`
	HashIterations  int `env:"USHER_HASH_ITERATIONS" envDefault:"2" validate:"min=1,max=16" help:"Passes of one argon2id hash"`
	HashParallelism int `env:"USHER_HASH_PARALLELISM" envDefault:"1" validate:"min=1,max=16" help:"Lanes of one argon2id hash"`
	HashSlots       int `env:"USHER_HASH_SLOTS" envDefault:"0" validate:"min=0,max=1024" help:"Hashes at once; 0: one per core"`
	HashQueue       int `env:"USHER_HASH_QUEUE" envDefault:"128" validate:"min=0,max=100000" help:"Sign-ins that may wait for a hash; more are told to come back (503)"`
}

// Keys is what commands need that make keys.
type Keys struct {
	Secret string `env:"USHER_SECRET" validate:"required,min=32" check:"secret" secret:"all" help:"At least 32 random characters that protect keys and tokens; the same for every replica. Make one with: openssl rand -base64 48"`

	KeyAlgorithm   string        `env:"USHER_KEY_ALGORITHM" envDefault:"EdDSA" validate:"oneof=EdDSA ES256" help:"How access tokens are signed, from the next key on: EdDSA or ES256"`
	KeyRotation    time.Duration `env:"USHER_KEY_ROTATION" envDefault:"720h" validate:"min=1h" help:"How long one key signs"`
	KeyAhead       time.Duration `env:"USHER_KEY_AHEAD" envDefault:"24h" validate:"min=10m,ltefield=KeyRotation" help:"How long the next key is published before it signs"`
	AccessLifetime time.Duration `env:"USHER_ACCESS_LIFETIME" envDefault:"15m" validate:"min=1m,max=24h" help:"How long an access token lives"`
}

// read reads settings from the environment, with the given defaults for what it leaves open, and names every mistake at
// once.
func read[T any](defaults map[string]string) (T, error) {
	environment := map[string]string{}
	maps.Copy(environment, defaults)
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); value != "" {
			environment[name] = value
		}
	}
	var s T
	wrong := mistakes{}
	if err := wrong.unreadable(env.ParseWithOptions(&s, env.Options{Environment: environment})); err != nil {
		return s, err
	}
	if err := wrong.invalid(s); err != nil {
		return s, err
	}
	wrong.unusable(s)
	return s, wrong.err()
}

// networks are the trusted proxies, which were checked to be networks.
func (s settings) networks() []*net.IPNet {
	var out []*net.IPNet
	for _, cidr := range s.TrustedProxies {
		if _, n, err := net.ParseCIDR(cidr); err == nil {
			out = append(out, n)
		}
	}
	return out
}
