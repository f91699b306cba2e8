# What scripts/demo, scripts/test, .ci/run and bench/system/run share. Sourced by bash, not run.
#
# Installs packages on Debian 12, builds, makes throw-away PostgreSQL clusters. Leaves the machine as it
# found it but for packages: no default cluster is made, no service started.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pg_bin=/usr/lib/postgresql/15/bin
python=/usr/bin/python3     # Debian's, which has the drivers that packages-test.txt names

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 3; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "needs root or sudo: $*"; fi
}

# package_names FILE... -> names, comments dropped
package_names() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }

missing_packages() {
    local name
    for name in $(package_names "$@"); do
        # nodejs may come from elsewhere under the same name; installed is installed.
        dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || echo "$name"
    done
}

# install_packages FILE...: only what is missing; asks nothing, starts nothing.
install_packages() {
    local missing
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    say "installing: $(echo $missing)"
    local no_cluster=/etc/postgresql-common/createcluster.d/pgveil-none.conf policy=/usr/sbin/policy-rc.d made_policy=
    if ! dpkg-query -W -f '${db:Status-Status}' postgresql-common 2>/dev/null | grep -qx installed; then
        as_root mkdir -p "$(dirname $no_cluster)"
        echo 'create_main_cluster = false' | as_root tee $no_cluster >/dev/null
    fi
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        made_policy=yes
    fi
    local log status=0
    log=$(mktemp)
    {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
            -o Dpkg::Options::=--force-confold --no-install-recommends install $missing
    } >"$log" 2>&1 </dev/null || status=$?
    [ -z "$made_policy" ] || as_root rm -f $policy
    as_root rm -f $no_cluster
    if [ $status != 0 ]; then tail -30 "$log" >&2; rm -f "$log"; die "installing packages failed"; fi
    rm -f "$log"
}

jobs_count() { local n; n=$(nproc); [ "$n" -ge 1 ] && echo "$n"; }

# build DIR MESON-OPTION...: configures once, then builds everything in DIR (ccache is used when it is there).
build() {
    local dir=$1 log
    shift
    log=$(mktemp)
    say "building $(basename "$dir") ($*)"
    if command -v mold >/dev/null; then export CXX_LD=${CXX_LD:-mold}; fi
    if [ ! -f "$dir/build.ninja" ]; then
        rm -rf "$dir"
        mkdir -p "$(dirname "$dir")"
        (cd "$root" && meson setup "$dir" "$@") >"$log" 2>&1 || { tail -40 "$log" >&2; rm -f "$log"; die "meson setup failed"; }
    fi
    ninja -C "$dir" -j "$(jobs_count)" ${build_targets:-} >"$log" 2>&1 || { grep -v '^\[' "$log" | tail -60 >&2; rm -f "$log"; die "build failed"; }
    rm -f "$log"
}

# PostgreSQL refuses to run as root: then its own account runs it.
pg_user() { if [ "$(id -u)" = 0 ]; then echo postgres; else id -un; fi; }
as_pg() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups -- env HOME=/tmp "$@"; else "$@"; fi
}

free_port() { $python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# cluster_start DIR PORT: a new cluster in DIR/data, loopback and DIR/sock only, superuser `postgres`, trust on
# the socket and SCRAM on TCP. cluster_stop DIR ends it; call it from a trap.
cluster_start() {
    local dir=$1 port=$2
    mkdir -p "$dir/sock"
    chmod 755 "$dir"
    if [ "$(id -u)" = 0 ]; then chown postgres "$dir" "$dir/sock"; fi
    as_pg "$pg_bin/initdb" -D "$dir/data" -U postgres -E UTF8 --locale=C.UTF-8 -A trust --auth-host=scram-sha-256 -N >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; die "initdb failed"; }
    as_pg tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir/sock'
max_connections = 200
fsync = off
full_page_writes = off
logging_collector = off
log_line_prefix = '%m [%p] %u@%d %a '
CONF
    as_pg "$pg_bin/pg_ctl" -D "$dir/data" -l "$dir/postgresql.log" -w start >/dev/null || { tail "$dir/postgresql.log" >&2; die "PostgreSQL did not start"; }
}

cluster_stop() { [ ! -f "$1/data/postmaster.pid" ] || as_pg "$pg_bin/pg_ctl" -D "$1/data" -m immediate -w stop >/dev/null 2>&1 || true; }

# node_pg: makes node-postgres and its companions, and postgres.js, loadable and prints the NODE_PATH to use: npm into a cache
# outside the tree, or without npm Debian's node-postgres alone (then the suite skips the others, or fails with --all).
node_pg() {
    local cache=${XDG_CACHE_HOME:-/var/tmp}/pgveil-node-$(id -u) name missing=
    for name in pg pg-cursor pg-query-stream postgres; do [ -d "$cache/node_modules/$name" ] || missing=yes; done
    if command -v node >/dev/null && [ -z "$missing" ]; then echo "$cache/node_modules"; return; fi
    if ! command -v npm >/dev/null && [ -n "${PGVEIL_TEST_ALL:-}" ]; then install_packages <(printf 'nodejs\nnpm\n'); fi
    if command -v npm >/dev/null; then
        mkdir -p "$cache"
        npm install --prefix "$cache" --no-audit --no-fund --loglevel=error pg@8 pg-cursor@2 pg-query-stream@4 postgres@3 >&2 </dev/null || return 1
        echo "$cache/node_modules"
    else
        install_packages <(printf 'nodejs\nnode-pg\n')
        echo /usr/share/nodejs
    fi
}
