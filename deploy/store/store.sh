#!/bin/sh
# Starts a store of docker-compose.scaled.yml: by itself, or as the standby of another, whose name is FOLLOWS.
#
# There must never be two that write. So a folder that has been written to as a primary does not start with FOLLOWS set:
# its contents and the other's have parted. docs/operating.md, "A standby of the store", says what to do then.
set -eu

if [ -z "${FOLLOWS:-}" ]; then
    exec docker-entrypoint.sh postgres "$@"
fi
if [ -s "$PGDATA/PG_VERSION" ] && [ ! -e "$PGDATA/standby.signal" ]; then
    echo "This store has written by itself, and is told to follow $FOLLOWS. If it is the one that writes now, take" \
        "FOLLOWS away; if $FOLLOWS is, empty this one's volume, and it copies $FOLLOWS." >&2
    exit 1
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # PGUSER and PGPASSWORD say who copies; they are written into the copy, for following.
    until pg_basebackup --host "$FOLLOWS" --port "${FOLLOWS_PORT:-5432}" --no-password --pgdata "$PGDATA" \
        --write-recovery-conf --wal-method=stream --checkpoint=fast; do
        echo "waiting for $FOLLOWS" >&2
        sleep 2
    done
    chmod 700 "$PGDATA"
fi
exec postgres "$@"
