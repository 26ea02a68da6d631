#!/bin/sh
# Plays the days before 13 April 2026: two Redis servers, v21 in production, v22 in qualif, and one
# rehearsal of each release. Leaves a folder in which `envparity checklist --release v22` can be run.
#
#   sh examples/incident-2026-04-13/play.sh [FOLDER]
#
# Needs redis-server, rustc and envparity. Settings: BEHAVIOUR (what v22 does: v22, v22-scan, fixed),
# KEYS (in production; qualif has a quarter), BATCHES, LOCATIONS, PORT (and the next one), ENVPARITY
# and DRIVER (programs).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-incident}
behaviour=${BEHAVIOUR:-v22} keys=${KEYS:-1000000} batches=${BATCHES:-5} locations=${LOCATIONS:-50}
qualif=${PORT:-7601}
production=$((qualif + 1))
envparity=${ENVPARITY:-envparity}
units=$((batches * locations))

mkdir -p "$folder/profiles/releases"
cd "$folder"
driver=${DRIVER:-$PWD/driver}
[ -x "$driver" ] || rustc --edition 2024 -O "$here/driver.rs" -o "$driver"

serve() { # a Redis of its own, which keeps nothing on disk
    redis-server --port "$1" --bind 127.0.0.1 --save '' --dir "$PWD" \
        --pidfile "$PWD/redis-$1.pid" --daemonize yes > /dev/null
}

deploy() { # ENVIRONMENT VERSION DIGEST: what a container engine would tell
    {
        printf 'apiVersion: envparity/v1\nkind: Evidence\nenvironment: %s\n' "$1"
        now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
        printf 'taken: "%s"\ntargets:\n- id: docker/app\n  endpoint: unix:///var/run/docker.sock\n' "$now"
        printf '  taken: "%s"\n  parts: {containers: complete, engine: complete, images: complete}\n' "$now"
        printf '  fields: {engine: 20.10.24, id: "ENGINE:%s"}\n  images:\n' "$1"
        for service in timemachine stock-import; do
            repository=registry.example/team/$service
            hash=$(printf '%s %s' "$service" "$3" | sha256sum | cut -c 1-64)
            printf '  - reference: %s:%s\n    repo-digests: ["%s@sha256:%s"]\n' "$repository" "$2" "$repository" "$hash"
            printf '    state: running\n    namespace: app\n    workload: %s\n    container: app-%s-1\n' "$service" "$service"
        done
        printf 'end: {targets: 1, images: 2}\n'
    } > "profiles/$1-app.evidence"
}

profile() { # ENVIRONMENT PORT
    cat > "profiles/$1.yaml" <<YAML
apiVersion: envparity/v1
kind: Environment
name: $1
targets:
  redis: [{name: cache, url: "redis://127.0.0.1:$2"}]
  recorded: [{name: app, path: $1-app.evidence}]
YAML
}

import() { # PORT BEHAVIOUR
    "$driver" --redis "127.0.0.1:$1" --behaviour "$2" --batches "$batches" --locations "$locations"
}

profile qualif "$qualif"
profile production "$production"
cat > profiles/audit.yaml <<YAML
apiVersion: envparity/v1
kind: Audit
baseline: production
environments: [qualif, production]
YAML
cat > profiles/checklist.yaml <<YAML
apiVersion: envparity/v1
kind: Checklist
required-units: {stock-location: $units}
items:
- item: new-command
- item: cost-per-call
- item: cost-per-unit
- {item: projected-load, at-once: {stock-location: $units}}
YAML

echo "1. Production and qualif run v21."
serve "$qualif"
serve "$production"
sleep 1
"$driver" --redis "127.0.0.1:$qualif" --keys $((keys / 20))
"$driver" --redis "127.0.0.1:$production" --keys "$keys"
deploy qualif v21 21
deploy production v21 21
import "$production" v21
"$envparity" release capture v21 --from production

echo "2. v21 is rehearsed in qualif: what a stock location costs until now."
"$envparity" rehearse v21 --work "stock-location=$units" -- \
    "$driver" --redis "127.0.0.1:$qualif" --behaviour v21 --batches "$batches" --locations "$locations"
# Nothing but the release changes from here on.
freeze=$(date -u +%Y-%m-%dT%H:%M:%SZ)
"$envparity" audit --report-only --history envparity.db > /dev/null

echo "3. v22 comes to qualif, and is rehearsed in the same way."
sleep 1
deploy qualif v22 22
"$envparity" release capture v22 --from qualif --previous v21
printf 'freeze: {environment: qualif, from: "%s"}\n' "$freeze" >> profiles/releases/v22.yaml
"$envparity" rehearse v22 --work "stock-location=$units" -- \
    "$driver" --redis "127.0.0.1:$qualif" --behaviour "$behaviour" --batches "$batches" \
    --locations "$locations"

echo
echo "Now: cd $folder && $envparity checklist --release v22"
echo "Then end both servers: kill \$(cat $folder/redis-*.pid)"
