-- +goose Up
CREATE TABLE sessions (
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    seed_hash        bytea NOT NULL,    -- SHA-256 of the seed that all refresh tokens of the session share
    generation       bigint NOT NULL DEFAULT 0, -- of the refresh token that is good now
    scopes           text,              -- what the client narrowed the session to; null: all that the role has
    device           text NOT NULL,     -- the user agent
    address          text NOT NULL,     -- truncated to the network: /24 or /48
    created_at       timestamptz NOT NULL DEFAULT now(),
    refreshed_at     timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz NOT NULL, -- pushed on by each refresh, never past ends_at
    ends_at          timestamptz NOT NULL, -- sign in again after this, however active
    revoked_at       timestamptz
) WITH (fillfactor = 80); -- room to refresh a row in place: no index has a column that refreshing changes
CREATE INDEX sessions_of_user ON sessions (user_id, id DESC);
CREATE INDEX sessions_over ON sessions (ends_at);

-- Failures in a row since the last success. Not a column of users: an address that nobody has must cost as much.
CREATE TABLE failed_sign_ins (
    email_hash bytea PRIMARY KEY, -- keyed hash of the address as compared
    failures   integer NOT NULL DEFAULT 1,
    last_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TYPE token_purpose AS ENUM ('verify-email');

-- Tokens that are mailed and good for one use. Only their hash is here.
CREATE TABLE one_time_tokens (
    hash       bytea PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose    token_purpose NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX one_time_tokens_of_user ON one_time_tokens (user_id);

CREATE TABLE signing_keys (
    id         text PRIMARY KEY,
    algorithm  text NOT NULL,
    sealed     text NOT NULL,        -- the private key, encrypted with the service's secret
    created_at timestamptz NOT NULL DEFAULT now(),
    active_at  timestamptz NOT NULL, -- published from creation on, signs from here on
    expires_at timestamptz NOT NULL  -- leaves the key set
);

-- +goose Down
DROP TABLE signing_keys;
DROP TABLE one_time_tokens;
DROP TYPE token_purpose;
DROP TABLE failed_sign_ins;
DROP TABLE sessions;
