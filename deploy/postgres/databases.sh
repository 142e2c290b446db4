#!/bin/sh
# Runs once, when the server's data folder is new: a database and a user for each service, each seeing only its own.
set -eu

create() {
  psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -v name="$1" -v password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

create auth "$AUTH_DB_PASSWORD"
create catalog "$CATALOG_DB_PASSWORD"
create orders "$ORDER_DB_PASSWORD"
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -c 'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC'
