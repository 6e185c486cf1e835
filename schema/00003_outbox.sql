-- +goose Up
-- What happened, in the order it was recorded: written in the transaction that made it so.
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    user_id     uuid NOT NULL, -- no foreign key: a fact outlives whom it is about
    payload     jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

-- The answers to requests that carried an Idempotency-Key, replayed for a day.
CREATE TABLE idempotent_answers (
    caller      text NOT NULL,  -- a user's id; for nobody, the fingerprint
    key         text NOT NULL,
    fingerprint bytea NOT NULL, -- keyed hash of operation and body: bodies hold passwords
    status      integer NOT NULL,
    header      jsonb NOT NULL,
    body        bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotent_answers_age ON idempotent_answers (created_at);

-- +goose Down
DROP TABLE idempotent_answers;
DROP TABLE outbox;
