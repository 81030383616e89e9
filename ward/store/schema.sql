-- The whole schema of the store on plain PostgreSQL: the sum of migrations/, made from a migrated store and proved
-- equal to it by tests/integration/test_schema.py. Never edited by hand, never applied: `hemvakt migrate` applies
-- the migrations. Partitions by time are left out. With TimescaleDB `reading` is a hypertable, `rollup_…` are views.

CREATE FUNCTION public.access_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('hv_access', '');
    return null;
end $$;

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

CREATE FUNCTION public.is_kept() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '% is only ever added to', tg_table_name using errcode = 'insufficient_privilege';
end $$;

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

CREATE FUNCTION public.news_written() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    stays bigint[];
begin
    select array_agg(distinct stay_id order by stay_id) into stays from changed;
    if stays is null then
        return null;
    end if;
    insert into stay_news as n (stay_id, events, effects, rounds, home)
        select each, ('events' = any(tg_argv))::int, ('effects' = any(tg_argv))::int, ('rounds' = any(tg_argv))::int,
            ('home' = any(tg_argv))::int
        from unnest(stays) each
        on conflict (stay_id) do update set events = n.events + excluded.events,
            effects = n.effects + excluded.effects, rounds = n.rounds + excluded.rounds, home = n.home + excluded.home;
    -- Too many to be named in one notification: whoever listens compares everything.
    perform pg_notify('hv_news', case when cardinality(stays) <= 300 then array_to_string(stays, ',') else '' end);
    return null;
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

CREATE FUNCTION public.responsibility_is_whole() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    touched bigint;
    lasting tstzrange;
    held tstzmultirange;
begin
    foreach touched in array case tg_op
        when 'INSERT' then array[new.stay_id]
        when 'DELETE' then array[old.stay_id]
        when 'UPDATE' then array[new.stay_id, old.stay_id]
    end loop
        select period into lasting from stay where stay_id = touched for no key update;
        if lasting is null then
            continue;
        end if;
        select coalesce(range_agg(period), '{}') into held from responsibility where stay_id = touched;
        if not held @> lasting then
            raise exception 'nobody answers for stay % in %', touched, tstzmultirange(lasting) - held
                using errcode = 'check_violation', constraint = 'responsibility_is_whole', table = tg_table_name;
        end if;
    end loop;
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

CREATE FUNCTION public.seats_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('hv_seats', '');
    return null;
end $$;

CREATE FUNCTION public.session_ended() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('hv_sessions', encode(old.token_sha256, 'hex'));
    return null;
end $$;

CREATE FUNCTION public.sessions_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('hv_sessions', '');
    return null;
end $$;

CREATE FUNCTION public.store_folder() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog'
    AS $$
begin
    return current_setting('data_directory');
exception when insufficient_privilege then
    return null;
end $$;

CREATE TABLE public.access_entry (
    access_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    account_id bigint NOT NULL,
    staff_id bigint,
    role text NOT NULL,
    organisation_id bigint,
    team_ids bigint[] NOT NULL,
    permission text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    why text NOT NULL,
    patient_ids bigint[] NOT NULL,
    attempts integer,
    CONSTRAINT access_entry_attempts_check CHECK ((attempts > 0)),
    CONSTRAINT access_entry_patient_ids_check CHECK (((patient_ids <> '{}'::bigint[]) OR (attempts IS NOT NULL)))
);

ALTER TABLE public.access_entry ALTER COLUMN access_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_entry_access_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.access_review (
    review_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    period tstzrange NOT NULL,
    reviewed_at timestamp with time zone NOT NULL,
    reviewed_by bigint NOT NULL,
    entries bigint NOT NULL,
    anomalies integer NOT NULL,
    conclusion text NOT NULL,
    CONSTRAINT access_review_period_check CHECK (((NOT isempty(period)) AND (NOT lower_inf(period)) AND (NOT upper_inf(period))))
);

ALTER TABLE public.access_review ALTER COLUMN review_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_review_review_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.access_token (
    token_id bigint NOT NULL,
    account_id bigint NOT NULL,
    kind text DEFAULT 'system'::text NOT NULL,
    token_sha256 bytea NOT NULL,
    prefix text NOT NULL,
    name text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    revoked_by bigint,
    CONSTRAINT access_token_check CHECK ((expires_at > made_at)),
    CONSTRAINT access_token_check1 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT access_token_kind_check CHECK ((kind = 'system'::text))
);

ALTER TABLE public.access_token ALTER COLUMN token_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_token_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.account (
    account_id bigint NOT NULL,
    kind text NOT NULL,
    username text,
    password_hash text,
    staff_id bigint,
    patient_id bigint,
    organisation_id bigint,
    permissions text[] DEFAULT '{}'::text[] NOT NULL,
    name text,
    language text,
    disabled_at timestamp with time zone,
    must_change boolean DEFAULT false NOT NULL,
    password_published boolean DEFAULT false NOT NULL,
    password_at timestamp with time zone,
    pin_hash text,
    pin_failures integer DEFAULT 0 NOT NULL,
    kept_by bigint,
    CONSTRAINT account_check CHECK (((kind = 'staff'::text) = (staff_id IS NOT NULL))),
    CONSTRAINT account_check1 CHECK (((kind = 'patient'::text) = (patient_id IS NOT NULL))),
    CONSTRAINT account_check2 CHECK (((kind = 'system'::text) = (organisation_id IS NOT NULL))),
    CONSTRAINT account_check3 CHECK (((kind = 'system'::text) OR (permissions = '{}'::text[]))),
    CONSTRAINT account_check4 CHECK (((kind <> 'staff'::text) OR ((name IS NULL) AND (language IS NULL) AND (disabled_at IS NULL)))),
    CONSTRAINT account_check5 CHECK (((kind = 'staff'::text) OR (name IS NOT NULL))),
    CONSTRAINT account_check6 CHECK (((password_hash IS NULL) OR (username IS NOT NULL))),
    CONSTRAINT account_check7 CHECK (((kept_by IS NULL) OR (kind = 'relative'::text))),
    CONSTRAINT account_kind_check CHECK ((kind = ANY (ARRAY['staff'::text, 'patient'::text, 'relative'::text, 'system'::text]))),
    CONSTRAINT account_language_check CHECK ((language = ANY (ARRAY['sv'::text, 'en'::text]))),
    CONSTRAINT account_pin_failures_check CHECK ((pin_failures >= 0)),
    CONSTRAINT account_username_check CHECK ((username = lower(username)))
);

ALTER TABLE public.account ALTER COLUMN account_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.account_account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.account_identity (
    issuer text NOT NULL,
    claim text NOT NULL,
    subject text NOT NULL,
    account_id bigint NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    linked_by bigint NOT NULL,
    CONSTRAINT account_identity_subject_check CHECK ((subject <> ''::text))
);

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
    condition text NOT NULL,
    rev integer NOT NULL,
    team_id bigint NOT NULL,
    began_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    cleared_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by bigint,
    resolved_at timestamp with time zone,
    resolved_by bigint,
    outcome text,
    recurrences integer DEFAULT 0 NOT NULL,
    evidence jsonb NOT NULL,
    worst smallint NOT NULL,
    signal text NOT NULL,
    signal_until timestamp with time zone,
    pause_reason text,
    responsibility text DEFAULT 'unassigned'::text NOT NULL,
    holder_id bigint,
    held_since timestamp with time zone,
    offered_team_id bigint,
    offered_staff_id bigint,
    offered_by bigint,
    offered_until timestamp with time zone,
    cause text,
    action text,
    undo jsonb,
    state text GENERATED ALWAYS AS (
CASE
    WHEN (resolved_at IS NOT NULL) THEN 'resolved'::text
    WHEN ((signal = 'ringing'::text) OR ((signal = 'silent'::text) AND (holder_id IS NULL))) THEN 'open'::text
    ELSE 'acknowledged'::text
END) STORED NOT NULL,
    worse_rev integer DEFAULT 1 NOT NULL,
    unasked boolean DEFAULT false NOT NULL,
    CONSTRAINT alert_action_check CHECK ((action = ANY (ARRAY['none'::text, 'called'::text, 'visited'::text, 'treated'::text, 'sent_in'::text, 'plan_changed'::text, 'equipment_fixed'::text]))),
    CONSTRAINT alert_cause_check CHECK ((cause = ANY (ARRAY['deterioration'::text, 'activity'::text, 'artefact'::text, 'equipment'::text, 'limits'::text, 'mistake'::text, 'stay_ended'::text, 'unknown'::text]))),
    CONSTRAINT alert_closed_has_outcome CHECK (((resolved_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT alert_closed_is_over CHECK (((resolved_at IS NULL) OR ((signal = 'silent'::text) AND (signal_until IS NULL) AND (responsibility <> 'offered'::text)))),
    CONSTRAINT alert_ended_by_nobody CHECK (((outcome <> 'stay_ended'::text) OR (resolved_by IS NULL))),
    CONSTRAINT alert_family_check CHECK ((family = ANY (ARRAY['clinical'::text, 'technical'::text, 'request'::text]))),
    CONSTRAINT alert_gone_since CHECK (((condition = 'present'::text) = (cleared_at IS NULL))),
    CONSTRAINT alert_high_rests_shortly CHECK (((signal <> 'paused'::text) OR (priority < 3) OR (signal_until <= (acknowledged_at + '00:15:00'::interval)))),
    CONSTRAINT alert_offer_is_whole CHECK (
CASE responsibility
    WHEN 'offered'::text THEN ((offered_team_id IS NOT NULL) AND (offered_by IS NOT NULL) AND (offered_until IS NOT NULL))
    ELSE (num_nonnulls(offered_team_id, offered_staff_id, offered_by, offered_until) = 0)
END),
    CONSTRAINT alert_one_holder CHECK ((
CASE responsibility
    WHEN 'accepted'::text THEN (holder_id IS NOT NULL)
    WHEN 'offered'::text THEN true
    ELSE (holder_id IS NULL)
END AND ((holder_id IS NULL) = (held_since IS NULL)))),
    CONSTRAINT alert_only_closed_explained CHECK (((resolved_at IS NOT NULL) OR (num_nonnulls(cause, action) = 0))),
    CONSTRAINT alert_outcome_check CHECK ((outcome = ANY (ARRAY['true_alarm'::text, 'false_alarm'::text, 'self_resolved'::text, 'technical'::text, 'stay_ended'::text]))),
    CONSTRAINT alert_pause_has_reason CHECK (((signal = 'paused'::text) = (pause_reason IS NOT NULL))),
    CONSTRAINT alert_priority_check CHECK (((priority >= 1) AND (priority <= 3))),
    CONSTRAINT alert_quiet_ends CHECK (
CASE signal
    WHEN 'ringing'::text THEN ((signal_until IS NULL) AND (acknowledged_by IS NULL))
    WHEN 'silent'::text THEN ((resolved_at IS NOT NULL) OR ((condition = 'cleared'::text) AND ((holder_id IS NOT NULL) = (signal_until IS NOT NULL))))
    ELSE ((signal_until IS NOT NULL) AND (acknowledged_by IS NOT NULL) AND (condition <> 'cleared'::text))
END),
    CONSTRAINT alert_request_stays CHECK (((family <> 'request'::text) OR (condition = 'present'::text))),
    CONSTRAINT alert_unasked_is_gone CHECK (((NOT unasked) OR (cleared_at IS NOT NULL))),
    CONSTRAINT alert_words CHECK (((condition = ANY (ARRAY['present'::text, 'clearing'::text, 'cleared'::text])) AND (signal = ANY (ARRAY['ringing'::text, 'acknowledged'::text, 'paused'::text, 'silent'::text])) AND (responsibility = ANY (ARRAY['unassigned'::text, 'offered'::text, 'accepted'::text, 'declined'::text])))),
    CONSTRAINT alert_worse_rev_check CHECK (((worse_rev >= 1) AND (worse_rev <= rev))),
    CONSTRAINT alert_worst_is_worst CHECK (((worst >= priority) AND (worst <= 3)))
);

CREATE TABLE public.alert_consequence (
    stay_id bigint NOT NULL,
    alert_id bigint NOT NULL,
    rev integer NOT NULL,
    consequence text NOT NULL,
    staff_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT alert_consequence_consequence_check CHECK ((consequence = ANY (ARRAY['none'::text, 'avoided_emergency'::text, 'home_visit'::text, 'emergency_visit'::text, 'admission'::text]))),
    CONSTRAINT alert_consequence_rev_check CHECK ((rev > 0))
);

CREATE TABLE public.alert_event (
    stay_id bigint NOT NULL,
    alert_id bigint NOT NULL,
    rev integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    staff_id bigint,
    note text,
    priority smallint,
    evidence jsonb,
    until timestamp with time zone,
    to_team_id bigint,
    to_staff_id bigint,
    outcome text,
    cause text,
    action text
);

CREATE TABLE public.alert_hold (
    stay_id bigint NOT NULL,
    rule text NOT NULL,
    alert_id bigint NOT NULL,
    priority smallint NOT NULL,
    until timestamp with time zone NOT NULL,
    quiet_since timestamp with time zone,
    CONSTRAINT alert_hold_priority_check CHECK (((priority >= 1) AND (priority <= 3)))
);

CREATE TABLE public.ambulance_card (
    card_id bigint NOT NULL,
    stay_id bigint NOT NULL,
    token_sha256 bytea NOT NULL,
    made_by bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by bigint,
    CONSTRAINT ambulance_card_check CHECK ((expires_at > made_at)),
    CONSTRAINT ambulance_card_check1 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT ambulance_card_token_sha256_check CHECK ((length(token_sha256) = 32))
);

ALTER TABLE public.ambulance_card ALTER COLUMN card_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ambulance_card_card_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ambulance_opening (
    opening_id bigint NOT NULL,
    card_id bigint NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE public.ambulance_opening ALTER COLUMN opening_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ambulance_opening_opening_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit (
    audit_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    staff_id bigint,
    role text NOT NULL,
    organisation_id bigint,
    action text NOT NULL,
    device_id text,
    patient_id bigint,
    stay_id bigint,
    reason text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    account_id bigint NOT NULL
);

ALTER TABLE public.audit ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit_seal (
    seal_id bigint NOT NULL,
    deeds int8multirange NOT NULL,
    accesses int8multirange NOT NULL,
    entries bigint NOT NULL,
    previous_sha256 bytea NOT NULL,
    sha256 bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT audit_seal_entries_check CHECK ((entries > 0)),
    CONSTRAINT audit_seal_previous_sha256_check CHECK ((length(previous_sha256) = 32)),
    CONSTRAINT audit_seal_seal_id_check CHECK ((seal_id > 0)),
    CONSTRAINT audit_seal_sha256_check CHECK ((length(sha256) = 32))
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
    layer text DEFAULT 'patient'::text NOT NULL,
    origin text DEFAULT 'person'::text NOT NULL,
    team_id bigint,
    programme text,
    draft integer,
    tries integer DEFAULT 0 NOT NULL,
    failure text,
    CONSTRAINT backtest_check CHECK ((until_at > from_at)),
    CONSTRAINT backtest_check1 CHECK (((state = 'running'::text) = (lease_until IS NOT NULL))),
    CONSTRAINT backtest_check2 CHECK (((state <> 'done'::text) OR (report IS NOT NULL))),
    CONSTRAINT backtest_draft CHECK (((draft IS NULL) OR (until_at IS NULL))),
    CONSTRAINT backtest_failure_check CHECK ((failure = ANY (ARRAY['broke'::text, 'cut_off'::text]))),
    CONSTRAINT backtest_layer_check CHECK ((layer = ANY (ARRAY['team'::text, 'patient'::text]))),
    CONSTRAINT backtest_of_team CHECK (((team_id IS NULL) = (programme IS NULL))),
    CONSTRAINT backtest_origin_check CHECK ((origin = ANY (ARRAY['person'::text, 'editor'::text, 'suggestions'::text, 'silent'::text]))),
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

CREATE TABLE public.backup_run (
    backup_run_id bigint NOT NULL,
    kind text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    as_of timestamp with time zone,
    size_bytes bigint,
    readings bigint,
    fault text,
    CONSTRAINT backup_run_check CHECK ((ended_at >= began_at)),
    CONSTRAINT backup_run_fault_check CHECK (((length(fault) >= 1) AND (length(fault) <= 300))),
    CONSTRAINT backup_run_kind_check CHECK ((kind = ANY (ARRAY['backup'::text, 'rehearsal'::text]))),
    CONSTRAINT backup_run_readings_check CHECK ((readings >= 0)),
    CONSTRAINT backup_run_size_bytes_check CHECK ((size_bytes >= 0))
);

ALTER TABLE public.backup_run ALTER COLUMN backup_run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.backup_run_backup_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.baton (
    baton_id bigint NOT NULL,
    stay_id bigint NOT NULL,
    rev integer DEFAULT 1 NOT NULL,
    to_team bigint NOT NULL,
    to_staff bigint,
    offered_by bigint NOT NULL,
    offered_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    held_until timestamp with time zone NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    answer text,
    answered_by bigint,
    answered_at timestamp with time zone,
    returned_at timestamp with time zone,
    CONSTRAINT baton_answer_check CHECK ((answer = ANY (ARRAY['accepted'::text, 'declined'::text, 'withdrawn'::text, 'timed_out'::text, 'lapsed'::text]))),
    CONSTRAINT baton_check CHECK ((expires_at > offered_at)),
    CONSTRAINT baton_check1 CHECK ((held_until > offered_at)),
    CONSTRAINT baton_check2 CHECK (((answer IS NULL) = (answered_at IS NULL))),
    CONSTRAINT baton_check3 CHECK (((answered_by IS NULL) = ((answer IS NULL) OR (answer = ANY (ARRAY['timed_out'::text, 'lapsed'::text]))))),
    CONSTRAINT baton_check4 CHECK (((returned_at IS NULL) OR (answer = 'accepted'::text)))
);

ALTER TABLE public.baton ALTER COLUMN baton_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.baton_baton_id_seq
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

CREATE SEQUENCE public.care_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.care_event (
    stay_id bigint NOT NULL,
    event_id bigint DEFAULT nextval('public.care_event_id_seq'::regclass) NOT NULL,
    kind text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    written_at timestamp with time zone NOT NULL,
    author text NOT NULL,
    staff_id bigint,
    words text DEFAULT ''::text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    remind_at timestamp with time zone,
    corrects bigint,
    CONSTRAINT care_event_author_check CHECK ((author = ANY (ARRAY['staff'::text, 'patient'::text, 'relative'::text]))),
    CONSTRAINT care_event_check CHECK (((author = 'staff'::text) = (staff_id IS NOT NULL))),
    CONSTRAINT care_event_kind_check CHECK ((kind = ANY (ARRAY['note'::text, 'visit'::text, 'medication'::text, 'mark'::text, 'readings'::text])))
);

CREATE TABLE public.care_event_error (
    stay_id bigint NOT NULL,
    event_id bigint NOT NULL,
    staff_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    reason text NOT NULL
);

CREATE TABLE public.care_event_receipt (
    stay_id bigint NOT NULL,
    event_id bigint NOT NULL,
    staff_id bigint NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.care_look (
    stay_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    staff_id bigint NOT NULL
);

CREATE TABLE public.certificate_seen (
    kind text NOT NULL,
    holder text NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT certificate_seen_kind_check CHECK ((kind = ANY (ARRAY['endpoint'::text, 'devices_authority'::text, 'device'::text, 'broker'::text, 'broker_authority'::text, 'ingest'::text, 'page'::text])))
);

CREATE TABLE public.contact_channel (
    channel_id bigint NOT NULL,
    staff_id bigint,
    team_id bigint,
    kind text NOT NULL,
    address text NOT NULL,
    mode text DEFAULT 'real'::text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    broken_at timestamp with time zone,
    broken_reason text,
    CONSTRAINT contact_channel_address_check CHECK (((length(address) >= 1) AND (length(address) <= 2000))),
    CONSTRAINT contact_channel_check CHECK (((staff_id IS NULL) <> (team_id IS NULL))),
    CONSTRAINT contact_channel_kind_check CHECK ((kind = ANY (ARRAY['push'::text, 'email'::text, 'sms'::text, 'chat'::text, 'webhook'::text]))),
    CONSTRAINT contact_channel_mode_check CHECK ((mode = ANY (ARRAY['real'::text, 'demo'::text])))
);

ALTER TABLE public.contact_channel ALTER COLUMN channel_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_channel_channel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
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
    judged_at timestamp with time zone,
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

CREATE TABLE public.duty_care (
    stay_id bigint NOT NULL,
    policy_id bigint,
    nurse_id bigint,
    doctor_id bigint,
    needs text[] DEFAULT '{}'::text[] NOT NULL,
    laid_until timestamp with time zone,
    rev integer DEFAULT 1 NOT NULL
);

CREATE TABLE public.duty_handover (
    handover_id bigint NOT NULL,
    team_id bigint NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    given_by bigint NOT NULL,
    given_at timestamp with time zone NOT NULL,
    lapses_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    outcome text,
    CONSTRAINT duty_handover_check CHECK (((closed_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT duty_handover_outcome_check CHECK ((outcome = ANY (ARRAY['taken'::text, 'lapsed'::text])))
);

ALTER TABLE public.duty_handover ALTER COLUMN handover_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.duty_handover_handover_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.duty_handover_patient (
    handover_id bigint NOT NULL,
    stay_id bigint NOT NULL,
    alerts bigint[] NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    taken_by bigint,
    taken_at timestamp with time zone,
    CONSTRAINT duty_handover_patient_check CHECK (((taken_by IS NULL) = (taken_at IS NULL)))
);

CREATE TABLE public.duty_override (
    override_id bigint NOT NULL,
    team_id bigint NOT NULL,
    period tstzrange NOT NULL,
    crew bigint[],
    reason text NOT NULL,
    made_by bigint,
    made_at timestamp with time zone NOT NULL,
    withdrawn_by bigint,
    withdrawn_at timestamp with time zone,
    CONSTRAINT duty_override_period_check CHECK (((NOT isempty(period)) AND (lower(period) > '-infinity'::timestamp with time zone) AND (upper(period) < 'infinity'::timestamp with time zone)))
);

ALTER TABLE public.duty_override ALTER COLUMN override_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.duty_override_override_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.duty_policy (
    policy_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    name text NOT NULL,
    base_team_id bigint NOT NULL,
    routes jsonb DEFAULT '[]'::jsonb NOT NULL,
    rev integer DEFAULT 1 NOT NULL
);

ALTER TABLE public.duty_policy ALTER COLUMN policy_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.duty_policy_policy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.duty_schedule (
    team_id bigint NOT NULL,
    rev integer NOT NULL,
    week jsonb NOT NULL,
    saved_by bigint,
    saved_at timestamp with time zone NOT NULL,
    CONSTRAINT duty_schedule_rev_check CHECK ((rev > 0))
);

CREATE TABLE public.effect_report (
    report_id bigint NOT NULL,
    stay_id bigint NOT NULL,
    event_id bigint NOT NULL,
    prescriber_id bigint NOT NULL,
    sent_by bigint NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    line_sv text NOT NULL,
    line_en text NOT NULL,
    report jsonb NOT NULL,
    rev integer DEFAULT 1 NOT NULL,
    seen_at timestamp with time zone,
    answer text,
    answer_note text DEFAULT ''::text NOT NULL,
    answered_at timestamp with time zone,
    CONSTRAINT effect_report_answer_check CHECK ((answer = ANY (ARRAY['ok'::text, 'adjust'::text]))),
    CONSTRAINT effect_report_check CHECK (((answer IS NULL) = (answered_at IS NULL))),
    CONSTRAINT effect_report_check1 CHECK (((answered_at IS NULL) OR (seen_at IS NOT NULL)))
);

ALTER TABLE public.effect_report ALTER COLUMN report_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.effect_report_report_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.emergency_opening (
    opening_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    account_id bigint NOT NULL,
    team_id bigint NOT NULL,
    reason text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_by bigint,
    seen_at timestamp with time zone,
    seen_by bigint,
    CONSTRAINT emergency_opening_check CHECK ((until > opened_at)),
    CONSTRAINT emergency_opening_check1 CHECK ((ended_at >= opened_at)),
    CONSTRAINT emergency_opening_check2 CHECK ((seen_at >= opened_at)),
    CONSTRAINT emergency_opening_check3 CHECK (((ended_at IS NULL) = (ended_by IS NULL))),
    CONSTRAINT emergency_opening_check4 CHECK (((seen_at IS NULL) = (seen_by IS NULL)))
);

ALTER TABLE public.emergency_opening ALTER COLUMN opening_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.emergency_opening_opening_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.escalation_step (
    stay_id bigint NOT NULL,
    alert_id bigint NOT NULL,
    ring integer NOT NULL,
    step integer NOT NULL,
    level integer NOT NULL,
    priority smallint NOT NULL,
    contacts jsonb NOT NULL,
    due_at timestamp with time zone NOT NULL,
    again interval,
    state text DEFAULT 'pending'::text NOT NULL,
    done_at timestamp with time zone,
    reason text,
    CONSTRAINT escalation_step_again_check CHECK ((again > '00:00:00'::interval)),
    CONSTRAINT escalation_step_check CHECK (((state = 'pending'::text) = (done_at IS NULL))),
    CONSTRAINT escalation_step_level_check CHECK ((level > 0)),
    CONSTRAINT escalation_step_priority_check CHECK (((priority >= 1) AND (priority <= 3))),
    CONSTRAINT escalation_step_ring_check CHECK ((ring > 0)),
    CONSTRAINT escalation_step_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'fired'::text, 'skipped'::text, 'cancelled'::text]))),
    CONSTRAINT escalation_step_step_check CHECK ((step > 0))
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
    key text NOT NULL,
    request_sha256 bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_id bigint,
    account_id bigint NOT NULL
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

CREATE TABLE public.listener (
    listener_id uuid NOT NULL,
    staff_id bigint NOT NULL,
    began_at timestamp with time zone NOT NULL,
    heard_at timestamp with time zone NOT NULL,
    echoed integer
);

CREATE TABLE public.login_failure (
    subject text CONSTRAINT login_failure_username_not_null NOT NULL,
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

CREATE TABLE public.next_step (
    stay_id bigint NOT NULL,
    rev integer NOT NULL,
    what text NOT NULL,
    at timestamp with time zone,
    who text DEFAULT ''::text NOT NULL,
    turn_to text DEFAULT ''::text NOT NULL,
    check_at timestamp with time zone,
    staff_id bigint NOT NULL,
    written_at timestamp with time zone NOT NULL,
    CONSTRAINT next_step_rev_check CHECK ((rev > 0))
);

CREATE TABLE public.oidc_login (
    state_sha256 bytea NOT NULL,
    browser_sha256 bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    shared boolean NOT NULL,
    expires_at timestamp with time zone NOT NULL
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

CREATE TABLE public.outbox (
    stay_id bigint NOT NULL,
    notification_id uuid DEFAULT gen_random_uuid() NOT NULL,
    alert_id bigint NOT NULL,
    ring integer NOT NULL,
    step integer NOT NULL,
    priority smallint NOT NULL,
    family text NOT NULL,
    mode text NOT NULL,
    team_id bigint NOT NULL,
    staff_id bigint,
    channel text NOT NULL,
    channel_id bigint,
    state text DEFAULT 'queued'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    queued_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    delivered_at timestamp with time zone,
    seen_at timestamp with time zone,
    failed_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    reason text,
    group_id uuid,
    CONSTRAINT outbox_channel_check CHECK ((channel = ANY (ARRAY['board'::text, 'console'::text, 'push'::text, 'email'::text, 'sms'::text, 'chat'::text, 'webhook'::text, 'none'::text]))),
    CONSTRAINT outbox_check CHECK (((mode = 'real'::text) OR (channel_id IS NULL) OR (mode = 'demo'::text))),
    CONSTRAINT outbox_check1 CHECK (((state <> 'sent'::text) OR (sent_at IS NOT NULL))),
    CONSTRAINT outbox_check2 CHECK (((state <> 'failed'::text) OR (reason IS NOT NULL))),
    CONSTRAINT outbox_mode_check CHECK ((mode = ANY (ARRAY['real'::text, 'test'::text, 'demo'::text]))),
    CONSTRAINT outbox_priority_check CHECK (((priority >= 1) AND (priority <= 3))),
    CONSTRAINT outbox_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'sent'::text, 'delivered'::text, 'seen'::text, 'failed'::text, 'cancelled'::text])))
);

CREATE TABLE public.password_reset (
    secret_sha256 bytea NOT NULL,
    account_id bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT password_reset_check CHECK ((expires_at > made_at))
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
    protected_since timestamp with time zone,
    address text,
    CONSTRAINT patient_address_check CHECK (((length(address) >= 1) AND (length(address) <= 300))),
    CONSTRAINT patient_personal_number_check CHECK ((personal_number ~ '^[0-9]{8}[0-9A-Z]{2}[0-9]{2}$'::text)),
    CONSTRAINT patient_sex_check CHECK ((sex = ANY (ARRAY['female'::text, 'male'::text, 'other'::text, 'unknown'::text])))
);

CREATE TABLE public.patient_block (
    block_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    team_id bigint,
    organisation_id bigint,
    set_at timestamp with time zone NOT NULL,
    set_by bigint NOT NULL,
    lifted_at timestamp with time zone,
    lifted_by bigint,
    CONSTRAINT patient_block_check CHECK ((lifted_at >= set_at)),
    CONSTRAINT patient_block_check1 CHECK ((num_nonnulls(team_id, organisation_id) = 1)),
    CONSTRAINT patient_block_check2 CHECK (((lifted_at IS NULL) = (lifted_by IS NULL)))
);

ALTER TABLE public.patient_block ALTER COLUMN block_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.patient_block_block_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.patient_consent (
    consent_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    given_at timestamp with time zone NOT NULL,
    given_by bigint NOT NULL,
    withdrawn_at timestamp with time zone,
    withdrawn_by bigint,
    CONSTRAINT patient_consent_check CHECK ((withdrawn_at >= given_at)),
    CONSTRAINT patient_consent_check1 CHECK (((withdrawn_at IS NULL) = (withdrawn_by IS NULL)))
);

ALTER TABLE public.patient_consent ALTER COLUMN consent_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.patient_consent_consent_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
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
    valid_from timestamp with time zone NOT NULL,
    state text DEFAULT 'in_force'::text NOT NULL,
    valid_until timestamp with time zone,
    asks text[] DEFAULT '{}'::text[] NOT NULL,
    approved_by bigint,
    approved_at timestamp with time zone,
    ended_by bigint,
    ended_at timestamp with time zone,
    rev integer DEFAULT 1 NOT NULL,
    CONSTRAINT plan_check CHECK (((valid_until > valid_from) AND (valid_until < '9999-01-01 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT plan_ended CHECK (
CASE state
    WHEN 'withdrawn'::text THEN true
    WHEN 'superseded'::text THEN (ended_at IS NOT NULL)
    ELSE (ended_at IS NULL)
END),
    CONSTRAINT plan_ordered CHECK (((NOT ('scale_2_order'::text = ANY (asks))) OR (approved_by IS NULL) OR ((rules #>> '{scale_2_order,doctor_id}'::text[]) IS NULL) OR ((approved_by)::text = (rules #>> '{scale_2_order,doctor_id}'::text[])))),
    CONSTRAINT plan_signatures CHECK (((approved_by <> author_id) AND ((approved_by IS NULL) = (approved_at IS NULL)))),
    CONSTRAINT plan_signed CHECK (((asks = '{}'::text[]) OR (approved_by IS NOT NULL) OR (state <> ALL ('{in_force,superseded}'::text[])))),
    CONSTRAINT plan_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'awaiting'::text, 'in_force'::text, 'superseded'::text, 'withdrawn'::text])))
);

CREATE TABLE public.plan_team (
    stay_id bigint NOT NULL,
    team_id bigint NOT NULL,
    rev integer DEFAULT 1 NOT NULL
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

CREATE TABLE public.recovery_code (
    account_id bigint NOT NULL,
    code_sha256 bytea NOT NULL,
    CONSTRAINT recovery_code_code_sha256_check CHECK ((length(code_sha256) = 32))
);

CREATE TABLE public.registry_version (
    only_one boolean DEFAULT true NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT registry_version_only_one_check CHECK (only_one)
);

CREATE TABLE public.relative_access (
    relative_access_id bigint NOT NULL,
    account_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    opens text[] NOT NULL,
    given_at timestamp with time zone NOT NULL,
    given_by bigint NOT NULL,
    ended_at timestamp with time zone,
    ended_by bigint,
    CONSTRAINT relative_access_check CHECK ((ended_at >= given_at)),
    CONSTRAINT relative_access_check1 CHECK (((ended_at IS NULL) = (ended_by IS NULL))),
    CONSTRAINT relative_access_opens_check CHECK (((opens <@ '{values,trends,alerts,plan,contacts}'::text[]) AND (opens <> '{}'::text[])))
);

ALTER TABLE public.relative_access ALTER COLUMN relative_access_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.relative_access_relative_access_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.relative_invitation (
    invitation_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    code_sha256 bytea NOT NULL,
    name text NOT NULL,
    language text NOT NULL,
    opens text[] NOT NULL,
    made_by bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by bigint,
    used_at timestamp with time zone,
    account_id bigint,
    CONSTRAINT relative_invitation_check CHECK ((expires_at > made_at)),
    CONSTRAINT relative_invitation_check1 CHECK ((revoked_at >= made_at)),
    CONSTRAINT relative_invitation_check2 CHECK ((used_at >= made_at)),
    CONSTRAINT relative_invitation_check3 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT relative_invitation_check4 CHECK (((used_at IS NULL) = (account_id IS NULL))),
    CONSTRAINT relative_invitation_check5 CHECK (((revoked_at IS NULL) OR (used_at IS NULL))),
    CONSTRAINT relative_invitation_code_sha256_check CHECK ((length(code_sha256) = 32)),
    CONSTRAINT relative_invitation_language_check CHECK ((language = ANY (ARRAY['sv'::text, 'en'::text]))),
    CONSTRAINT relative_invitation_opens_check CHECK ((opens <@ '{values,trends,alerts,plan,contacts}'::text[]))
);

ALTER TABLE public.relative_invitation ALTER COLUMN invitation_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.relative_invitation_invitation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.responsibility (
    stay_id bigint NOT NULL,
    team_id bigint NOT NULL,
    period tstzrange NOT NULL,
    staff_id bigint,
    ground text DEFAULT 'assigned'::text NOT NULL,
    CONSTRAINT responsibility_ground_check CHECK ((ground = ANY (ARRAY['assigned'::text, 'route'::text, 'baton'::text, 'base'::text]))),
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

CREATE TABLE public.route_consent (
    policy_id bigint NOT NULL,
    team_id bigint NOT NULL,
    given_by bigint,
    given_at timestamp with time zone NOT NULL
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

CREATE TABLE public.second_factor (
    account_id bigint NOT NULL,
    sealed bytea,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    pending bytea,
    pending_at timestamp with time zone,
    CONSTRAINT second_factor_check CHECK (((sealed IS NULL) = (confirmed_at IS NULL))),
    CONSTRAINT second_factor_check1 CHECK (((pending IS NULL) = (pending_at IS NULL)))
);

CREATE TABLE public.selfcheck (
    walk integer NOT NULL,
    stay_id bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    alert_id bigint,
    alerted_at timestamp with time zone,
    queued_at timestamp with time zone,
    sent_at timestamp with time zone,
    screened_at timestamp with time zone,
    ended_at timestamp with time zone,
    fault text,
    CONSTRAINT selfcheck_fault_check CHECK ((fault = ANY (ARRAY['alerting'::text, 'outbox'::text, 'delivery'::text, 'screen'::text])))
);

ALTER TABLE public.selfcheck ALTER COLUMN walk ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.selfcheck_walk_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE public.service_figures (
    service text NOT NULL,
    process text NOT NULL,
    told_at timestamp with time zone NOT NULL,
    families bytea NOT NULL
);

CREATE TABLE public.service_heartbeat (
    service text NOT NULL,
    instance text NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);

CREATE TABLE public.session (
    token_sha256 bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    account_id bigint NOT NULL,
    session_id bigint NOT NULL,
    secret_sha256 bytea NOT NULL,
    way text NOT NULL,
    shared boolean DEFAULT false NOT NULL,
    confirmed_at timestamp with time zone NOT NULL,
    browser text DEFAULT ''::text NOT NULL,
    issuer text,
    provider_subject text,
    provider_session text,
    CONSTRAINT session_check CHECK (((way = 'oidc'::text) = ((issuer IS NOT NULL) AND (provider_subject IS NOT NULL)))),
    CONSTRAINT session_token_sha256_check CHECK ((length(token_sha256) = 32)),
    CONSTRAINT session_way_check CHECK ((way = ANY (ARRAY['password'::text, 'oidc'::text])))
);

ALTER TABLE public.session ALTER COLUMN session_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.session_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.staff (
    staff_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    role text NOT NULL,
    language text DEFAULT 'sv'::text NOT NULL,
    disabled_at timestamp with time zone,
    phone text,
    CONSTRAINT staff_language_check CHECK ((language = ANY (ARRAY['sv'::text, 'en'::text]))),
    CONSTRAINT staff_role_check CHECK ((role = ANY (ARRAY['nurse'::text, 'doctor'::text, 'clinician'::text, 'operator'::text])))
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

CREATE TABLE public.stay_news (
    stay_id bigint NOT NULL,
    events bigint DEFAULT 0 NOT NULL,
    effects bigint DEFAULT 0 NOT NULL,
    rounds bigint DEFAULT 0 NOT NULL,
    home bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.stay_outcome (
    stay_id bigint NOT NULL,
    rev integer NOT NULL,
    disposition text NOT NULL,
    staff_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT stay_outcome_disposition_check CHECK ((disposition = ANY (ARRAY['home'::text, 'hospital'::text, 'care_home'::text, 'died'::text, 'other'::text]))),
    CONSTRAINT stay_outcome_rev_check CHECK ((rev > 0))
);

ALTER TABLE public.stay ALTER COLUMN stay_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stay_stay_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.stay_transfer (
    transfer_id bigint NOT NULL,
    stay_id bigint NOT NULL,
    rev integer DEFAULT 1 NOT NULL,
    from_team bigint NOT NULL,
    to_team bigint NOT NULL,
    arranged_by bigint NOT NULL,
    arranged_at timestamp with time zone NOT NULL,
    accepted_by bigint,
    accepted_at timestamp with time zone,
    good_since timestamp with time zone,
    closed text,
    closed_by bigint,
    closed_at timestamp with time zone,
    CONSTRAINT stay_transfer_check CHECK ((from_team <> to_team)),
    CONSTRAINT stay_transfer_check1 CHECK (((accepted_by IS NULL) = (accepted_at IS NULL))),
    CONSTRAINT stay_transfer_check2 CHECK (((closed IS NULL) = (closed_at IS NULL))),
    CONSTRAINT stay_transfer_check3 CHECK (((closed <> 'complete'::text) OR ((accepted_at IS NOT NULL) AND (good_since <= (closed_at - '02:00:00'::interval))))),
    CONSTRAINT stay_transfer_closed_check CHECK ((closed = ANY (ARRAY['complete'::text, 'declined'::text, 'cancelled'::text])))
);

ALTER TABLE public.stay_transfer ALTER COLUMN transfer_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stay_transfer_transfer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.suppression (
    stay_id bigint NOT NULL,
    rule text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    family text NOT NULL,
    priority smallint NOT NULL,
    by_rule text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT suppression_priority_check CHECK (((priority >= 1) AND (priority <= 3)))
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

CREATE TABLE public.team_plan (
    team_id bigint NOT NULL,
    programme text NOT NULL,
    version integer NOT NULL,
    rules jsonb NOT NULL,
    author_id bigint,
    reason text DEFAULT ''::text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    state text DEFAULT 'in_force'::text NOT NULL,
    valid_until timestamp with time zone,
    asks text[] DEFAULT '{}'::text[] NOT NULL,
    approved_by bigint,
    approved_at timestamp with time zone,
    ended_by bigint,
    ended_at timestamp with time zone,
    rev integer DEFAULT 1 NOT NULL,
    CONSTRAINT team_plan_check CHECK (((valid_until > valid_from) AND (valid_until < '9999-01-01 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT team_plan_ended CHECK (
CASE state
    WHEN 'withdrawn'::text THEN true
    WHEN 'superseded'::text THEN (ended_at IS NOT NULL)
    ELSE (ended_at IS NULL)
END),
    CONSTRAINT team_plan_signatures CHECK (((approved_by <> author_id) AND ((approved_by IS NULL) = (approved_at IS NULL)))),
    CONSTRAINT team_plan_signed CHECK (((asks = '{}'::text[]) OR (approved_by IS NOT NULL) OR (state <> ALL ('{in_force,superseded}'::text[])))),
    CONSTRAINT team_plan_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'awaiting'::text, 'in_force'::text, 'superseded'::text, 'withdrawn'::text])))
);

ALTER TABLE public.team ALTER COLUMN team_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.team_team_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE public.viewer (
    viewer_id uuid NOT NULL,
    process_id uuid NOT NULL,
    staff_id bigint NOT NULL,
    patient_id bigint
);

CREATE UNLOGGED TABLE public.viewer_process (
    process_id uuid NOT NULL,
    heard_at timestamp with time zone NOT NULL
);

CREATE TABLE public.wave_due (
    stay_id bigint NOT NULL,
    looked_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    due_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    waiting tstzmultirange DEFAULT '{}'::tstzmultirange NOT NULL,
    backlog tstzmultirange DEFAULT '{}'::tstzmultirange NOT NULL
);

CREATE TABLE public.wave_feature (
    stay_id bigint NOT NULL,
    feature smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    value double precision NOT NULL,
    quality real NOT NULL,
    reasons integer NOT NULL,
    lead text NOT NULL,
    strip jsonb,
    CONSTRAINT wave_feature_quality_check CHECK (((quality >= (0)::double precision) AND (quality <= (1)::double precision)))
)
PARTITION BY RANGE (at);

CREATE TABLE public.wave_request (
    stay_id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    CONSTRAINT wave_request_check CHECK ((since < until))
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

CREATE TABLE public.weekend_round (
    stay_id bigint NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    rev integer NOT NULL,
    team_id bigint NOT NULL,
    staff_id bigint NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    plan text NOT NULL,
    risk integer NOT NULL,
    CONSTRAINT weekend_round_rev_check CHECK ((rev > 0))
);

ALTER TABLE ONLY public.access_entry
    ADD CONSTRAINT access_entry_pkey PRIMARY KEY (access_id);

ALTER TABLE ONLY public.access_review
    ADD CONSTRAINT access_review_pkey PRIMARY KEY (review_id);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_pkey PRIMARY KEY (token_id);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_token_sha256_key UNIQUE (token_sha256);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_account_id_kind_key UNIQUE (account_id, kind);

ALTER TABLE ONLY public.account_identity
    ADD CONSTRAINT account_identity_pkey PRIMARY KEY (issuer, claim, subject);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_patient_id_key UNIQUE (patient_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_staff_id_key UNIQUE (staff_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_username_key UNIQUE (username);

ALTER TABLE ONLY public.alert_consequence
    ADD CONSTRAINT alert_consequence_pkey PRIMARY KEY (stay_id, alert_id, rev);

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_pkey PRIMARY KEY (stay_id, alert_id, rev);

ALTER TABLE ONLY public.alert_hold
    ADD CONSTRAINT alert_hold_pkey PRIMARY KEY (stay_id, rule);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (stay_id, alert_id);

ALTER TABLE ONLY public.ambulance_card
    ADD CONSTRAINT ambulance_card_pkey PRIMARY KEY (card_id);

ALTER TABLE ONLY public.ambulance_card
    ADD CONSTRAINT ambulance_card_token_sha256_key UNIQUE (token_sha256);

ALTER TABLE ONLY public.ambulance_opening
    ADD CONSTRAINT ambulance_opening_pkey PRIMARY KEY (opening_id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (audit_id);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_pkey PRIMARY KEY (seal_id);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_sha256_key UNIQUE (sha256);

ALTER TABLE ONLY public.backtest
    ADD CONSTRAINT backtest_pkey PRIMARY KEY (backtest_id);

ALTER TABLE ONLY public.backup_run
    ADD CONSTRAINT backup_run_pkey PRIMARY KEY (backup_run_id);

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_pkey PRIMARY KEY (baton_id);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_int8range_period_excl EXCLUDE USING gist (int8range(device_no, device_no, '[]'::text) WITH &&, period WITH &&);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_pkey PRIMARY KEY (binding_id);

ALTER TABLE ONLY public.binding_proposal
    ADD CONSTRAINT binding_proposal_pkey PRIMARY KEY (binding_id);

ALTER TABLE ONLY public.care_event_error
    ADD CONSTRAINT care_event_error_pkey PRIMARY KEY (stay_id, event_id);

ALTER TABLE ONLY public.care_event
    ADD CONSTRAINT care_event_pkey PRIMARY KEY (stay_id, event_id);

ALTER TABLE ONLY public.care_event_receipt
    ADD CONSTRAINT care_event_receipt_pkey PRIMARY KEY (stay_id, event_id, staff_id);

ALTER TABLE ONLY public.care_look
    ADD CONSTRAINT care_look_pkey PRIMARY KEY (stay_id, at, staff_id);

ALTER TABLE ONLY public.certificate_seen
    ADD CONSTRAINT certificate_seen_pkey PRIMARY KEY (kind, holder);

ALTER TABLE ONLY public.contact_channel
    ADD CONSTRAINT contact_channel_pkey PRIMARY KEY (channel_id);

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

ALTER TABLE ONLY public.duty_care
    ADD CONSTRAINT duty_care_pkey PRIMARY KEY (stay_id);

ALTER TABLE ONLY public.duty_handover_patient
    ADD CONSTRAINT duty_handover_patient_pkey PRIMARY KEY (handover_id, stay_id);

ALTER TABLE ONLY public.duty_handover
    ADD CONSTRAINT duty_handover_pkey PRIMARY KEY (handover_id);

ALTER TABLE ONLY public.duty_override
    ADD CONSTRAINT duty_override_int8range_period_excl EXCLUDE USING gist (int8range(team_id, team_id, '[]'::text) WITH &&, period WITH &&) WHERE ((withdrawn_at IS NULL));

ALTER TABLE ONLY public.duty_override
    ADD CONSTRAINT duty_override_pkey PRIMARY KEY (override_id);

ALTER TABLE ONLY public.duty_policy
    ADD CONSTRAINT duty_policy_organisation_id_name_key UNIQUE (organisation_id, name);

ALTER TABLE ONLY public.duty_policy
    ADD CONSTRAINT duty_policy_pkey PRIMARY KEY (policy_id);

ALTER TABLE ONLY public.duty_schedule
    ADD CONSTRAINT duty_schedule_pkey PRIMARY KEY (team_id, rev);

ALTER TABLE ONLY public.effect_report
    ADD CONSTRAINT effect_report_pkey PRIMARY KEY (report_id);

ALTER TABLE ONLY public.emergency_opening
    ADD CONSTRAINT emergency_opening_pkey PRIMARY KEY (opening_id);

ALTER TABLE ONLY public.escalation_step
    ADD CONSTRAINT escalation_step_pkey PRIMARY KEY (stay_id, alert_id, ring, step);

ALTER TABLE ONLY public.evaluation_due
    ADD CONSTRAINT evaluation_due_pkey PRIMARY KEY (stay_id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (account_id, key);

ALTER TABLE ONLY public.latest_reading
    ADD CONSTRAINT latest_reading_pkey PRIMARY KEY (stay_id, kind);

ALTER TABLE ONLY public.listener
    ADD CONSTRAINT listener_pkey PRIMARY KEY (listener_id);

ALTER TABLE ONLY public.login_failure
    ADD CONSTRAINT login_failure_pkey PRIMARY KEY (subject);

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

ALTER TABLE ONLY public.next_step
    ADD CONSTRAINT next_step_pkey PRIMARY KEY (stay_id, rev);

ALTER TABLE ONLY public.oidc_login
    ADD CONSTRAINT oidc_login_pkey PRIMARY KEY (state_sha256);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_hsa_id_key UNIQUE (hsa_id);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_name_key UNIQUE (name);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_pkey PRIMARY KEY (organisation_id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (stay_id, notification_id);

ALTER TABLE ONLY public.password_reset
    ADD CONSTRAINT password_reset_pkey PRIMARY KEY (secret_sha256);

ALTER TABLE ONLY public.patient_block
    ADD CONSTRAINT patient_block_pkey PRIMARY KEY (block_id);

ALTER TABLE ONLY public.patient_consent
    ADD CONSTRAINT patient_consent_pkey PRIMARY KEY (consent_id);

ALTER TABLE ONLY public.patient
    ADD CONSTRAINT patient_personal_number_key UNIQUE (personal_number);

ALTER TABLE ONLY public.patient
    ADD CONSTRAINT patient_pkey PRIMARY KEY (patient_id);

ALTER TABLE ONLY public.plan
    ADD CONSTRAINT plan_pkey PRIMARY KEY (stay_id, version);

ALTER TABLE ONLY public.plan_team
    ADD CONSTRAINT plan_team_pkey PRIMARY KEY (stay_id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id);

ALTER TABLE ONLY public.reading
    ADD CONSTRAINT reading_pkey PRIMARY KEY (stay_id, kind, measured_at, device_no);

ALTER TABLE ONLY public.recovery_code
    ADD CONSTRAINT recovery_code_pkey PRIMARY KEY (account_id, code_sha256);

ALTER TABLE ONLY public.registry_version
    ADD CONSTRAINT registry_version_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY public.relative_access
    ADD CONSTRAINT relative_access_pkey PRIMARY KEY (relative_access_id);

ALTER TABLE ONLY public.relative_invitation
    ADD CONSTRAINT relative_invitation_code_sha256_key UNIQUE (code_sha256);

ALTER TABLE ONLY public.relative_invitation
    ADD CONSTRAINT relative_invitation_pkey PRIMARY KEY (invitation_id);

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

ALTER TABLE ONLY public.route_consent
    ADD CONSTRAINT route_consent_pkey PRIMARY KEY (policy_id, team_id);

ALTER TABLE ONLY public.score
    ADD CONSTRAINT score_pkey PRIMARY KEY (stay_id, scored_at);

ALTER TABLE ONLY public.second_factor
    ADD CONSTRAINT second_factor_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY public.selfcheck
    ADD CONSTRAINT selfcheck_pkey PRIMARY KEY (walk);

ALTER TABLE ONLY public.service_figures
    ADD CONSTRAINT service_figures_pkey PRIMARY KEY (service, process);

ALTER TABLE ONLY public.service_heartbeat
    ADD CONSTRAINT service_heartbeat_pkey PRIMARY KEY (service, instance);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token_sha256);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_secret_sha256_key UNIQUE (secret_sha256);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_session_id_key UNIQUE (session_id);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_pkey PRIMARY KEY (staff_id);

ALTER TABLE ONLY public.stay
    ADD CONSTRAINT stay_int8range_period_excl EXCLUDE USING gist (int8range(patient_id, patient_id, '[]'::text) WITH &&, period WITH &&);

ALTER TABLE ONLY public.stay_news
    ADD CONSTRAINT stay_news_pkey PRIMARY KEY (stay_id);

ALTER TABLE ONLY public.stay_outcome
    ADD CONSTRAINT stay_outcome_pkey PRIMARY KEY (stay_id, rev);

ALTER TABLE ONLY public.stay
    ADD CONSTRAINT stay_pkey PRIMARY KEY (stay_id);

ALTER TABLE ONLY public.stay
    ADD CONSTRAINT stay_stay_id_mode_key UNIQUE (stay_id, mode);

ALTER TABLE ONLY public.stay_transfer
    ADD CONSTRAINT stay_transfer_pkey PRIMARY KEY (transfer_id);

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_pkey PRIMARY KEY (stay_id, rule, began_at);

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_pkey PRIMARY KEY (team_id, staff_id);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_organisation_id_name_key UNIQUE (organisation_id, name);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_pkey PRIMARY KEY (team_id);

ALTER TABLE ONLY public.team_plan
    ADD CONSTRAINT team_plan_pkey PRIMARY KEY (team_id, programme, version);

ALTER TABLE ONLY public.viewer
    ADD CONSTRAINT viewer_pkey PRIMARY KEY (viewer_id);

ALTER TABLE ONLY public.viewer_process
    ADD CONSTRAINT viewer_process_pkey PRIMARY KEY (process_id);

ALTER TABLE ONLY public.wave_due
    ADD CONSTRAINT wave_due_pkey PRIMARY KEY (stay_id);

ALTER TABLE ONLY public.wave_feature
    ADD CONSTRAINT wave_feature_pkey PRIMARY KEY (stay_id, feature, at);

ALTER TABLE ONLY public.waveform_block
    ADD CONSTRAINT waveform_block_pkey PRIMARY KEY (stay_id, kind, lead, measured_at, device_no);

ALTER TABLE ONLY public.waveform_stretch
    ADD CONSTRAINT waveform_stretch_pkey PRIMARY KEY (stay_id, kind, lead, measured_at, device_no);

ALTER TABLE ONLY public.weekend_round
    ADD CONSTRAINT weekend_round_pkey PRIMARY KEY (stay_id, ends_at, rev);

CREATE INDEX access_entry_account ON public.access_entry USING btree (account_id, at);

CREATE INDEX access_entry_at ON public.access_entry USING btree (at);

CREATE INDEX access_entry_patients ON public.access_entry USING gin (patient_ids);

CREATE INDEX access_entry_refused ON public.access_entry USING btree (organisation_id, at) WHERE (attempts IS NOT NULL);

CREATE INDEX access_review_organisation ON public.access_review USING btree (organisation_id, review_id);

CREATE INDEX access_token_account ON public.access_token USING btree (account_id);

CREATE INDEX account_identity_account ON public.account_identity USING btree (account_id);

CREATE INDEX alert_by_id ON public.alert USING btree (alert_id);

CREATE INDEX alert_episode ON public.alert USING btree (stay_id, rule, began_at);

CREATE INDEX alert_held ON public.alert USING btree (holder_id) WHERE (resolved_at IS NULL);

CREATE INDEX alert_offered_staff ON public.alert USING btree (offered_staff_id) WHERE (resolved_at IS NULL);

CREATE UNIQUE INDEX alert_one_open ON public.alert USING btree (stay_id, rule) WHERE (resolved_at IS NULL);

CREATE INDEX alert_team ON public.alert USING btree (team_id, opened_at);

CREATE INDEX alert_unresolved_stay ON public.alert USING btree (stay_id) WHERE (resolved_at IS NULL);

CREATE INDEX ambulance_card_stay ON public.ambulance_card USING btree (stay_id);

CREATE INDEX ambulance_opening_card ON public.ambulance_opening USING btree (card_id);

CREATE INDEX audit_device ON public.audit USING btree (device_id, audit_id) WHERE (device_id IS NOT NULL);

CREATE INDEX audit_patient ON public.audit USING btree (patient_id, audit_id) WHERE (patient_id IS NOT NULL);

CREATE INDEX audit_seal_accesses ON public.audit_seal USING gist (accesses);

CREATE INDEX audit_seal_deeds ON public.audit_seal USING gist (deeds);

CREATE INDEX backtest_by_organisation ON public.backtest USING btree (organisation_id, backtest_id);

CREATE INDEX backtest_waiting ON public.backtest USING btree (due_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX baton_due ON public.baton USING btree (expires_at) WHERE (answer IS NULL);

CREATE UNIQUE INDEX baton_open ON public.baton USING btree (stay_id) WHERE (answer IS NULL);

CREATE INDEX baton_stay ON public.baton USING btree (stay_id, held_until) WHERE (answer = 'accepted'::text);

CREATE INDEX binding_proposal_device ON public.binding_proposal USING btree (device_no);

CREATE INDEX binding_stay ON public.binding USING btree (stay_id);

CREATE INDEX care_event_corrects ON public.care_event USING btree (stay_id, corrects) WHERE (corrects IS NOT NULL);

CREATE INDEX care_event_occurred ON public.care_event USING btree (stay_id, occurred_at);

CREATE UNIQUE INDEX contact_channel_staff ON public.contact_channel USING btree (staff_id, kind, md5(address));

CREATE UNIQUE INDEX contact_channel_team ON public.contact_channel USING btree (team_id, kind, md5(address));

CREATE INDEX device_event_unhandled ON public.device_event USING btree (stay_id) WHERE ((alert_id IS NULL) AND (judged_at IS NULL));

CREATE INDEX duty_care_doctor ON public.duty_care USING btree (doctor_id);

CREATE INDEX duty_care_laid ON public.duty_care USING btree (laid_until);

CREATE INDEX duty_care_nurse ON public.duty_care USING btree (nurse_id);

CREATE INDEX duty_care_policy ON public.duty_care USING btree (policy_id);

CREATE UNIQUE INDEX duty_handover_open ON public.duty_handover USING btree (team_id) WHERE (closed_at IS NULL);

CREATE INDEX effect_report_event ON public.effect_report USING btree (stay_id, event_id);

CREATE INDEX effect_report_prescriber ON public.effect_report USING btree (prescriber_id, report_id);

CREATE INDEX emergency_opening_account ON public.emergency_opening USING btree (account_id, until) WHERE (ended_at IS NULL);

CREATE INDEX emergency_opening_patient ON public.emergency_opening USING btree (patient_id);

CREATE INDEX emergency_opening_team ON public.emergency_opening USING btree (team_id, opening_id);

CREATE INDEX escalation_step_due ON public.escalation_step USING btree (due_at) WHERE (state = 'pending'::text);

CREATE INDEX evaluation_due_at ON public.evaluation_due USING btree (due_at);

CREATE INDEX evaluation_request_stay ON public.evaluation_request USING btree (stay_id);

CREATE INDEX idempotency_made ON public.idempotency USING btree (made_at);

CREATE INDEX listener_staff ON public.listener USING btree (staff_id, heard_at);

CREATE INDEX mqtt_session_device ON public.mqtt_session USING btree (device_no);

CREATE INDEX mqtt_session_expires ON public.mqtt_session USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX mqtt_session_owner ON public.mqtt_session USING btree (owner) WHERE (expires_at IS NULL);

CREATE INDEX outbox_due ON public.outbox USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX outbox_group ON public.outbox USING btree (group_id) WHERE (group_id IS NOT NULL);

CREATE UNIQUE INDEX outbox_once ON public.outbox USING btree (stay_id, alert_id, ring, step, channel, team_id, COALESCE(staff_id, (0)::bigint), COALESCE(channel_id, (0)::bigint));

CREATE INDEX outbox_queued ON public.outbox USING btree (queued_at);

CREATE INDEX outbox_sent ON public.outbox USING btree (sent_at, channel);

CREATE INDEX password_reset_account ON public.password_reset USING btree (account_id);

CREATE UNIQUE INDEX patient_block_open ON public.patient_block USING btree (patient_id, team_id, organisation_id) NULLS NOT DISTINCT WHERE (lifted_at IS NULL);

CREATE INDEX patient_block_patient ON public.patient_block USING btree (patient_id);

CREATE UNIQUE INDEX patient_consent_open ON public.patient_consent USING btree (patient_id, organisation_id) WHERE (withdrawn_at IS NULL);

CREATE INDEX patient_consent_patient ON public.patient_consent USING btree (patient_id);

CREATE INDEX plan_team_team ON public.plan_team USING btree (team_id);

CREATE INDEX quarantine_assigned ON public.quarantine USING btree (device_id) WHERE (resolution = 'assigned'::text);

CREATE INDEX quarantine_device ON public.quarantine USING btree (device_id, received_at);

CREATE INDEX quarantine_received ON public.quarantine USING btree (received_at);

CREATE UNIQUE INDEX relative_access_open ON public.relative_access USING btree (account_id, patient_id) WHERE (ended_at IS NULL);

CREATE INDEX relative_access_patient ON public.relative_access USING btree (patient_id);

CREATE INDEX relative_invitation_patient ON public.relative_invitation USING btree (patient_id, invitation_id);

CREATE INDEX responsibility_stay ON public.responsibility USING btree (stay_id);

CREATE INDEX responsibility_team ON public.responsibility USING btree (team_id);

CREATE INDEX rollup_pending_hour ON public.rollup_pending USING btree (hour, stay_id);

CREATE INDEX selfcheck_started ON public.selfcheck USING btree (started_at DESC);

CREATE INDEX session_account ON public.session USING btree (account_id);

CREATE INDEX session_provider ON public.session USING btree (issuer, provider_subject) WHERE (issuer IS NOT NULL);

CREATE INDEX stay_patient ON public.stay USING btree (patient_id);

CREATE UNIQUE INDEX stay_transfer_open ON public.stay_transfer USING btree (stay_id) WHERE (closed IS NULL);

CREATE UNIQUE INDEX suppression_one_open ON public.suppression USING btree (stay_id, rule) WHERE (ended_at IS NULL);

CREATE INDEX suppression_top ON public.suppression USING btree (began_at) WHERE ((priority = 3) OR (family <> 'technical'::text));

CREATE INDEX team_member_staff ON public.team_member USING btree (staff_id);

CREATE INDEX viewer_of_process ON public.viewer USING btree (process_id);

CREATE INDEX wave_due_at ON public.wave_due USING btree (due_at);

CREATE INDEX wave_request_stay ON public.wave_request USING btree (stay_id);

CREATE TRIGGER access_changed AFTER INSERT OR DELETE OR UPDATE OF nurse_id, doctor_id ON public.duty_care FOR EACH STATEMENT EXECUTE FUNCTION public.access_changed();

CREATE TRIGGER access_changed AFTER INSERT OR DELETE OR UPDATE OF ended_at ON public.emergency_opening FOR EACH STATEMENT EXECUTE FUNCTION public.access_changed();

CREATE TRIGGER access_changed AFTER INSERT OR DELETE OR UPDATE ON public.patient_block FOR EACH STATEMENT EXECUTE FUNCTION public.access_changed();

CREATE TRIGGER access_changed AFTER INSERT OR DELETE OR UPDATE ON public.patient_consent FOR EACH STATEMENT EXECUTE FUNCTION public.access_changed();

CREATE TRIGGER account_changed AFTER DELETE OR UPDATE ON public.account FOR EACH STATEMENT EXECUTE FUNCTION public.sessions_changed();

CREATE TRIGGER alert_consequence_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.alert_consequence FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

CREATE TRIGGER ambulance_opening_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ambulance_opening FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

CREATE TRIGGER audit_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.access_entry FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_kept();

CREATE TRIGGER audit_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.access_review FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_kept();

CREATE TRIGGER audit_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_kept();

CREATE TRIGGER audit_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_seal FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_kept();

CREATE TRIGGER binding_changed AFTER INSERT OR DELETE OR UPDATE ON public.binding FOR EACH STATEMENT EXECUTE FUNCTION public.registry_changed();

CREATE TRIGGER binding_mode BEFORE INSERT ON public.binding FOR EACH ROW EXECUTE FUNCTION public.binding_mode();

CREATE TRIGGER care_event_error_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.care_event_error FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

CREATE TRIGGER care_event_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.care_event FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

CREATE TRIGGER care_event_receipt_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.care_event_receipt FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

CREATE TRIGGER care_look_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.care_look FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

CREATE TRIGGER device_changed AFTER INSERT OR DELETE OR UPDATE ON public.device FOR EACH STATEMENT EXECUTE FUNCTION public.registry_changed();

CREATE TRIGGER member_changed AFTER INSERT OR DELETE OR UPDATE ON public.team_member FOR EACH STATEMENT EXECUTE FUNCTION public.sessions_changed();

CREATE TRIGGER news_answered AFTER UPDATE ON public.effect_report REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('effects');

CREATE TRIGGER news_written AFTER INSERT ON public.care_event REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('events', 'home');

CREATE TRIGGER news_written AFTER INSERT ON public.care_event_error REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('events', 'home');

CREATE TRIGGER news_written AFTER INSERT ON public.care_event_receipt REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('events');

CREATE TRIGGER news_written AFTER INSERT ON public.care_look REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('home');

CREATE TRIGGER news_written AFTER INSERT ON public.device_event REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('events', 'home');

CREATE TRIGGER news_written AFTER INSERT ON public.effect_report REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('effects');

CREATE TRIGGER news_written AFTER INSERT ON public.next_step REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('home');

CREATE TRIGGER news_written AFTER INSERT ON public.weekend_round REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.news_written('rounds');

CREATE TRIGGER next_step_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.next_step FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

CREATE TRIGGER patient_changed AFTER DELETE OR UPDATE ON public.patient FOR EACH STATEMENT EXECUTE FUNCTION public.seats_changed();

CREATE TRIGGER reading_changed AFTER DELETE OR UPDATE ON public.reading FOR EACH ROW EXECUTE FUNCTION public.reading_changed();

CREATE TRIGGER relative_access_changed AFTER DELETE OR UPDATE ON public.relative_access FOR EACH STATEMENT EXECUTE FUNCTION public.sessions_changed();

CREATE TRIGGER responsibility_changed AFTER INSERT OR DELETE OR UPDATE ON public.responsibility FOR EACH STATEMENT EXECUTE FUNCTION public.seats_changed();

CREATE CONSTRAINT TRIGGER responsibility_is_whole AFTER DELETE OR UPDATE ON public.responsibility DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.responsibility_is_whole();

CREATE CONSTRAINT TRIGGER responsibility_is_whole AFTER INSERT OR UPDATE OF period ON public.stay DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.responsibility_is_whole();

CREATE TRIGGER session_ended AFTER DELETE ON public.session FOR EACH ROW EXECUTE FUNCTION public.session_ended();

CREATE TRIGGER staff_changed AFTER DELETE OR UPDATE ON public.staff FOR EACH STATEMENT EXECUTE FUNCTION public.sessions_changed();

CREATE TRIGGER stay_changed AFTER INSERT OR DELETE OR UPDATE ON public.stay FOR EACH STATEMENT EXECUTE FUNCTION public.registry_changed();

CREATE TRIGGER stay_outcome_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.stay_outcome FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

CREATE TRIGGER team_changed AFTER DELETE OR UPDATE ON public.team FOR EACH STATEMENT EXECUTE FUNCTION public.seats_changed();

CREATE TRIGGER weekend_round_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.weekend_round FOR EACH STATEMENT EXECUTE FUNCTION public.is_kept();

ALTER TABLE ONLY public.access_entry
    ADD CONSTRAINT access_entry_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.access_entry
    ADD CONSTRAINT access_entry_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.access_entry
    ADD CONSTRAINT access_entry_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.access_review
    ADD CONSTRAINT access_review_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.access_review
    ADD CONSTRAINT access_review_reviewed_by_fkey FOREIGN KEY (reviewed_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_account_id_kind_fkey FOREIGN KEY (account_id, kind) REFERENCES public.account(account_id, kind);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.account_identity
    ADD CONSTRAINT account_identity_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.account_identity
    ADD CONSTRAINT account_identity_linked_by_fkey FOREIGN KEY (linked_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_kept_by_fkey FOREIGN KEY (kept_by) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_acknowledged_by_fkey FOREIGN KEY (acknowledged_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert_consequence
    ADD CONSTRAINT alert_consequence_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert_consequence
    ADD CONSTRAINT alert_consequence_stay_id_alert_id_fkey FOREIGN KEY (stay_id, alert_id) REFERENCES public.alert(stay_id, alert_id);

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_stay_id_alert_id_fkey FOREIGN KEY (stay_id, alert_id) REFERENCES public.alert(stay_id, alert_id);

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_to_staff_id_fkey FOREIGN KEY (to_staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_to_team_id_fkey FOREIGN KEY (to_team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.alert_hold
    ADD CONSTRAINT alert_hold_stay_id_alert_id_fkey FOREIGN KEY (stay_id, alert_id) REFERENCES public.alert(stay_id, alert_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_holder_id_fkey FOREIGN KEY (holder_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_offered_by_fkey FOREIGN KEY (offered_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_offered_staff_id_fkey FOREIGN KEY (offered_staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_offered_team_id_fkey FOREIGN KEY (offered_team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.ambulance_card
    ADD CONSTRAINT ambulance_card_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.ambulance_card
    ADD CONSTRAINT ambulance_card_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.ambulance_card
    ADD CONSTRAINT ambulance_card_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.ambulance_opening
    ADD CONSTRAINT ambulance_opening_card_id_fkey FOREIGN KEY (card_id) REFERENCES public.ambulance_card(card_id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

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

ALTER TABLE ONLY public.backtest
    ADD CONSTRAINT backtest_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_answered_by_fkey FOREIGN KEY (answered_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_offered_by_fkey FOREIGN KEY (offered_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_to_staff_fkey FOREIGN KEY (to_staff) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_to_team_fkey FOREIGN KEY (to_team) REFERENCES public.team(team_id);

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

ALTER TABLE ONLY public.care_event_error
    ADD CONSTRAINT care_event_error_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.care_event_error
    ADD CONSTRAINT care_event_error_stay_id_event_id_fkey FOREIGN KEY (stay_id, event_id) REFERENCES public.care_event(stay_id, event_id);

ALTER TABLE ONLY public.care_event_receipt
    ADD CONSTRAINT care_event_receipt_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.care_event_receipt
    ADD CONSTRAINT care_event_receipt_stay_id_event_id_fkey FOREIGN KEY (stay_id, event_id) REFERENCES public.care_event(stay_id, event_id);

ALTER TABLE ONLY public.care_event
    ADD CONSTRAINT care_event_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.care_event
    ADD CONSTRAINT care_event_stay_id_corrects_fkey FOREIGN KEY (stay_id, corrects) REFERENCES public.care_event(stay_id, event_id);

ALTER TABLE ONLY public.care_event
    ADD CONSTRAINT care_event_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.care_look
    ADD CONSTRAINT care_look_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.care_look
    ADD CONSTRAINT care_look_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.contact_channel
    ADD CONSTRAINT contact_channel_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.contact_channel
    ADD CONSTRAINT contact_channel_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

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

ALTER TABLE ONLY public.duty_care
    ADD CONSTRAINT duty_care_doctor_id_fkey FOREIGN KEY (doctor_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.duty_care
    ADD CONSTRAINT duty_care_nurse_id_fkey FOREIGN KEY (nurse_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.duty_care
    ADD CONSTRAINT duty_care_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES public.duty_policy(policy_id);

ALTER TABLE ONLY public.duty_care
    ADD CONSTRAINT duty_care_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.duty_handover
    ADD CONSTRAINT duty_handover_given_by_fkey FOREIGN KEY (given_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.duty_handover_patient
    ADD CONSTRAINT duty_handover_patient_handover_id_fkey FOREIGN KEY (handover_id) REFERENCES public.duty_handover(handover_id);

ALTER TABLE ONLY public.duty_handover_patient
    ADD CONSTRAINT duty_handover_patient_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.duty_handover_patient
    ADD CONSTRAINT duty_handover_patient_taken_by_fkey FOREIGN KEY (taken_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.duty_handover
    ADD CONSTRAINT duty_handover_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.duty_override
    ADD CONSTRAINT duty_override_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.duty_override
    ADD CONSTRAINT duty_override_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.duty_override
    ADD CONSTRAINT duty_override_withdrawn_by_fkey FOREIGN KEY (withdrawn_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.duty_policy
    ADD CONSTRAINT duty_policy_base_team_id_fkey FOREIGN KEY (base_team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.duty_policy
    ADD CONSTRAINT duty_policy_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.duty_schedule
    ADD CONSTRAINT duty_schedule_saved_by_fkey FOREIGN KEY (saved_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.duty_schedule
    ADD CONSTRAINT duty_schedule_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.effect_report
    ADD CONSTRAINT effect_report_prescriber_id_fkey FOREIGN KEY (prescriber_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.effect_report
    ADD CONSTRAINT effect_report_sent_by_fkey FOREIGN KEY (sent_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.effect_report
    ADD CONSTRAINT effect_report_stay_id_event_id_fkey FOREIGN KEY (stay_id, event_id) REFERENCES public.care_event(stay_id, event_id);

ALTER TABLE ONLY public.emergency_opening
    ADD CONSTRAINT emergency_opening_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.emergency_opening
    ADD CONSTRAINT emergency_opening_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.emergency_opening
    ADD CONSTRAINT emergency_opening_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.emergency_opening
    ADD CONSTRAINT emergency_opening_seen_by_fkey FOREIGN KEY (seen_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.emergency_opening
    ADD CONSTRAINT emergency_opening_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.escalation_step
    ADD CONSTRAINT escalation_step_stay_id_alert_id_fkey FOREIGN KEY (stay_id, alert_id) REFERENCES public.alert(stay_id, alert_id);

ALTER TABLE ONLY public.evaluation_due
    ADD CONSTRAINT evaluation_due_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.listener
    ADD CONSTRAINT listener_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.mqtt_message
    ADD CONSTRAINT mqtt_message_session_no_fkey FOREIGN KEY (session_no) REFERENCES public.mqtt_session(session_no) ON DELETE CASCADE;

ALTER TABLE ONLY public.mqtt_retained
    ADD CONSTRAINT mqtt_retained_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no) ON DELETE CASCADE;

ALTER TABLE ONLY public.mqtt_session
    ADD CONSTRAINT mqtt_session_device_no_fkey FOREIGN KEY (device_no) REFERENCES public.device(device_no) ON DELETE CASCADE;

ALTER TABLE ONLY public.next_step
    ADD CONSTRAINT next_step_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.next_step
    ADD CONSTRAINT next_step_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_stay_id_alert_id_ring_step_fkey FOREIGN KEY (stay_id, alert_id, ring, step) REFERENCES public.escalation_step(stay_id, alert_id, ring, step);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.password_reset
    ADD CONSTRAINT password_reset_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.password_reset
    ADD CONSTRAINT password_reset_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.patient_block
    ADD CONSTRAINT patient_block_lifted_by_fkey FOREIGN KEY (lifted_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.patient_block
    ADD CONSTRAINT patient_block_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.patient_block
    ADD CONSTRAINT patient_block_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.patient_block
    ADD CONSTRAINT patient_block_set_by_fkey FOREIGN KEY (set_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.patient_block
    ADD CONSTRAINT patient_block_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.patient_consent
    ADD CONSTRAINT patient_consent_given_by_fkey FOREIGN KEY (given_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.patient_consent
    ADD CONSTRAINT patient_consent_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.patient_consent
    ADD CONSTRAINT patient_consent_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.patient_consent
    ADD CONSTRAINT patient_consent_withdrawn_by_fkey FOREIGN KEY (withdrawn_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.patient
    ADD CONSTRAINT patient_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.plan
    ADD CONSTRAINT plan_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.plan
    ADD CONSTRAINT plan_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.plan
    ADD CONSTRAINT plan_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.plan
    ADD CONSTRAINT plan_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.plan_team
    ADD CONSTRAINT plan_team_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.plan_team
    ADD CONSTRAINT plan_team_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.recovery_code
    ADD CONSTRAINT recovery_code_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.second_factor(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.relative_access
    ADD CONSTRAINT relative_access_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.relative_access
    ADD CONSTRAINT relative_access_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.relative_access
    ADD CONSTRAINT relative_access_given_by_fkey FOREIGN KEY (given_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.relative_access
    ADD CONSTRAINT relative_access_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.relative_invitation
    ADD CONSTRAINT relative_invitation_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.relative_invitation
    ADD CONSTRAINT relative_invitation_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.relative_invitation
    ADD CONSTRAINT relative_invitation_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.relative_invitation
    ADD CONSTRAINT relative_invitation_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.responsibility
    ADD CONSTRAINT responsibility_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.responsibility
    ADD CONSTRAINT responsibility_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.responsibility
    ADD CONSTRAINT responsibility_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.route_consent
    ADD CONSTRAINT route_consent_given_by_fkey FOREIGN KEY (given_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.route_consent
    ADD CONSTRAINT route_consent_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES public.duty_policy(policy_id);

ALTER TABLE ONLY public.route_consent
    ADD CONSTRAINT route_consent_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.second_factor
    ADD CONSTRAINT second_factor_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.selfcheck
    ADD CONSTRAINT selfcheck_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.stay_news
    ADD CONSTRAINT stay_news_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.stay_outcome
    ADD CONSTRAINT stay_outcome_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.stay_outcome
    ADD CONSTRAINT stay_outcome_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.stay
    ADD CONSTRAINT stay_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.stay_transfer
    ADD CONSTRAINT stay_transfer_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.stay_transfer
    ADD CONSTRAINT stay_transfer_arranged_by_fkey FOREIGN KEY (arranged_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.stay_transfer
    ADD CONSTRAINT stay_transfer_closed_by_fkey FOREIGN KEY (closed_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.stay_transfer
    ADD CONSTRAINT stay_transfer_from_team_fkey FOREIGN KEY (from_team) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.stay_transfer
    ADD CONSTRAINT stay_transfer_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.stay_transfer
    ADD CONSTRAINT stay_transfer_to_team_fkey FOREIGN KEY (to_team) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(organisation_id);

ALTER TABLE ONLY public.team_plan
    ADD CONSTRAINT team_plan_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.team_plan
    ADD CONSTRAINT team_plan_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.team_plan
    ADD CONSTRAINT team_plan_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.team_plan
    ADD CONSTRAINT team_plan_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);

ALTER TABLE ONLY public.viewer
    ADD CONSTRAINT viewer_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patient(patient_id);

ALTER TABLE ONLY public.viewer
    ADD CONSTRAINT viewer_process_id_fkey FOREIGN KEY (process_id) REFERENCES public.viewer_process(process_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.viewer
    ADD CONSTRAINT viewer_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.weekend_round
    ADD CONSTRAINT weekend_round_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.staff(staff_id);

ALTER TABLE ONLY public.weekend_round
    ADD CONSTRAINT weekend_round_stay_id_fkey FOREIGN KEY (stay_id) REFERENCES public.stay(stay_id);

ALTER TABLE ONLY public.weekend_round
    ADD CONSTRAINT weekend_round_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(team_id);
