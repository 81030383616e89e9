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
