CREATE TABLE categories (
    id uuid NOT NULL,
    parent_id uuid,
    level integer NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_categories_level CHECK (((level >= 0) AND ((parent_id IS NULL) = (level = 0)))),
    CONSTRAINT ck_categories_name CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT ck_categories_not_its_own_parent CHECK ((parent_id <> id)),
    CONSTRAINT ck_categories_version CHECK ((version >= 1)),
    CONSTRAINT fk_categories_parent_id_categories FOREIGN KEY (parent_id) REFERENCES categories(id) ON DELETE RESTRICT,
    CONSTRAINT pk_categories PRIMARY KEY (id),
    CONSTRAINT uq_categories_parent_id_name UNIQUE NULLS NOT DISTINCT (parent_id, name),
    CONSTRAINT uq_categories_slug UNIQUE (slug)
);
CREATE INDEX ix_categories_parent_id ON public.categories USING btree (parent_id) INCLUDE (id);

CREATE TABLE message_crashes (
    consumer text NOT NULL,
    event_id text NOT NULL,
    crashes integer NOT NULL DEFAULT 1,
    last_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT pk_message_crashes PRIMARY KEY (consumer, event_id)
);

CREATE TABLE operator_actions (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    operator text NOT NULL,
    action text NOT NULL,
    queue text NOT NULL,
    event_id text NOT NULL,
    type text,
    subject text,
    version bigint,
    reason text NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT ck_operator_actions_accounted_for CHECK (((operator <> ''::text) AND (action <> ''::text) AND (reason <> ''::text))),
    CONSTRAINT pk_operator_actions PRIMARY KEY (id)
);
CREATE INDEX ix_operator_actions_at ON public.operator_actions USING btree (at);

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

CREATE TABLE products (
    id uuid NOT NULL,
    sku text,
    slug text NOT NULL,
    name text NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    description text NOT NULL,
    price numeric(9,2) NOT NULL,
    currency text NOT NULL,
    category_id uuid,
    attributes jsonb NOT NULL,
    image_urls text[] NOT NULL,
    search tsvector NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_products_attributes CHECK ((jsonb_typeof(attributes) = 'object'::text)),
    CONSTRAINT ck_products_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_products_deleted CHECK (((deleted_at IS NULL) OR ((category_id IS NULL) AND (NOT is_active)))),
    CONSTRAINT ck_products_name CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT ck_products_price CHECK ((price >= (0)::numeric)),
    CONSTRAINT ck_products_version CHECK ((version >= 1)),
    CONSTRAINT fk_products_category_id_categories FOREIGN KEY (category_id) REFERENCES categories(id) ON DELETE RESTRICT,
    CONSTRAINT pk_products PRIMARY KEY (id)
);
CREATE INDEX ix_products_attributes ON public.products USING gin (attributes jsonb_path_ops);
CREATE INDEX ix_products_category_name ON public.products USING btree (category_id, sort_name, id) WHERE is_active;
CREATE INDEX ix_products_category_newest ON public.products USING btree (category_id, id) INCLUDE (is_active);
CREATE INDEX ix_products_category_price ON public.products USING btree (category_id, price, id) WHERE is_active;
CREATE INDEX ix_products_price ON public.products USING btree (price, id) WHERE is_active;
CREATE INDEX ix_products_search ON public.products USING gin (search);
CREATE INDEX ix_products_sort_name ON public.products USING btree (sort_name, id) WHERE is_active;
CREATE UNIQUE INDEX uq_products_sku ON public.products USING btree (sku) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX uq_products_slug ON public.products USING btree (slug) WHERE (deleted_at IS NULL);

CREATE TABLE replica_rebuilds (
    queue text NOT NULL,
    requested_by text NOT NULL,
    since timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT pk_replica_rebuilds PRIMARY KEY (queue)
);

CREATE TABLE reservations (
    order_id uuid NOT NULL,
    order_version bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'released'::text,
    lines jsonb NOT NULL DEFAULT '{}'::jsonb,
    shortages jsonb NOT NULL DEFAULT '[]'::jsonb,
    CONSTRAINT ck_reservations_lines CHECK (((state = ANY (ARRAY['held'::text, 'sold'::text])) OR (lines = '{}'::jsonb))),
    CONSTRAINT ck_reservations_order_version CHECK ((order_version >= 0)),
    CONSTRAINT ck_reservations_shortages CHECK (((state = 'short'::text) = (shortages <> '[]'::jsonb))),
    CONSTRAINT ck_reservations_state CHECK ((state = ANY (ARRAY['released'::text, 'short'::text, 'held'::text, 'sold'::text]))),
    CONSTRAINT pk_reservations PRIMARY KEY (order_id)
);

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

CREATE TABLE stock (
    product_id uuid NOT NULL,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    CONSTRAINT ck_stock_on_hand CHECK ((on_hand <= '1000000000000000'::bigint)),
    CONSTRAINT ck_stock_reserved CHECK (((0 <= reserved) AND (reserved <= on_hand))),
    CONSTRAINT ck_stock_version CHECK ((version >= 1)),
    CONSTRAINT fk_stock_product_id_products FOREIGN KEY (product_id) REFERENCES products(id) ON DELETE RESTRICT,
    CONSTRAINT pk_stock PRIMARY KEY (product_id)
) WITH (fillfactor=70);

CREATE TABLE stock_ledger (
    product_id uuid NOT NULL,
    version bigint NOT NULL,
    delta bigint NOT NULL,
    reason text NOT NULL,
    actor_id uuid,
    actor text,
    order_id uuid,
    at timestamp with time zone NOT NULL,
    CONSTRAINT ck_stock_ledger_cause CHECK (((order_id IS NULL) = ((actor_id IS NOT NULL) AND (actor IS NOT NULL)))),
    CONSTRAINT ck_stock_ledger_delta CHECK ((delta <> 0)),
    CONSTRAINT fk_stock_ledger_product_id_stock FOREIGN KEY (product_id) REFERENCES stock(product_id) ON DELETE RESTRICT,
    CONSTRAINT pk_stock_ledger PRIMARY KEY (product_id, version)
);
CREATE INDEX ix_stock_ledger_named ON public.stock_ledger USING btree (actor_id) WHERE (actor <> 'deleted user'::text);
CREATE INDEX ix_stock_ledger_order_id ON public.stock_ledger USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE TABLE users (
    id uuid NOT NULL,
    username text,
    role text,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_users_deleted CHECK (
CASE
    WHEN (deleted_at IS NULL) THEN (num_nonnulls(username, role) = 2)
    ELSE ((num_nonnulls(username, role) = 0) AND (NOT is_active))
END),
    CONSTRAINT ck_users_role CHECK ((role = ANY (ARRAY['user'::text, 'admin'::text]))),
    CONSTRAINT ck_users_version CHECK ((version >= 0)),
    CONSTRAINT pk_users PRIMARY KEY (id)
);
