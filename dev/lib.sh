# Common ground of the scripts in dev/: where things are, what they say, and the private PostgreSQL server.
# Sourced by them, never run.
# shellcheck shell=bash
# shellcheck disable=SC2034

set -Eeuo pipefail
trap 'printf "stopped at %s, line %s: %s\n" "${BASH_SOURCE[0]}" "$LINENO" "$BASH_COMMAND" >&2' ERR

MODULE=account_payment_followup
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

if [[ -n ${FOLLOWUP_CACHE:-} ]]; then
    CACHE=$FOLLOWUP_CACHE
elif [[ $(id -u) == 0 ]]; then
    CACHE=/var/cache/$MODULE
else
    CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/$MODULE
fi
mkdir -p "$CACHE"
CACHE=$(cd "$CACHE" && pwd -P)

# Two clones on one machine share the cache, but neither databases nor links: what belongs to one of them carries its key.
CHECKOUT_KEY=$(printf %s "$ROOT" | sha256sum | cut -c1-6)
CHECKOUT=$CACHE/checkouts/$CHECKOUT_KEY
DEMO_DB=${MODULE}_demo_$CHECKOUT_KEY

# npm_dir NAME: where dev/setup puts what dev/NAME/package-lock.json says
npm_dir() { echo "$CACHE/$1-$(cat "$ROOT/dev/$1"/*.json | sha256sum | cut -c1-10)"; }

# ---------------------------------------------------------------------------------------------------- messages

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# step TEXT COMMAND...: run a command that may take long, its output kept in a log that is shown if it fails.
# It runs in a shell of its own that stops at the first error, and does not inherit the locks of this one.
step() {
    local text=$1 start=$SECONDS log status=0
    shift
    log=$(mktemp "${TMPDIR:-/tmp}/followup-step.XXXXXX")
    printf '%s … ' "$text"
    set +e
    (
        set -e
        "$@"
    ) >"$log" 2>&1 </dev/null
    status=$?
    set -e
    if [[ $status != 0 ]]; then
        say "failed"
        tail -n 60 "$log" >&2
        die "$text: failed (all of its output: $log)"
    fi
    rm -f "$log"
    say "$((SECONDS - start)) s"
}

# ------------------------------------------------------------------------------------------- system packages

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root or sudo: $*"
    fi
}

has_package() { [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == 'install ok installed' ]]; }

apt_install() {
    local options=(-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
    as_root apt-get "${options[@]}" update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install --yes --no-install-recommends "$@"
}

# ------------------------------------------------------------------------------------------------ PostgreSQL

# The server of PGHOST if that is set; else a private cluster in the cache, reached by a unix socket only.
# Every script that uses it holds a shared lock on pg/users; the last one to go stops it.

private_pg() { [[ -z ${FOLLOWUP_FOREIGN_PG:-} ]]; }

pg_bin() {
    local dir
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(dirname "$(command -v postgres || echo /nowhere/x)")"; do
        if [[ -x $dir/initdb && -x $dir/pg_ctl ]]; then
            echo "$dir"
            return
        fi
    done
    return 1
}

# PostgreSQL refuses to run as root
as_pg() {
    if [[ $(id -u) == 0 ]]; then
        setpriv --reuid=postgres --regid=postgres --init-groups env HOME="$PG_DIR" "$@"
    else
        "$@"
    fi
}

pg_env() {
    if [[ -n ${PGHOST:-} ]]; then
        FOLLOWUP_FOREIGN_PG=1
        return
    fi
    PG_DIR=$CACHE/pg
    PG_BIN=$(pg_bin) || die "no PostgreSQL server found: run dev/setup"
    # a cluster belongs to one major version
    PG_DATA=$PG_DIR/$("$PG_BIN/postgres" --version | grep -oE '[0-9]+' | head -n1)
    PG_SOCKET=$PG_DIR/socket
    if ((${#PG_SOCKET} > 80)); then # the kernel allows 107 bytes with the name of the socket
        PG_SOCKET=/tmp/followup-pg-$(printf %s "$PG_DIR" | sha256sum | cut -c1-12)
    fi
    export PGHOST=$PG_SOCKET PGPORT=5432 PGUSER=odoo
    unset PGPASSWORD PGDATABASE PGSERVICE
}

pg_running() { as_pg "$PG_BIN/pg_ctl" -D "$PG_DATA" status >/dev/null 2>&1; }

pg_init() {
    local new=$PG_DATA.new
    rm -rf "$new"
    as_pg "$PG_BIN/initdb" -D "$new" --username=odoo --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync
    as_pg tee -a "$new/postgresql.conf" >/dev/null <<EOF
# Speed before safety: everything in here can be made anew.
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum_naptime = 5min
shared_buffers = 256MB
max_wal_size = 4GB
max_connections = 100
jit = off
EOF
    mv "$new" "$PG_DATA"
}

pg_launch() {
    as_pg "$PG_BIN/pg_ctl" -D "$PG_DATA" -w -t 60 -l "$PG_DIR/log" start \
        -o "-c listen_addresses='' -c unix_socket_directories='$PG_SOCKET' -c port=5432"
}

# Start it if need be, and keep it until this script ends
pg_start() {
    pg_env
    private_pg || return 0
    install -d "$PG_DIR"
    if [[ $(id -u) == 0 ]]; then
        chown postgres: "$PG_DIR"
        as_pg test -w "$PG_DIR" || die "the user postgres cannot reach $PG_DIR: set FOLLOWUP_CACHE to another folder"
    fi
    as_pg install -d -m 0700 "$PG_SOCKET"
    exec 8>>"$CACHE/pg.change" 9>>"$CACHE/pg.users"
    flock 8
    if [[ ! -d $PG_DATA ]]; then
        step "Making a private PostgreSQL cluster in $PG_DIR" pg_init 8>&- 9>&-
    fi
    if ! pg_running && ! pg_launch >"$CACHE/pg.start.log" 2>&1 8>&- 9>&-; then
        cat "$CACHE/pg.start.log" >&2
        tail -n 20 "$PG_DIR/log" >&2
        die "PostgreSQL does not start; if its folder is damaged, remove $PG_DIR (all in it can be made anew)"
    fi
    flock -s 9
    exec 8>&-
}

# Stop it, unless another script uses it
pg_stop() {
    if ! private_pg || ! { true >&9; } 2>/dev/null; then return 0; fi
    exec 8>>"$CACHE/pg.change"
    flock 8
    if flock -n 9; then
        as_pg "$PG_BIN/pg_ctl" -D "$PG_DATA" -w -m fast stop >/dev/null 2>&1 8>&- 9>&- || true
    fi
    exec 8>&- 9>&-
}

# One SQL statement, its result as bare lines
sql() { psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="${2:-postgres}" --command="$1"; }

# A database and its filestore are one thing: made, renamed and dropped together
db_exists() {
    [[ -d $DATA_DIR/filestore/$1 && $(sql "SELECT 1 FROM pg_database WHERE datname = '$1'") == 1 ]]
}

db_copy() {
    local big strategy=''
    # PostgreSQL 15 and newer write a copy through the log, which takes a big one three times as long
    big=$(sql "SELECT current_setting('server_version_num')::int >= 150000 AND pg_database_size('$1') > 1e9")
    if [[ $big == t ]]; then strategy='STRATEGY FILE_COPY'; fi
    rm -rf "$DATA_DIR/filestore/$2"
    sql "CREATE DATABASE \"$2\" TEMPLATE \"$1\" $strategy"
    if [[ -d $DATA_DIR/filestore/$1 ]]; then cp -al "$DATA_DIR/filestore/$1" "$DATA_DIR/filestore/$2"; fi
}

set_parameter() { # DATABASE KEY VALUE
    sql "INSERT INTO ir_config_parameter (key, value) VALUES ('$2', '$3') ON CONFLICT (key) DO UPDATE SET value = excluded.value" "$1"
}

db_drop() {
    sql "DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)" 2>/dev/null
    rm -rf "${DATA_DIR:?}/filestore/$1"
}

db_rename() {
    sql "ALTER DATABASE \"$1\" RENAME TO \"$2\""
    rm -rf "${DATA_DIR:?}/filestore/$2"
    if [[ -d $DATA_DIR/filestore/$1 ]]; then mv "$DATA_DIR/filestore/$1" "$DATA_DIR/filestore/$2"; fi
}

# ------------------------------------------------------------------------------------------------------ Odoo

DATA_DIR=$CACHE/data

# Where dev/setup put things; sets ODOO (the folder with the package), ODOO_VERSION, VENV
load_setup() {
    # shellcheck source=/dev/null
    source "$CHECKOUT/setup.env"
    ODOO_COMMAND=("$VENV/bin/python" -m odoo)
    export PATH=$VENV/bin:$PATH PYTHONPATH=$ODOO # the environment's own wkhtmltopdf comes first
    export HYPOTHESIS_STORAGE_DIRECTORY=$CHECKOUT/hypothesis
    export PYTHONPYCACHEPREFIX=$CACHE/pycache PYTHONDONTWRITEBYTECODE= # bytecode, but not into the work tree
}

# The private folder of this checkout: a link with the module's name (the folder of a clone may have any name), the
# configuration, logs. Settings that change from run to run are given as options.
prepare_checkout() {
    mkdir -p "$CHECKOUT/addons" "$DATA_DIR/filestore"
    ln -sfn "$ROOT" "$CHECKOUT/addons/$MODULE"
    echo "$ROOT" >"$CHECKOUT/path"
    cat >"$CHECKOUT/odoo.conf" <<EOF
[options]
addons_path = $ODOO_ADDONS,$CHECKOUT/addons
data_dir = $DATA_DIR
http_interface = 127.0.0.1
server_wide_modules = base,rpc,web
list_db = False
workers = 0
max_cron_threads = 0
email_from = odoo@example.com
smtp_server = 127.0.0.1
smtp_port = 1
publisher_warranty_url =
geoip_city_db = /nonexistent
geoip_country_db = /nonexistent
EOF
}

odoo() { "${ODOO_COMMAND[@]}" "$@" -c "$CHECKOUT/odoo.conf"; }

# What the module stands on, installed once and then copied: a database with the module takes seconds, not minutes.
# payment_demo: something to pay with on the debtor page; the last two: QR codes of transfers, and a letterhead by DIN 5008.
CORE_MODULES=base,web,web_tour,account,account_payment,sms,snailmail,payment_demo,account_qr_code_sepa,l10n_ch

# core_template demo|plain: sets TEMPLATE to the name of a database with the core modules, made if need be
core_template() {
    local kind=$1 key demo new
    key=$({ echo "1 $ODOO_VERSION $CORE_MODULES${FOLLOWUP_FOREIGN_PG:+ $DATA_DIR}" && sed '/^# --- tests/q' "$ROOT/dev/requirements.txt"; } | sha256sum | cut -c1-8)
    TEMPLATE=followup_core_${kind}_$key
    new=${TEMPLATE}_new
    exec 7>>"$CACHE/template.lock"
    flock -n 7 || { say "Another script is making a template: waiting for it" && flock 7; }
    if ! db_exists "$TEMPLATE"; then
        demo=--with-demo
        [[ $kind == demo ]] || demo=--without-demo
        db_drop "$new"
        step "Installing the core modules ($kind) into a template database" make_template "$new" "$demo"
        db_rename "$new" "$TEMPLATE"
    fi
    exec 7>&-
}

make_template() {
    odoo server --addons-path="$ODOO_ADDONS" -d "$1" "$2" -i "$CORE_MODULES" --stop-after-init --no-http 7>&-
    # a killed or failed installation must not become a template
    [[ $(sql "SELECT count(*) FROM ir_module_module WHERE state LIKE 'to %'" "$1") == 0 ]]
    [[ $(sql "SELECT count(*) FROM UNNEST(string_to_array('$CORE_MODULES', ',')) wanted(name)
               WHERE NOT EXISTS (SELECT 1 FROM ir_module_module known WHERE known.name = wanted.name AND known.state = 'installed')" "$1") == 0 ]]
}

# A name for what the sources are now; when it changes, the module in a database has to be updated
source_hash() {
    (cd "$ROOT" && find . \( -name '.*' ! -name . -o -name __pycache__ -o -path ./dev -o -path ./tests -o -path ./doc \) -prune \
        -o -type f ! -name '*.md' ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
}

# make_database NAME demo|plain: a fresh database with the module, from the template; it gets its name when it is complete
make_database() {
    local new=$1_new
    core_template "$2"
    db_drop "$new"
    db_copy "$TEMPLATE" "$new"
    sql "DELETE FROM mail_mail" "$new" # what core's demo data wants to send
    step "Installing $MODULE into the database $1" install_module "$new"
    db_drop "$1"
    db_rename "$new" "$1"
}

install_module() {
    odoo server -d "$1" -i "$MODULE" --stop-after-init --no-http
    # so that the first page does not have to wait for its style sheets and scripts
    echo "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()" | odoo shell -d "$1" --no-http
}

free_port() { # FIRST: the first free one from there on
    "$VENV/bin/python" - "$1" <<'EOF'
import socket, sys
for port in range(int(sys.argv[1]), 65536):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(port)
        break
EOF
}

# take_port FIRST: sets PORT to the first free one from there on. It is kept for this script until that ends: another one
# gets the next, also before a server listens on ours.
take_port() {
    local kept
    mkdir -p "$CACHE/ports"
    PORT=$1
    while true; do
        PORT=$(free_port "$PORT")
        exec {kept}>>"$CACHE/ports/$PORT"
        if flock -n "$kept"; then return; fi
        exec {kept}>&-
        PORT=$((PORT + 1))
    done
}

# Before a command: in a session of its own, so that Ctrl-C does not reach it before `end` does, and not outliving us
APART=(setsid setpriv --pdeathsig TERM)

# end PROCESS: politely, then not
end() {
    local tries=0
    kill -TERM "$1" 2>/dev/null || return 0
    while kill -0 "$1" 2>/dev/null && ((tries++ < 100)); do sleep 0.1; done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
