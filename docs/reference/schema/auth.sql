CREATE TABLE deleted_users (
    id uuid NOT NULL,
    version bigint NOT NULL,
    deleted_at timestamp with time zone NOT NULL,
    erase_at timestamp with time zone DEFAULT (clock_timestamp() + '00:00:05'::interval),
    CONSTRAINT pk_deleted_users PRIMARY KEY (id)
);
CREATE INDEX ix_deleted_users_erase_at ON public.deleted_users USING btree (erase_at) WHERE (erase_at IS NOT NULL);

CREATE TABLE login_attempts (
    id uuid NOT NULL,
    address text NOT NULL,
    account bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_login_attempts_account CHECK ((octet_length(account) = 32)),
    CONSTRAINT pk_login_attempts PRIMARY KEY (id)
);
CREATE INDEX ix_login_attempts_address_made_at ON public.login_attempts USING btree (address, made_at) INCLUDE (account);
CREATE INDEX ix_login_attempts_made_at ON public.login_attempts USING btree (made_at);

CREATE TABLE outbox (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    aggregate text NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    payload jsonb NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    queue text NOT NULL DEFAULT ''::text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
    last_error text,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT uq_outbox_aggregate_aggregate_id_version_queue UNIQUE (aggregate, aggregate_id, version, queue),
    CONSTRAINT uq_outbox_event_id_queue UNIQUE (event_id, queue)
) WITH (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_insert_threshold=-1, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);
CREATE INDEX ix_outbox_due ON public.outbox USING btree (next_attempt_at, id);

CREATE TABLE outbox_sent (
    sent_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    id bigint NOT NULL,
    event_id uuid NOT NULL,
    aggregate text NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    payload jsonb NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    queue text NOT NULL DEFAULT ''::text,
    attempts integer NOT NULL
) PARTITION BY RANGE (sent_at);
CREATE INDEX ix_outbox_sent_aggregate ON ONLY public.outbox_sent USING btree (aggregate_id, version);
CREATE INDEX ix_outbox_sent_correlation ON ONLY public.outbox_sent USING btree (((headers ->> 'correlation_id'::text)));

CREATE TABLE refresh_families (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_refresh_families_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT pk_refresh_families PRIMARY KEY (id)
);
CREATE INDEX ix_refresh_families_expires_at ON public.refresh_families USING btree (expires_at);
CREATE INDEX ix_refresh_families_user_id ON public.refresh_families USING btree (user_id);

CREATE TABLE refresh_tokens (
    digest bytea NOT NULL,
    family_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT ck_refresh_tokens_digest CHECK ((octet_length(digest) = 32)),
    CONSTRAINT fk_refresh_tokens_family_id_refresh_families FOREIGN KEY (family_id) REFERENCES refresh_families(id) ON DELETE CASCADE,
    CONSTRAINT pk_refresh_tokens PRIMARY KEY (digest)
);
CREATE INDEX ix_refresh_tokens_expires_at ON public.refresh_tokens USING btree (expires_at);
CREATE INDEX ix_refresh_tokens_family_id ON public.refresh_tokens USING btree (family_id);
CREATE UNIQUE INDEX uq_refresh_tokens_usable ON public.refresh_tokens USING btree (family_id) WHERE (used_at IS NULL);

CREATE TABLE snapshot_requests (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    queue text NOT NULL,
    ids uuid[],
    cursor uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid,
    published bigint NOT NULL DEFAULT 0,
    requested_by text NOT NULL,
    requested_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    done_at timestamp with time zone,
    CONSTRAINT pk_snapshot_requests PRIMARY KEY (id)
);
CREATE INDEX ix_snapshot_requests_open ON public.snapshot_requests USING btree (requested_at) WHERE (done_at IS NULL);

CREATE TABLE users (
    id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    username text COLLATE "C" NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_users_email CHECK (((email = lower(email)) AND (email ~~ '%_@_%'::text))),
    CONSTRAINT ck_users_role CHECK ((role = ANY (ARRAY['user'::text, 'admin'::text]))),
    CONSTRAINT ck_users_username CHECK ((username ~ '^[A-Za-z0-9._-]{3,32}$'::text)),
    CONSTRAINT ck_users_version CHECK ((version >= 1)),
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_email UNIQUE (email)
);
CREATE INDEX ix_users_blocked ON public.users USING btree (id) WHERE (is_active IS FALSE);
CREATE INDEX ix_users_role_id ON public.users USING btree (role, id);
CREATE UNIQUE INDEX uq_users_username ON public.users USING btree (lower(username));
