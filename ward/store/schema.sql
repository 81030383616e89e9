-- The whole schema of the store on plain PostgreSQL: the sum of migrations/, made from a migrated store and proved
-- equal to it by tests/integration/test_schema.py. Never edited by hand, never applied: `hemvakt migrate` applies
-- the migrations. Partitions by time are left out. With TimescaleDB `reading` is a hypertable, `rollup_…` are views.

CREATE FUNCTION public.audit_is_kept() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'the audit is only ever added to' using errcode = 'insufficient_privilege';
end $$;

CREATE FUNCTION public.binding_mode() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.mode := coalesce(new.mode, (select mode from stay where stay_id = new.stay_id));
    return new;
end $$;

CREATE TABLE public.device (
    device_no bigint NOT NULL,
    device_id text NOT NULL,
    secret_sha256 bytea NOT NULL,
    model text DEFAULT ''::text NOT NULL,
    mode text DEFAULT 'real'::text NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    revoked_at timestamp with time zone,
    certificate_sha256 bytea,
    rev integer DEFAULT 1 NOT NULL,
    secret_no integer DEFAULT 1 NOT NULL,
    revoked_reason text,
    CONSTRAINT device_certificate_sha256_check CHECK ((length(certificate_sha256) = 32)),
    CONSTRAINT device_device_id_check CHECK ((device_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'::text)),
    CONSTRAINT device_mode_check CHECK ((mode = ANY (ARRAY['real'::text, 'test'::text, 'demo'::text]))),
    CONSTRAINT device_secret_sha256_check CHECK ((length(secret_sha256) = 32))
);

CREATE FUNCTION public.device_admits(kept public.device, secret bytea, certificate bytea, named boolean) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    select kept.revoked_at is null and coalesce(case
        when kept.certificate_sha256 is not null then kept.certificate_sha256 = certificate
        when certificate is not null then named
        else kept.secret_sha256 = secret
    end, false)
$$;

CREATE FUNCTION public.mark_late(stays bigint[], measured timestamp with time zone[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    until timestamptz;
begin
    perform pg_advisory_xact_lock_shared(4200009);
    select rolled_until into until from rollup_state;
    insert into rollup_pending (stay_id, hour)
    select distinct late.stay_id, date_bin('1 hour', late.at, 'epoch')
    from unnest(stays, measured) as late (stay_id, at) where late.at < until;
end $$;

CREATE FUNCTION public.mqtt_open(me text, at timestamp with time zone, most_sessions integer, ns integer[], device_ids text[], client_ids text[], keys bigint[], secrets bytea[], certificates bytea[], named boolean[], clean boolean[], expiries bigint[]) RETURNS TABLE(n integer, generation bigint, formerly bigint, session_no bigint, subscriptions bytea, numbers bigint[], packet_ids integer[], packets bytea[], expirations timestamp with time zone[], retained bytea[], retained_until timestamp with time zone[])
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    ask record;
    kept_until timestamptz;
    kept_no bigint;
    kept_s bigint;
    moved text[] := '{}';
begin
    perform 1 from mqtt_session s where s.key = any(keys) order by s.key for update;
    for ask in
        select a.*, d.device_no, nextval('mqtt_generation') as generation
        from unnest(ns, device_ids, client_ids, keys, secrets, certificates, named, clean, expiries)
            as a(n, device_id, client_id, key, secret, certificate, named, clean, expiry_s)
        join device d on d.device_id = a.device_id and device_admits(d, a.secret, a.certificate, a.named)
        order by a.key
    loop
        n := ask.n;
        generation := ask.generation;
        select s.session_no, s.generation, s.subscriptions, s.expires_at, s.expiry_s
            into kept_no, formerly, subscriptions, kept_until, kept_s from mqtt_session s where s.key = ask.key;
        if ask.clean or kept_until <= at or kept_s = 0 then  -- one that ends with its connection has ended
            delete from mqtt_session s where s.session_no = kept_no;
            kept_no := null;
            formerly := null;
            subscriptions := null;
        end if;
        session_no := kept_no;
        if kept_no is not null then
            update mqtt_session s set generation = ask.generation, owner = me, expiry_s = ask.expiry_s, expires_at = null
            where s.session_no = kept_no;
        elsif ask.expiry_s > 0 then
            delete from mqtt_session s where s.session_no in (
                select o.session_no from mqtt_session o
                where o.device_no = ask.device_no and o.expires_at is not null
                order by o.expires_at desc offset most_sessions - 1 for update skip locked);
            insert into mqtt_session as s (key, device_no, client_id, generation, owner, expiry_s)
            values (ask.key, ask.device_no, ask.client_id, ask.generation, me, ask.expiry_s)
            on conflict (key) do update set  -- the same client has come to another endpoint in the same moment
                generation = excluded.generation, owner = me, expiry_s = excluded.expiry_s, expires_at = null
            returning s.session_no into session_no;
        end if;
        select array_agg(m.number order by m.number), array_agg(m.packet_id order by m.number),
            array_agg(m.packet order by m.number), array_agg(m.expires_at order by m.number)
            into numbers, packet_ids, packets, expirations
            from mqtt_message m where m.session_no = kept_no;
        select array_agg(r.packet order by r.topic_sha256), array_agg(r.expires_at order by r.topic_sha256)
            into retained, retained_until from mqtt_retained r where r.device_no = ask.device_no;
        moved := moved || (ask.key || ':' || ask.generation);
        return next;
    end loop;
    -- Whoever has an older connection of the same client ends it. A payload is at most 8,000 bytes.
    perform pg_notify('hv_mqtt', me || ' ' || string_agg(pair, ',')) from (
        select pair, (place - 1) / 150 as portion from unnest(moved) with ordinality as m(pair, place)
    ) pairs group by portion;
end $$;

CREATE FUNCTION public.reading_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    changed_hour constant timestamptz := date_bin('1 hour', old.measured_at, 'epoch');
begin
    perform pg_advisory_xact_lock_shared(4200009);
    insert into rollup_pending (stay_id, hour)
    select old.stay_id, changed_hour from rollup_state
    where changed_hour < rolled_until and not exists (
        select from rollup_pending p
        where p.stay_id = old.stay_id and p.hour = changed_hour and p.xmin = pg_current_xact_id()::xid
    );
    return null;
end $$;

CREATE FUNCTION public.registry_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock(4200001);
    update registry_version set version = version + 1;
    perform pg_notify('hv_registry', '');
    return null;
end $$;

CREATE TABLE public.rollup_minutes (
    stay_id bigint NOT NULL,
    hour timestamp with time zone NOT NULL,
    kind smallint NOT NULL,
    minute smallint[] NOT NULL,
    n integer[] NOT NULL,
    total double precision[] NOT NULL,
    low double precision[] NOT NULL,
    high double precision[] NOT NULL
)
PARTITION BY RANGE (hour);

CREATE FUNCTION public.rollup_minutes_of(of_stay bigint, of_kinds smallint[], starts timestamp with time zone, ends timestamp with time zone) RETURNS TABLE(kind smallint, bucket timestamp with time zone, n bigint, total double precision, low double precision, high double precision)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT h.kind,
     (h.hour + ((m.minute)::double precision * '00:01:00'::interval)),
     (m.n)::bigint AS n,
     m.total,
     m.low,
     m.high
    FROM (public.rollup_minutes h
      CROSS JOIN LATERAL UNNEST(h.minute, h.n, h.total, h.low, h.high) m(minute, n, total, low, high))
   WHERE ((h.stay_id = rollup_minutes_of.of_stay) AND (h.kind = ANY (rollup_minutes_of.of_kinds)) AND (h.hour >= date_bin('01:00:00'::interval, rollup_minutes_of.starts, '1970-01-01 00:00:00+00'::timestamp with time zone)) AND (h.hour < rollup_minutes_of.ends) AND ((h.hour + ((m.minute)::double precision * '00:01:00'::interval)) >= rollup_minutes_of.starts) AND ((h.hour + ((m.minute)::double precision * '00:01:00'::interval)) < rollup_minutes_of.ends));
END;

CREATE SEQUENCE public.alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.alert (
    stay_id bigint NOT NULL,
    alert_id bigint DEFAULT nextval('public.alert_id_seq'::regclass) NOT NULL,
    rule text NOT NULL,
    family text NOT NULL,
    priority smallint NOT NULL,
    state text NOT NULL,
    condition text NOT NULL,
    rev integer NOT NULL,
    team_id bigint NOT NULL,
    began_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    cleared_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by bigint,
    acknowledged_until timestamp with time zone,
    resolved_at timestamp with time zone,
    resolved_by bigint,
    outcome text,
    recurrences integer DEFAULT 0 NOT NULL,
    evidence jsonb NOT NULL,
    CONSTRAINT alert_check CHECK (((state = 'resolved'::text) = (resolved_at IS NOT NULL))),
    CONSTRAINT alert_check1 CHECK (((state <> 'acknowledged'::text) OR (acknowledged_by IS NOT NULL))),
    CONSTRAINT alert_condition_check CHECK ((condition = ANY (ARRAY['present'::text, 'cleared'::text]))),
    CONSTRAINT alert_family_check CHECK ((family = ANY (ARRAY['clinical'::text, 'technical'::text, 'request'::text]))),
    CONSTRAINT alert_outcome_check CHECK ((outcome = ANY (ARRAY['true_alarm'::text, 'false_alarm'::text, 'self_resolved'::text, 'technical'::text]))),
    CONSTRAINT alert_priority_check CHECK (((priority >= 1) AND (priority <= 3))),
    CONSTRAINT alert_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'resolved'::text])))
);

CREATE TABLE public.alert_event (
    stay_id bigint NOT NULL,
    alert_id bigint NOT NULL,
    rev integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    staff_id bigint,
    note text
);

CREATE TABLE public.audit (
    audit_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    staff_id bigint NOT NULL,
    role text NOT NULL,
    organisation_id bigint NOT NULL,
    action text NOT NULL,
    device_id text,
    patient_id bigint,
    stay_id bigint,
    reason text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE public.audit ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.backtest (
    backtest_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    staff_id bigint NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    stays bigint[] NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone,
    plan jsonb NOT NULL,
    suggest boolean DEFAULT false NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    worker text,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    stays_done integer DEFAULT 0 NOT NULL,
    report jsonb,
    fault text,
    CONSTRAINT backtest_check CHECK ((until_at > from_at)),
    CONSTRAINT backtest_check1 CHECK (((state = 'running'::text) = (lease_until IS NOT NULL))),
    CONSTRAINT backtest_check2 CHECK (((state <> 'done'::text) OR (report IS NOT NULL))),
    CONSTRAINT backtest_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT backtest_stays_check CHECK ((cardinality(stays) > 0))
);

ALTER TABLE public.backtest ALTER COLUMN backtest_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.backtest_backtest_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.binding (
    binding_id bigint NOT NULL,
    device_no bigint NOT NULL,
    stay_id bigint NOT NULL,
    period tstzrange NOT NULL,
    mode text NOT NULL,
    confirmed_at timestamp with time zone,
    confirmed_by bigint,
    ended_by bigint,
    end_reason text,
    CONSTRAINT binding_period_check CHECK (((NOT isempty(period)) AND (NOT lower_inf(period))))
);

ALTER TABLE public.binding ALTER COLUMN binding_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.binding_binding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.binding_proposal (
    binding_id bigint DEFAULT nextval('public.binding_binding_id_seq'::regclass) NOT NULL,
    device_no bigint NOT NULL,
    stay_id bigint NOT NULL,
    from_at timestamp with time zone,
    proposed_at timestamp with time zone NOT NULL,
    proposed_by bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    wrong_identifiers smallint DEFAULT 0 NOT NULL,
    outcome text,
    settled_at timestamp with time zone,
    CONSTRAINT binding_proposal_check CHECK (((outcome IS NULL) = (settled_at IS NULL))),
    CONSTRAINT binding_proposal_outcome_check CHECK ((outcome = ANY (ARRAY['confirmed'::text, 'wrong_identifier'::text, 'withdrawn'::text])))
);

CREATE TABLE public.device_clock (
    device_no bigint NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ahead_us bigint NOT NULL,
    messages integer NOT NULL,
    before_us bigint,
    before_messages integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE public.device ALTER COLUMN device_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.device_device_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.device_event (
    stay_id bigint NOT NULL,
    device_no bigint NOT NULL,
    kind text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    alert_id bigint,
    CONSTRAINT device_event_kind_check CHECK ((kind = ANY (ARRAY['help_button'::text, 'fall'::text, 'check_in'::text])))
);

CREATE TABLE public.device_status (
    device_no bigint NOT NULL,
    online boolean NOT NULL,
    battery_pct real,
    firmware text,
    reported_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.device_throttled (
    device_no bigint NOT NULL,
    instance text NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.evaluation_due (
    stay_id bigint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    score_digest bigint,
    scored_at timestamp with time zone,
    evaluated_by bigint
)
WITH (fillfactor='50');

CREATE TABLE public.evaluation_request (
    stay_id bigint NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.idempotency (
    staff_id bigint NOT NULL,
    key text NOT NULL,
    request_sha256 bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_id bigint
);

CREATE TABLE public.latest_reading (
    stay_id bigint NOT NULL,
    kind smallint NOT NULL,
    measured_at timestamp with time zone NOT NULL,
    device_no bigint NOT NULL,
    value double precision NOT NULL,
    received_at timestamp with time zone NOT NULL,
    validity smallint NOT NULL,
    quality smallint
)
WITH (fillfactor='50');

CREATE TABLE public.login_failure (
    username text NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL
);

CREATE TABLE public.migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone NOT NULL
);

CREATE TABLE public.mqtt_endpoint (
    instance text NOT NULL,
    beat_at timestamp with time zone NOT NULL
);

CREATE SEQUENCE public.mqtt_generation
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.mqtt_message (
    session_no bigint NOT NULL,
    number bigint NOT NULL,
    packet_id integer,
    packet bytea NOT NULL,
    expires_at timestamp with time zone
);

CREATE TABLE public.mqtt_retained (
    device_no bigint NOT NULL,
    topic_sha256 bytea NOT NULL,
    packet bytea NOT NULL,
    expires_at timestamp with time zone
);

CREATE TABLE public.mqtt_session (
    session_no bigint NOT NULL,
    key bigint NOT NULL,
    device_no bigint NOT NULL,
    client_id text NOT NULL,
    generation bigint NOT NULL,
    owner text NOT NULL,
    expiry_s bigint NOT NULL,
    expires_at timestamp with time zone,
    subscriptions bytea DEFAULT '\x'::bytea NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE public.mqtt_session ALTER COLUMN session_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.mqtt_session_session_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.organisation (
    organisation_id bigint NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    hsa_id text,
    CONSTRAINT organisation_kind_check CHECK ((kind = ANY (ARRAY['region'::text, 'municipality'::text])))
);

ALTER TABLE public.organisation ALTER COLUMN organisation_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.organisation_organisation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.patient (
    patient_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    personal_number text NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    birth_date date NOT NULL,
    sex text NOT NULL,
    phone text,
    CONSTRAINT patient_personal_number_check CHECK ((personal_number ~ '^[0-9]{8}[0-9A-Z]{2}[0-9]{2}$'::text)),
    CONSTRAINT patient_sex_check CHECK ((sex = ANY (ARRAY['female'::text, 'male'::text, 'other'::text, 'unknown'::text])))
);

ALTER TABLE public.patient ALTER COLUMN patient_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.patient_patient_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.plan (
    stay_id bigint NOT NULL,
    version integer NOT NULL,
    rules jsonb NOT NULL,
    author_id bigint,
    reason text DEFAULT ''::text NOT NULL,
    valid_from timestamp with time zone NOT NULL
);

CREATE TABLE public.quarantine (
    quarantine_id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    device_id text,
    topic text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    item_index integer,
    payload bytea NOT NULL,
    payload_sha256 bytea NOT NULL,
    payload_bytes integer NOT NULL,
    resolution text,
    resolved_at timestamp with time zone,
    resolved_by bigint,
    stay_id bigint,
    CONSTRAINT quarantine_check CHECK (((resolution IS NULL) = (resolved_at IS NULL))),
    CONSTRAINT quarantine_check1 CHECK (((NOT (resolution IS DISTINCT FROM 'assigned'::text)) = (stay_id IS NOT NULL))),
    CONSTRAINT quarantine_resolution_check CHECK ((resolution = ANY (ARRAY['assigned'::text, 'dismissed'::text])))
);

ALTER TABLE public.quarantine ALTER COLUMN quarantine_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.reading (
    stay_id bigint NOT NULL,
    kind smallint NOT NULL,
    measured_at timestamp with time zone NOT NULL,
    device_no bigint NOT NULL,
    value double precision NOT NULL,
    received_at timestamp with time zone NOT NULL,
    validity smallint NOT NULL,
    quality smallint
)
PARTITION BY RANGE (measured_at);

CREATE TABLE public.registry_version (
    only_one boolean DEFAULT true NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT registry_version_only_one_check CHECK (only_one)
);

CREATE TABLE public.responsibility (
    stay_id bigint NOT NULL,
    team_id bigint NOT NULL,
    period tstzrange NOT NULL,
    CONSTRAINT responsibility_period_check CHECK ((NOT isempty(period)))
);

CREATE TABLE public.rollup_15min (
    stay_id bigint NOT NULL,
    bucket timestamp with time zone NOT NULL,
    total double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    n integer NOT NULL,
    kind smallint NOT NULL
)
PARTITION BY RANGE (bucket);

CREATE TABLE public.rollup_1d (
    stay_id bigint NOT NULL,
    bucket timestamp with time zone NOT NULL,
    total double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    n integer NOT NULL,
    kind smallint NOT NULL
)
PARTITION BY RANGE (bucket);

CREATE TABLE public.rollup_1h (
    stay_id bigint NOT NULL,
    bucket timestamp with time zone NOT NULL,
    total double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    n integer NOT NULL,
    kind smallint NOT NULL
)
PARTITION BY RANGE (bucket);

CREATE VIEW public.rollup_1min AS
 SELECT h.stay_id,
    h.kind,
    (h.hour + ((m.minute)::double precision * '00:01:00'::interval)) AS bucket,
    m.n,
    m.total,
    m.low,
    m.high
   FROM (public.rollup_minutes h
     CROSS JOIN LATERAL UNNEST(h.minute, h.n, h.total, h.low, h.high) m(minute, n, total, low, high));

CREATE TABLE public.rollup_pending (
    pending_id bigint NOT NULL,
    stay_id bigint,
    hour timestamp with time zone NOT NULL,
    marked_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.rollup_pending ALTER COLUMN pending_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rollup_pending_pending_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rollup_state (
    the_one boolean DEFAULT true NOT NULL,
    rolled_until timestamp with time zone NOT NULL,
    dropped_until timestamp with time zone NOT NULL,
    CONSTRAINT rollup_state_the_one_check CHECK (the_one)
);

CREATE TABLE public.score (
    stay_id bigint NOT NULL,
    scored_at timestamp with time zone NOT NULL,
    total_min smallint NOT NULL,
    total_max smallint NOT NULL,
    risk text NOT NULL,
    spo2_scale smallint NOT NULL,
    detail jsonb NOT NULL,
    CONSTRAINT score_check CHECK ((total_min <= total_max)),
    CONSTRAINT score_risk_check CHECK ((risk = ANY (ARRAY['low'::text, 'low_medium'::text, 'medium'::text, 'high'::text])))
);

CREATE TABLE public.service_heartbeat (
    service text NOT NULL,
    instance text NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);

CREATE TABLE public.session (
    token_sha256 bytea NOT NULL,
    staff_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT session_token_sha256_check CHECK ((length(token_sha256) = 32))
);

CREATE TABLE public.staff (
    staff_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    username text NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    role text NOT NULL,
    password_hash text NOT NULL,
    language text DEFAULT 'sv'::text NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT staff_language_check CHECK ((language = ANY (ARRAY['sv'::text, 'en'::text]))),
    CONSTRAINT staff_role_check CHECK ((role = ANY (ARRAY['nurse'::text, 'doctor'::text, 'operator'::text])))
);

ALTER TABLE public.staff ALTER COLUMN staff_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.staff_staff_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.stay (
    stay_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    programme text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    next_step text DEFAULT ''::text NOT NULL,
    period tstzrange NOT NULL,
    mode text DEFAULT 'real'::text NOT NULL,
    CONSTRAINT stay_mode_check CHECK ((mode = ANY (ARRAY['real'::text, 'test'::text, 'demo'::text]))),
    CONSTRAINT stay_period_check CHECK (((NOT isempty(period)) AND (NOT lower_inf(period))))
);

ALTER TABLE public.stay ALTER COLUMN stay_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stay_stay_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.team (
    team_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    name text NOT NULL,
    phone text NOT NULL,
    competences text[] DEFAULT '{}'::text[] NOT NULL
);

CREATE TABLE public.team_member (
    team_id bigint NOT NULL,
    staff_id bigint NOT NULL
);

ALTER TABLE public.team ALTER COLUMN team_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.team_team_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.waveform_block (
    stay_id bigint NOT NULL,
    kind smallint NOT NULL,
    lead text NOT NULL,
    measured_at timestamp with time zone NOT NULL,
    device_no bigint NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    fs_hz double precision NOT NULL,
    unit text NOT NULL,
    scale double precision NOT NULL,
    "offset" double precision NOT NULL,
    samples integer NOT NULL,
    codec smallint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT waveform_block_fs_hz_check CHECK ((fs_hz > (0)::double precision)),
    CONSTRAINT waveform_block_samples_check CHECK ((samples > 0))
)
PARTITION BY RANGE (measured_at);
ALTER TABLE ONLY public.waveform_block ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE public.waveform_stretch (
    stay_id bigint NOT NULL,
    kind smallint NOT NULL,
    lead text NOT NULL,
    measured_at timestamp with time zone NOT NULL,
    device_no bigint NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    fs_hz double precision NOT NULL,
    unit text NOT NULL,
    scale double precision NOT NULL,
    "offset" double precision NOT NULL,
    samples integer NOT NULL,
    codec smallint NOT NULL,
    parts bytea NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT waveform_stretch_fs_hz_check CHECK ((fs_hz > (0)::double precision)),
    CONSTRAINT waveform_stretch_samples_check CHECK ((samples > 0))
)
PARTITION BY RANGE (measured_at);
ALTER TABLE ONLY public.waveform_stretch ALTER COLUMN data SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_pkey PRIMARY KEY (stay_id, alert_id, rev);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (stay_id, alert_id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (audit_id);

ALTER TABLE ONLY public.backtest
    ADD CONSTRAINT backtest_pkey PRIMARY KEY (backtest_id);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_int8range_period_excl EXCLUDE USING gist (int8range(device_no, device_no, '[]'::text) WITH &&, period WITH &&);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_pkey PRIMARY KEY (binding_id);

ALTER TABLE ONLY public.binding_proposal
    ADD CONSTRAINT binding_proposal_pkey PRIMARY KEY (binding_id);

ALTER TABLE ONLY public.device_clock
    ADD CONSTRAINT device_clock_pkey PRIMARY KEY (device_no);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_device_id_key UNIQUE (device_id);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_device_no_mode_key UNIQUE (device_no, mode);

ALTER TABLE ONLY public.device_event
    ADD CONSTRAINT device_event_pkey PRIMARY KEY (stay_id, kind, occurred_at, device_no);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_pkey PRIMARY KEY (device_no);

ALTER TABLE ONLY public.device_status
    ADD CONSTRAINT device_status_pkey PRIMARY KEY (device_no);

ALTER TABLE ONLY public.device_throttled
    ADD CONSTRAINT device_throttled_pkey PRIMARY KEY (device_no, instance);

ALTER TABLE ONLY public.evaluation_due
    ADD CONSTRAINT evaluation_due_pkey PRIMARY KEY (stay_id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (staff_id, key);

ALTER TABLE ONLY public.latest_reading
    ADD CONSTRAINT latest_reading_pkey PRIMARY KEY (stay_id, kind);

ALTER TABLE ONLY public.login_failure
    ADD CONSTRAINT login_failure_pkey PRIMARY KEY (username);

ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.mqtt_endpoint
    ADD CONSTRAINT mqtt_endpoint_pkey PRIMARY KEY (instance);

ALTER TABLE ONLY public.mqtt_message
    ADD CONSTRAINT mqtt_message_pkey PRIMARY KEY (session_no, number);

ALTER TABLE ONLY public.mqtt_retained
    ADD CONSTRAINT mqtt_retained_pkey PRIMARY KEY (device_no, topic_sha256);

ALTER TABLE ONLY public.mqtt_session
    ADD CONSTRAINT mqtt_session_generation_key UNIQUE (generation);

ALTER TABLE ONLY public.mqtt_session
    ADD CONSTRAINT mqtt_session_key_key UNIQUE (key);

ALTER TABLE ONLY public.mqtt_session
    ADD CONSTRAINT mqtt_session_pkey PRIMARY KEY (session_no);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_hsa_id_key UNIQUE (hsa_id);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_name_key UNIQUE (name);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_pkey PRIMARY KEY (organisation_id);

ALTER TABLE ONLY public.patient
    ADD CONSTRAINT patient_personal_number_key UNIQUE (personal_number);

ALTER TABLE ONLY public.patient
    ADD CONSTRAINT patient_pkey PRIMARY KEY (patient_id);

ALTER TABLE ONLY public.plan
    ADD CONSTRAINT plan_pkey PRIMARY KEY (stay_id, version);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id);

ALTER TABLE ONLY public.reading
    ADD CONSTRAINT reading_pkey PRIMARY KEY (stay_id, kind, measured_at, device_no);

ALTER TABLE ONLY public.registry_version
    ADD CONSTRAINT registry_version_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY public.responsibility
    ADD CONSTRAINT responsibility_int8range_period_excl EXCLUDE USING gist (int8range(stay_id, stay_id, '[]'::text) WITH &&, period WITH &&);

ALTER TABLE ONLY public.rollup_15min
    ADD CONSTRAINT rollup_15min_pkey PRIMARY KEY (stay_id, kind, bucket);

ALTER TABLE ONLY public.rollup_1d
    ADD CONSTRAINT rollup_1d_pkey PRIMARY KEY (stay_id, kind, bucket);

ALTER TABLE ONLY public.rollup_1h
    ADD CONSTRAINT rollup_1h_pkey PRIMARY KEY (stay_id, kind, bucket);

ALTER TABLE ONLY public.rollup_minutes
    ADD CONSTRAINT rollup_minutes_pkey PRIMARY KEY (stay_id, kind, hour);

ALTER TABLE ONLY public.rollup_pending
    ADD CONSTRAINT rollup_pending_pkey PRIMARY KEY (pending_id);

ALTER TABLE ONLY public.rollup_state
    ADD CONSTRAINT rollup_state_pkey PRIMARY KEY (the_one);

ALTER TABLE ONLY public.score
    ADD CONSTRAINT score_pkey PRIMARY KEY (stay_id, scored_at);

ALTER TABLE ONLY public.service_heartbeat
    ADD CONSTRAINT service_heartbeat_pkey PRIMARY KEY (service, instance);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token_sha256);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_pkey PRIMARY KEY (staff_id);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_username_key UNIQUE (username);

ALTER TABLE ONLY public.stay
    ADD CONSTRAINT stay_int8range_period_excl EXCLUDE USING gist (int8range(patient_id, patient_id, '[]'::text) WITH &&, period WITH &&);

ALTER TABLE ONLY public.stay
    ADD CONSTRAINT stay_pkey PRIMARY KEY (stay_id);

ALTER TABLE ONLY public.stay
    ADD CONSTRAINT stay_stay_id_mode_key UNIQUE (stay_id, mode);

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_pkey PRIMARY KEY (team_id, staff_id);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_organisation_id_name_key UNIQUE (organisation_id, name);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_pkey PRIMARY KEY (team_id);

ALTER TABLE ONLY public.waveform_block
    ADD CONSTRAINT waveform_block_pkey PRIMARY KEY (stay_id, kind, lead, measured_at, device_no);

ALTER TABLE ONLY public.waveform_stretch
    ADD CONSTRAINT waveform_stretch_pkey PRIMARY KEY (stay_id, kind, lead, measured_at, device_no);

CREATE INDEX alert_by_id ON public.alert USING btree (alert_id);

CREATE UNIQUE INDEX alert_one_open ON public.alert USING btree (stay_id, rule) WHERE (state <> 'resolved'::text);

CREATE INDEX alert_team ON public.alert USING btree (team_id, opened_at);

CREATE INDEX audit_device ON public.audit USING btree (device_id, audit_id) WHERE (device_id IS NOT NULL);

CREATE INDEX audit_patient ON public.audit USING btree (patient_id, audit_id) WHERE (patient_id IS NOT NULL);

CREATE INDEX backtest_by_organisation ON public.backtest USING btree (organisation_id, backtest_id);

CREATE INDEX backtest_waiting ON public.backtest USING btree (due_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX binding_proposal_device ON public.binding_proposal USING btree (device_no);

CREATE INDEX binding_stay ON public.binding USING btree (stay_id);

CREATE INDEX device_event_unhandled ON public.device_event USING btree (stay_id) WHERE ((alert_id IS NULL) AND (kind <> 'check_in'::text));

CREATE INDEX evaluation_due_at ON public.evaluation_due USING btree (due_at);

CREATE INDEX evaluation_request_stay ON public.evaluation_request USING btree (stay_id);

CREATE INDEX idempotency_made ON public.idempotency USING btree (made_at);

CREATE INDEX mqtt_session_device ON public.mqtt_session USING btree (device_no);

CREATE INDEX mqtt_session_expires ON public.mqtt_session USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX mqtt_session_owner ON public.mqtt_session USING btree (owner) WHERE (expires_at IS NULL);

CREATE INDEX quarantine_assigned ON public.quarantine USING btree (device_id) WHERE (resolution = 'assigned'::text);

CREATE INDEX quarantine_device ON public.quarantine USING btree (device_id, received_at);

CREATE INDEX quarantine_received ON public.quarantine USING btree (received_at);

CREATE INDEX responsibility_stay ON public.responsibility USING btree (stay_id);

CREATE INDEX responsibility_team ON public.responsibility USING btree (team_id);

CREATE INDEX rollup_pending_hour ON public.rollup_pending USING btree (hour, stay_id);

CREATE INDEX session_staff ON public.session USING btree (staff_id);

CREATE INDEX stay_patient ON public.stay USING btree (patient_id);

CREATE INDEX team_member_staff ON public.team_member USING btree (staff_id);

CREATE TRIGGER audit_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_kept();

CREATE TRIGGER binding_changed AFTER INSERT OR DELETE OR UPDATE ON public.binding FOR EACH STATEMENT EXECUTE FUNCTION public.registry_changed();

CREATE TRIGGER binding_mode BEFORE INSERT ON public.binding FOR EACH ROW EXECUTE FUNCTION public.binding_mode();

CREATE TRIGGER device_changed AFTER INSERT OR DELETE OR UPDATE ON public.device FOR EACH STATEMENT EXECUTE FUNCTION public.registry_changed();

CREATE TRIGGER reading_changed AFTER DELETE OR UPDATE ON public.reading FOR EACH ROW EXECUTE FUNCTION public.reading_changed();

CREATE TRIGGER stay_changed AFTER INSERT OR DELETE OR UPDATE ON public.stay FOR EACH STATEMENT EXECUTE FUNCTION public.registry_changed();

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_acknowledged_by_fkey FOREIGN KEY (acknowledged_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_stay_id_alert_id_fkey FOREIGN KEY (stay_id, alert_id) REFERENCES public.alert(stay_id, alert_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.backtest
    ADD CONSTRAINT backtest_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.backtest
    ADD CONSTRAINT backtest_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_confirmed_by_fkey FOREIGN KEY (confirmed_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_mode_of_device FOREIGN KEY (device_no, mode) REFERENCES public.device(device_no, mode);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_mode_of_stay FOREIGN KEY (stay_id, mode) REFERENCES public.stay(stay_id, mode);

ALTER TABLE ONLY public.binding_proposal
    ADD CONSTRAINT binding_proposal_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no);

ALTER TABLE ONLY public.binding_proposal
    ADD CONSTRAINT binding_proposal_proposed_by_fkey FOREIGN KEY (proposed_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.binding_proposal
    ADD CONSTRAINT binding_proposal_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.device_clock
    ADD CONSTRAINT device_clock_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no);

ALTER TABLE ONLY public.device_event
    ADD CONSTRAINT device_event_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no);

ALTER TABLE ONLY public.device_event
    ADD CONSTRAINT device_event_stay_id_alert_id_fkey FOREIGN KEY (stay_id, alert_id) REFERENCES public.alert(stay_id, alert_id);

ALTER TABLE ONLY public.device_event
    ADD CONSTRAINT device_event_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.device_status
    ADD CONSTRAINT device_status_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no);

ALTER TABLE ONLY public.device_throttled
    ADD CONSTRAINT device_throttled_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no) ON DELETE CASCADE;

ALTER TABLE ONLY public.evaluation_due
    ADD CONSTRAINT evaluation_due_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.mqtt_message
    ADD CONSTRAINT mqtt_message_session_no_fkey FOREIGN KEY (session_no) REFERENCES public.mqtt_session(session_no) ON DELETE CASCADE;

ALTER TABLE ONLY public.mqtt_retained
    ADD CONSTRAINT mqtt_retained_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no) ON DELETE CASCADE;

ALTER TABLE ONLY public.mqtt_session
    ADD CONSTRAINT mqtt_session_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no) ON DELETE CASCADE;

ALTER TABLE ONLY public.patient
    ADD CONSTRAINT patient_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.plan
    ADD CONSTRAINT plan_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.plan
    ADD CONSTRAINT plan_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.responsibility
    ADD CONSTRAINT responsibility_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.responsibility
    ADD CONSTRAINT responsibility_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.stay
    ADD CONSTRAINT stay_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);
