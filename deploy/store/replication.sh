#!/bin/sh
# Once, when a store is made: lets a standby with the store's own account copy and follow it, and has commits wait until a
# standby has them on its disk, from the first start on. Until then they wait for it. Written where `alter system` writes,
# so that an operator can let go of a standby that is away (docs/operating.md, "A standby of the store").
set -eu
echo "host replication ${POSTGRES_USER} all scram-sha-256" >> "$PGDATA/pg_hba.conf"
echo "synchronous_standby_names = '*'" >> "$PGDATA/postgresql.auto.conf"
