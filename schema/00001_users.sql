-- +goose Up
CREATE TYPE user_role AS ENUM ('ANONYMOUS', 'AUTHENTICATED', 'AUTHOR', 'MODERATOR', 'MANAGER', 'ADMIN');
CREATE TYPE user_status AS ENUM ('active', 'suspended');
CREATE TYPE registration_kind AS ENUM ('reader', 'author');

CREATE TABLE users (
    id                uuid PRIMARY KEY, -- UUIDv7, so the key is also the order in which accounts came
    email             text NOT NULL,    -- as it was typed, for showing and writing to
    email_key         text NOT NULL,    -- NFKC and lower case, for comparing
    email_verified_at timestamptz,
    nickname          text NOT NULL,
    nickname_key      text NOT NULL,    -- lower case, for comparing
    password_hash     text,             -- argon2id in PHC form; null: cannot sign in with a password
    first_name        text,
    last_name         text,
    bio               text,
    location          text,
    locale            text,
    time_zone         text,
    website_url       text,
    linkedin_url      text,
    github_url        text,
    professional      boolean NOT NULL DEFAULT false,
    role              user_role NOT NULL,
    status            user_status NOT NULL DEFAULT 'active',
    registered_as     registration_kind NOT NULL DEFAULT 'reader',
    last_login_at     timestamptz,
    version           bigint NOT NULL DEFAULT 1,  -- of what can be edited; the ETag is made of it
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    -- A constraint that a client can trip is named after the problem it becomes.
    CONSTRAINT email_taken UNIQUE (email_key),
    CONSTRAINT nickname_taken UNIQUE (nickname_key)
);
-- Few rows: finds and locks the admins without reading everybody.
CREATE INDEX users_admins ON users (id) WHERE role = 'ADMIN';

-- +goose Down
DROP TABLE users;
DROP TYPE registration_kind;
DROP TYPE user_status;
DROP TYPE user_role;
