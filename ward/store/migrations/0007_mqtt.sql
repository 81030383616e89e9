-- What the MQTT endpoint keeps for devices beyond a connection, so that a restart, or another endpoint behind the same
-- balancer, goes on where the last one was.

-- A device may be pinned to one certificate: then nothing else lets it in, not even its secret.
alter table device add column certificate_sha256 bytea check (length(certificate_sha256) = 32);

-- Whether what a device shows lets it in. `named` says that its certificate, which the endpoint has verified, bears
-- the device's name; `secret` and `certificate` are SHA-256 digests, null where nothing was shown.
create function device_admits(kept device, secret bytea, certificate bytea, named boolean) returns boolean
language sql immutable as $$
    select kept.revoked_at is null and coalesce(case
        when kept.certificate_sha256 is not null then kept.certificate_sha256 = certificate
        when certificate is not null then named
        else kept.secret_sha256 = secret
    end, false)
$$;

-- Every connection gets a number of its own; the newest one of a client has its session. A session belongs to the
-- endpoint that wrote the number it bears, so no two can both have it.
create sequence mqtt_generation;

-- Sessions that outlive their connection. `key` stands for device and client (63 bits of a SHA-256), whose id may be
-- longer than an index takes. `subscriptions` is a SUBSCRIBE packet of MQTT 5, empty where there are none.
-- While a device is connected `expires_at` is null, and `owner` says at which endpoint.
create table mqtt_session (
    session_no bigint generated always as identity primary key,
    key bigint not null unique,
    device_no bigint not null references device on delete cascade,
    client_id text not null,
    generation bigint not null unique,
    owner text not null,
    expiry_s bigint not null,
    expires_at timestamptz,
    subscriptions bytea not null default ''
) with (fillfactor = 70);
create index mqtt_session_device on mqtt_session (device_no);
create index mqtt_session_owner on mqtt_session (owner) where expires_at is null;
create index mqtt_session_expires on mqtt_session (expires_at) where expires_at is not null;

-- QoS 1 messages to a device that it has not acknowledged, in the order of `number`: waiting (no packet id), or in
-- flight. `packet` is the PUBLISH as MQTT 5 writes it.
create table mqtt_message (
    session_no bigint not null references mqtt_session on delete cascade,
    number bigint not null,
    packet_id int,
    packet bytea not null,
    expires_at timestamptz,
    primary key (session_no, number)
);

-- What a device has published with the retain flag, newest only, for its own subscriptions; a PUBLISH of MQTT 5.
create table mqtt_retained (
    device_no bigint not null references device on delete cascade,
    topic_sha256 bytea not null,
    packet bytea not null,
    expires_at timestamptz,
    primary key (device_no, topic_sha256)
);

-- The endpoints that live. One that has not been heard of for a minute has lost its connections.
create table mqtt_endpoint (
    instance text primary key,
    beat_at timestamptz not null
);

-- Devices that publish more than they may and are read slowly just now; a row ends with the episode.
create table device_throttled (
    device_no bigint not null references device on delete cascade,
    instance text not null,
    since timestamptz not null,
    primary key (device_no, instance)
);

-- Sessions are locked in the order of their keys everywhere.
-- Lets devices in, many at once: for each that may come in, the number of its new connection, and its session where
-- one is kept or wanted. A function, because each statement in it sees what others have committed while the one before
-- it waited for a row; so a session is read as its former owner left it.
create function mqtt_open(
    me text, at timestamptz, most_sessions int, ns int[], device_ids text[], client_ids text[], keys bigint[],
    secrets bytea[], certificates bytea[], named boolean[], clean boolean[], expiries bigint[]
) returns table (
    n int, generation bigint, formerly bigint, session_no bigint, subscriptions bytea,
    numbers bigint[], packet_ids int[], packets bytea[], expirations timestamptz[], retained bytea[],
    retained_until timestamptz[]
) language plpgsql as $$
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
