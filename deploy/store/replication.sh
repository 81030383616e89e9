#!/bin/sh
# Once, when a store is made: lets a standby with the store's own account copy and follow it.
set -eu
echo "host replication ${POSTGRES_USER} all scram-sha-256" >> "$PGDATA/pg_hba.conf"
