-- +goose Up
ALTER TABLE users
    ADD COLUMN pending_email    text,        -- becomes the address once it is confirmed
    ADD COLUMN locked_until     timestamptz, -- for showing; what sign_in_attempts says decides
    ADD COLUMN second_factor_at timestamptz, -- since when signing in takes a code
    ADD COLUMN short_password   boolean NOT NULL DEFAULT false; -- too short to do without a second factor

-- Few rows: who registered and has not confirmed the address yet.
CREATE INDEX users_unconfirmed ON users (created_at) WHERE role = 'ANONYMOUS' AND email_verified_at IS NULL;

ALTER TABLE sessions
    ADD COLUMN authenticated_at timestamptz NOT NULL DEFAULT now(), -- when the user last proved who they are
    ADD COLUMN amr              text[] NOT NULL DEFAULT '{pwd}',    -- how (RFC 8176)
    ADD COLUMN last_used_at     timestamptz NOT NULL DEFAULT now(); -- to the minute
UPDATE sessions SET authenticated_at = created_at, last_used_at = refreshed_at;

-- Sign-ins since the last success: for known and unknown addresses alike, so that both cost as much. This replaces
-- failed_sign_ins, which stays for the version that may run beside this migration; a later one drops it.
CREATE TABLE sign_in_attempts (
    subject      uuid NOT NULL, -- a user's id; for an address that nobody has, made of it with a key
    network      text NOT NULL, -- where from, if the owner has been there before; else empty
    pending      integer NOT NULL DEFAULT 0, -- passwords that are being checked now
    failures     integer NOT NULL DEFAULT 0, -- in a row
    locks        integer NOT NULL DEFAULT 0, -- that they led to
    locked_until timestamptz,
    last_at      timestamptz NOT NULL DEFAULT now(), -- of attempts that were let through to be checked
    PRIMARY KEY (subject, network)
);

-- How much of each limit is used up, as the time when it will be whole again (GCRA). Losing this in a crash costs less
-- than writing it durably: a limit starts anew.
CREATE UNLOGGED TABLE rate_limits (
    key      bytea PRIMARY KEY, -- keyed hash of operation and caller
    whole_at timestamptz NOT NULL
);

-- Where the owner of an account has been: signed in, or set the password with a mailed link.
CREATE TABLE known_networks (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    network text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(), -- to the day
    PRIMARY KEY (user_id, network)
);

ALTER TYPE token_purpose ADD VALUE 'reset-password';
ALTER TYPE token_purpose ADD VALUE 'change-email';
ALTER TYPE token_purpose ADD VALUE 'second-factor'; -- the password was right, a code is missing
ALTER TYPE token_purpose ADD VALUE 'recovery-code';

ALTER TABLE one_time_tokens ADD COLUMN scope text; -- what the client asked for before a code was wanted

CREATE TABLE second_factors (
    user_id   uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    sealed    text NOT NULL,             -- the TOTP secret, encrypted with the service's secret
    last_step bigint NOT NULL DEFAULT 0  -- of the last code that was used: each is good once
);

CREATE TABLE service_clients (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    secret_hash bytea NOT NULL, -- SHA-256: secrets are random
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TYPE audit_actor_kind AS ENUM ('user', 'nobody', 'operator', 'client', 'system');

-- Who did what. No foreign keys: an entry outlives whom it names.
CREATE TABLE audit_entries (
    id          uuid PRIMARY KEY, -- UUIDv7, so the key is also the order
    -- The time in the key: a filter by time is a bound on keys, and must find an entry by the time that it shows.
    recorded_at timestamptz NOT NULL GENERATED ALWAYS AS
        (to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)) STORED,
    action      text NOT NULL,
    actor_kind  audit_actor_kind NOT NULL,
    actor_id    text,
    user_id     uuid,
    address     text, -- truncated to the network
    device      text,
    request_id  text,
    details     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_entries_about ON audit_entries (user_id, id);
CREATE INDEX audit_entries_by ON audit_entries (actor_id, id);
CREATE INDEX audit_entries_action ON audit_entries (action, id);

-- The log is added to and read, by whoever it is. A role of its own for the service (`usher migrate grant`) lacks even
-- the right to try.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER append_only; -- whatever session_replication_role says

-- +goose Down
DROP TABLE audit_entries;
DROP FUNCTION refuse_change;
DROP TYPE audit_actor_kind;
DROP TABLE service_clients;
DROP TABLE second_factors;
ALTER TABLE one_time_tokens DROP COLUMN scope;
DELETE FROM one_time_tokens WHERE purpose <> 'verify-email';
ALTER TYPE token_purpose RENAME TO token_purpose_4;
CREATE TYPE token_purpose AS ENUM ('verify-email');
ALTER TABLE one_time_tokens ALTER COLUMN purpose TYPE token_purpose USING purpose::text::token_purpose;
DROP TYPE token_purpose_4;
DROP TABLE rate_limits;
DROP TABLE known_networks;
DROP TABLE sign_in_attempts;
ALTER TABLE sessions DROP COLUMN authenticated_at, DROP COLUMN amr, DROP COLUMN last_used_at;
DROP INDEX users_unconfirmed;
ALTER TABLE users DROP COLUMN pending_email, DROP COLUMN locked_until, DROP COLUMN second_factor_at, DROP COLUMN short_password;
