-- +goose Up
CREATE TYPE export_state AS ENUM ('queued', 'writing', 'done', 'failed');

-- Exports of accounts. Who began one may be gone before it, so created_by refers to nobody.
CREATE TABLE exports (
    id          uuid PRIMARY KEY, -- UUIDv7; also the id of the file
    created_by  uuid NOT NULL,
    state       export_state NOT NULL DEFAULT 'queued',
    filter      jsonb NOT NULL,  -- which accounts
    fields      text[] NOT NULL, -- the profile fields that have columns: those that there were when it began
    place       jsonb NOT NULL DEFAULT '{}', -- of the last account that was written
    rows        bigint NOT NULL DEFAULT 0,
    size        bigint NOT NULL DEFAULT 0,
    detail      text,
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    expires_at  timestamptz NOT NULL DEFAULT now() + interval '24 hours'
);
CREATE INDEX exports_by_expires_at ON exports (expires_at);

CREATE TYPE import_state AS ENUM ('queued', 'checking', 'storing', 'done', 'refused', 'cancelled', 'failed');

-- Imports of accounts. Who began one may be gone before it, so created_by refers to nobody.
CREATE TABLE imports (
    id           uuid PRIMARY KEY, -- UUIDv7; also the id of the file, if it was uploaded
    state        import_state NOT NULL DEFAULT 'queued',
    dry_run      boolean NOT NULL,
    skip_bad     boolean NOT NULL,
    mail         boolean NOT NULL,
    by_operator  boolean NOT NULL, -- on the command line; said rather than concluded, since nobody is above them
    created_by   uuid,             -- the account, if it was none of them
    role         user_role,        -- they had when it began: it stops when they have less
    scopes       text NOT NULL,    -- what their token could do
    origin       jsonb NOT NULL,   -- where they were, for the audit log
    digest       bytea NOT NULL,   -- SHA-256 of the file
    size         bigint NOT NULL,
    read         bigint NOT NULL DEFAULT 0, -- how far the file is read, in bytes, always at the end of a row
    line         bigint NOT NULL DEFAULT 1, -- the one that begins there
    rows_read    bigint NOT NULL DEFAULT 0,
    rows_bad     bigint NOT NULL DEFAULT 0,
    rows_written bigint NOT NULL DEFAULT 0, -- some of which may be in a transaction that is not over
    rows_stored  bigint NOT NULL DEFAULT 0,
    problems     bigint NOT NULL DEFAULT 0, -- that are kept
    rows_above   bigint NOT NULL DEFAULT 0, -- bad rows that asked for a role which is not theirs to give, for the audit log
    detail       text,
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    CONSTRAINT imports_are_of_somebody CHECK (by_operator = (created_by IS NULL)) -- which no client can break
);

-- Rows of imports that were found good and are not stored yet: what is in a row of users.
CREATE TABLE import_rows (
    import_id         uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    line              bigint NOT NULL, -- where the row begins
    id                uuid NOT NULL,
    email             text NOT NULL,
    email_key         text NOT NULL,
    email_verified_at timestamptz,
    nickname          text,            -- null: made up when the row is stored
    nickname_key      text,
    nickname_skeleton text,
    password_hash     text,
    first_name        text,
    last_name         text,
    bio               text,
    location          text,
    locale            text,
    time_zone         text,
    website_url       text,
    linkedin_url      text,
    github_url        text,
    fields            jsonb NOT NULL,
    professional      boolean NOT NULL,
    role              text NOT NULL,   -- text, which COPY takes without knowing our enums
    status            text NOT NULL,
    last_login_at     timestamptz,
    created_at        timestamptz,     -- null: when the row is stored
    PRIMARY KEY (import_id, line)
);
-- For finding rows that say the same.
CREATE INDEX import_rows_by_id ON import_rows (id, import_id);
CREATE INDEX import_rows_by_email ON import_rows (email_key, import_id);
CREATE INDEX import_rows_by_nickname ON import_rows (nickname_key, import_id) WHERE nickname_key IS NOT NULL;
CREATE INDEX import_rows_by_skeleton ON import_rows (nickname_skeleton, import_id) WHERE nickname_skeleton IS NOT NULL;

-- What is wrong with rows, without what is in them.
CREATE TABLE import_problems (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    line      bigint NOT NULL,
    "column"  integer NOT NULL, -- 0: the row as a whole
    number    integer NOT NULL, -- among those of the cell
    field     text,
    code      text NOT NULL,
    detail    text NOT NULL,
    PRIMARY KEY (import_id, line, "column", number)
);

-- Files of imports and exports, sealed with a key of the service. A chunk goes on where the one before it ends.
CREATE TABLE file_chunks (
    file_id uuid NOT NULL,
    start   bigint NOT NULL, -- of the file, in bytes
    sealed  bytea NOT NULL,
    PRIMARY KEY (file_id, start)
);
ALTER TABLE file_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL; -- what is encrypted does not compress

-- +goose Down
DROP TABLE file_chunks;
DROP TABLE import_problems;
DROP TABLE import_rows;
DROP TABLE imports;
DROP TYPE import_state;
DROP TABLE exports;
DROP TYPE export_state;
