CREATE TABLE cart_lines (
    user_id uuid NOT NULL,
    product_id uuid NOT NULL,
    position smallint NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL,
    CONSTRAINT ck_cart_lines_position CHECK ((("position" >= 1) AND ("position" <= 100))),
    CONSTRAINT ck_cart_lines_quantity CHECK (((quantity >= 1) AND (quantity <= 999))),
    CONSTRAINT fk_cart_lines_user_id_carts FOREIGN KEY (user_id) REFERENCES carts(user_id) ON DELETE CASCADE,
    CONSTRAINT pk_cart_lines PRIMARY KEY (user_id, product_id),
    CONSTRAINT uq_cart_lines_user_id_position UNIQUE (user_id, "position") DEFERRABLE
);

CREATE TABLE carts (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_carts_version CHECK ((version >= 0)),
    CONSTRAINT pk_carts PRIMARY KEY (user_id)
);

CREATE TABLE emails (
    order_id uuid NOT NULL,
    order_version bigint NOT NULL,
    status text NOT NULL DEFAULT 'waiting'::text,
    currency text,
    lines jsonb,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    attempts integer NOT NULL DEFAULT 0,
    settled_at timestamp with time zone,
    reason text,
    traceparent text,
    CONSTRAINT ck_emails_content CHECK ((num_nonnulls(currency, lines, due_at) =
CASE status
    WHEN 'waiting'::text THEN 3
    ELSE 0
END)),
    CONSTRAINT ck_emails_settled_at CHECK (((settled_at IS NULL) = (status = 'waiting'::text))),
    CONSTRAINT ck_emails_status CHECK ((status = ANY (ARRAY['waiting'::text, 'sent'::text, 'refused'::text, 'unaddressed'::text]))),
    CONSTRAINT fk_emails_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id),
    CONSTRAINT pk_emails PRIMARY KEY (order_id, order_version)
);
CREATE INDEX ix_emails_due ON public.emails USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    resource_id uuid NOT NULL,
    claim uuid,
    claimed_until timestamp with time zone,
    outcome_unknown boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    CONSTRAINT ck_idempotency_keys_answer CHECK ((num_nulls(status, headers, body) = ANY (ARRAY[0, 3]))),
    CONSTRAINT ck_idempotency_keys_answered CHECK (((claim IS NULL) OR (status IS NULL))),
    CONSTRAINT ck_idempotency_keys_claim CHECK ((num_nulls(claim, claimed_until) = ANY (ARRAY[0, 2]))),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON public.idempotency_keys USING btree (created_at);

CREATE TABLE message_crashes (
    consumer text NOT NULL,
    event_id text NOT NULL,
    crashes integer NOT NULL DEFAULT 1,
    last_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT pk_message_crashes PRIMARY KEY (consumer, event_id)
);

CREATE TABLE mock_provider_charges (
    payment_id uuid NOT NULL,
    reference text NOT NULL,
    amount numeric(14,2) NOT NULL,
    currency text NOT NULL,
    declined_because text,
    created_at timestamp with time zone NOT NULL,
    refunded_at timestamp with time zone,
    CONSTRAINT ck_mock_provider_charges_refunded_at CHECK (((refunded_at IS NULL) OR (declined_because IS NULL))),
    CONSTRAINT pk_mock_provider_charges PRIMARY KEY (payment_id),
    CONSTRAINT uq_mock_provider_charges_reference UNIQUE (reference)
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

CREATE TABLE order_history (
    order_id uuid NOT NULL,
    version bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    from_status text,
    to_status text NOT NULL,
    reason text,
    CONSTRAINT ck_order_history_first CHECK (((version = 1) = (from_status IS NULL))),
    CONSTRAINT ck_order_history_from_status CHECK ((from_status = ANY (ARRAY['pending'::text, 'awaiting_payment'::text, 'rejected'::text, 'paid'::text, 'cancelled'::text, 'expired'::text, 'refunded'::text, 'shipped'::text, 'delivered'::text]))),
    CONSTRAINT ck_order_history_to_status CHECK ((to_status = ANY (ARRAY['pending'::text, 'awaiting_payment'::text, 'rejected'::text, 'paid'::text, 'cancelled'::text, 'expired'::text, 'refunded'::text, 'shipped'::text, 'delivered'::text]))),
    CONSTRAINT fk_order_history_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id),
    CONSTRAINT pk_order_history PRIMARY KEY (order_id, version)
);
CREATE TRIGGER order_history_is_append_only BEFORE DELETE OR UPDATE ON public.order_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TABLE order_lines (
    order_id uuid NOT NULL,
    product_id uuid NOT NULL,
    position smallint NOT NULL,
    name text NOT NULL,
    unit_price numeric(9,2) NOT NULL,
    quantity integer NOT NULL,
    CONSTRAINT ck_order_lines_position CHECK ((("position" >= 1) AND ("position" <= 100))),
    CONSTRAINT ck_order_lines_quantity CHECK (((quantity >= 1) AND (quantity <= 999))),
    CONSTRAINT ck_order_lines_unit_price CHECK ((unit_price >= (0)::numeric)),
    CONSTRAINT fk_order_lines_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id),
    CONSTRAINT pk_order_lines PRIMARY KEY (order_id, product_id)
);

CREATE TABLE orders (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    username text NOT NULL,
    status text NOT NULL,
    total numeric(14,2) NOT NULL,
    currency text NOT NULL,
    delivery_address text,
    comment text,
    status_reason text,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    reserved_until timestamp with time zone,
    announced_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_orders_comment CHECK ((char_length(comment) <= 2000)),
    CONSTRAINT ck_orders_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_orders_deleted_is_final CHECK (((deleted_at IS NULL) OR (status = ANY (ARRAY['rejected'::text, 'cancelled'::text, 'expired'::text, 'refunded'::text, 'delivered'::text])))),
    CONSTRAINT ck_orders_delivery_address CHECK ((char_length(delivery_address) <= 500)),
    CONSTRAINT ck_orders_reserved_until CHECK (((reserved_until IS NOT NULL) = (status = 'awaiting_payment'::text))),
    CONSTRAINT ck_orders_status CHECK ((status = ANY (ARRAY['pending'::text, 'awaiting_payment'::text, 'rejected'::text, 'paid'::text, 'cancelled'::text, 'expired'::text, 'refunded'::text, 'shipped'::text, 'delivered'::text]))),
    CONSTRAINT ck_orders_total CHECK ((total >= (0)::numeric)),
    CONSTRAINT ck_orders_version CHECK ((version >= 1)),
    CONSTRAINT pk_orders PRIMARY KEY (id)
);
CREATE INDEX ix_orders_created_at_id ON public.orders USING btree (created_at, id);
CREATE INDEX ix_orders_due ON public.orders USING btree (reserved_until) WHERE (reserved_until IS NOT NULL);
CREATE INDEX ix_orders_status_created_at_id ON public.orders USING btree (status, created_at, id);
CREATE INDEX ix_orders_unanswered ON public.orders USING btree (announced_at) WHERE (status = 'pending'::text);
CREATE INDEX ix_orders_user_id_created_at_id ON public.orders USING btree (user_id, created_at, id);

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

CREATE TABLE payments (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    status text NOT NULL,
    method text NOT NULL,
    token text,
    amount numeric(14,2) NOT NULL,
    currency text NOT NULL,
    provider_reference text,
    reason text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT ck_payments_amount CHECK ((amount >= (0)::numeric)),
    CONSTRAINT ck_payments_due_at CHECK (((due_at IS NOT NULL) = (status = ANY (ARRAY['started'::text, 'refunding'::text])))),
    CONSTRAINT ck_payments_provider_reference CHECK (((provider_reference IS NOT NULL) OR (status = ANY (ARRAY['started'::text, 'declined'::text, 'failed'::text])))),
    CONSTRAINT ck_payments_status CHECK ((status = ANY (ARRAY['started'::text, 'succeeded'::text, 'declined'::text, 'failed'::text, 'refunding'::text, 'refunded'::text]))),
    CONSTRAINT ck_payments_token CHECK (((token IS NOT NULL) = (status = 'started'::text))),
    CONSTRAINT fk_payments_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id),
    CONSTRAINT pk_payments PRIMARY KEY (id)
);
CREATE INDEX ix_payments_due ON public.payments USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX ix_payments_order_id_created_at ON public.payments USING btree (order_id, created_at);
CREATE UNIQUE INDEX uq_payments_one_an_order ON public.payments USING btree (order_id) WHERE (status = ANY (ARRAY['started'::text, 'succeeded'::text]));

CREATE TABLE products (
    id uuid NOT NULL,
    name text,
    price numeric(9,2),
    currency text,
    is_active boolean,
    version bigint NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_products_version CHECK ((version >= 0)),
    CONSTRAINT ck_products_whole_or_deleted CHECK (((deleted_at IS NOT NULL) OR (num_nulls(name, price, currency, is_active) = 0))),
    CONSTRAINT pk_products PRIMARY KEY (id)
);

CREATE TABLE provider_messages (
    id text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT pk_provider_messages PRIMARY KEY (id)
);

CREATE TABLE replica_rebuilds (
    queue text NOT NULL,
    requested_by text NOT NULL,
    since timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT pk_replica_rebuilds PRIMARY KEY (queue)
);

CREATE TABLE users (
    id uuid NOT NULL,
    username text,
    email text,
    role text,
    is_active boolean,
    version bigint NOT NULL,
    deleted_at timestamp with time zone,
    erase_at timestamp with time zone,
    CONSTRAINT ck_users_erase_at CHECK (((erase_at IS NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT ck_users_version CHECK ((version >= 0)),
    CONSTRAINT ck_users_whole_or_deleted CHECK (((deleted_at IS NOT NULL) OR (num_nulls(username, email, role, is_active) = 0))),
    CONSTRAINT pk_users PRIMARY KEY (id)
);
CREATE INDEX ix_users_erase_at ON public.users USING btree (erase_at) WHERE (erase_at IS NOT NULL);

CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone NOT NULL,
    seconds double precision NOT NULL,
    status_code smallint,
    error text,
    response text,
    CONSTRAINT ck_webhook_attempts_outcome CHECK ((num_nonnulls(status_code, error) = 1)),
    CONSTRAINT fk_webhook_attempts_delivery_id_webhook_deliveries FOREIGN KEY (delivery_id) REFERENCES webhook_deliveries(id) ON DELETE CASCADE,
    CONSTRAINT pk_webhook_attempts PRIMARY KEY (delivery_id, number)
);

CREATE TABLE webhook_deliveries (
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    status text NOT NULL,
    due_at timestamp with time zone,
    claim uuid,
    attempts integer NOT NULL DEFAULT 0,
    tries smallint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT ck_webhook_deliveries_claim CHECK (((claim IS NULL) OR (status = 'pending'::text))),
    CONSTRAINT ck_webhook_deliveries_due_at CHECK (((due_at IS NOT NULL) = (status = 'pending'::text))),
    CONSTRAINT ck_webhook_deliveries_settled_at CHECK (((settled_at IS NULL) = (status = 'pending'::text))),
    CONSTRAINT ck_webhook_deliveries_status CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text]))),
    CONSTRAINT fk_webhook_deliveries_event_id_webhook_events FOREIGN KEY (event_id) REFERENCES webhook_events(id) ON DELETE CASCADE,
    CONSTRAINT fk_webhook_deliveries_webhook_id_webhooks FOREIGN KEY (webhook_id) REFERENCES webhooks(id),
    CONSTRAINT pk_webhook_deliveries PRIMARY KEY (id),
    CONSTRAINT uq_webhook_deliveries_event_id_webhook_id UNIQUE (event_id, webhook_id)
);
CREATE INDEX ix_webhook_deliveries_due ON public.webhook_deliveries USING btree (webhook_id, due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX ix_webhook_deliveries_webhook_id_id ON public.webhook_deliveries USING btree (webhook_id, id);

CREATE TABLE webhook_events (
    id uuid NOT NULL,
    type text NOT NULL,
    subject uuid NOT NULL,
    sequence bigint,
    body text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT pk_webhook_events PRIMARY KEY (id),
    CONSTRAINT uq_webhook_events_subject_type_sequence UNIQUE (subject, type, sequence)
);
CREATE INDEX ix_webhook_events_received_at ON public.webhook_events USING btree (received_at);

CREATE TABLE webhooks (
    id uuid NOT NULL,
    url text NOT NULL,
    types text[] NOT NULL,
    description text,
    is_active boolean NOT NULL,
    secrets jsonb NOT NULL,
    subscribed_since jsonb NOT NULL,
    disabled_reason text,
    failing_since timestamp with time zone,
    failures integer NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_webhooks_deleted_at CHECK (((deleted_at IS NULL) OR ((NOT is_active) AND (secrets = '[]'::jsonb)))),
    CONSTRAINT ck_webhooks_disabled_reason CHECK (((disabled_reason IS NULL) OR (NOT is_active))),
    CONSTRAINT ck_webhooks_failing_since CHECK (((failing_since IS NULL) = (failures = 0))),
    CONSTRAINT ck_webhooks_types CHECK ((cardinality(types) >= 1)),
    CONSTRAINT ck_webhooks_version CHECK ((version >= 1)),
    CONSTRAINT pk_webhooks PRIMARY KEY (id)
);

CREATE OR REPLACE FUNCTION public.refuse_rewriting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
        BEGIN
            RAISE EXCEPTION 'history is only ever added to' USING ERRCODE = 'restrict_violation';
        END $function$;
