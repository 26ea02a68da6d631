#!/usr/bin/env bash
# How the evidence of this example was made: recorded from real servers, which this script starts and ends.
#
#   tests/run.sh --with examples/quickstart/capture.sh [SECONDS]
#
# tests/run.sh brings the server programs, an image registry and a Docker Engine, which builds the images here. This
# script then starts, for each of the environments dev, qualif and ovh-production:
#
#   a Docker Engine   with containerd, of its own: three engine IDs. It pulls from the registry, so that digests are real.
#                     Images hold busybox asleep; names, tags, digests, labels and states are what is audited.
#   a Redis           dev Redis 7.0.15, qualif Redis 6.2.5, ovh-production Valkey 8.0.1; keys and traffic are invented.
#                     They are up for SECONDS (default 300) before INFO is asked, so that there are rates to show.
#
# ovh-production's engine is read through a proxy that answers 403 to GET /info, as socket proxies do by default.
#
# The evidence is what `envparity collect` wrote and what the servers answered to INFO, byte by byte, except for what
# only this machine knows. Replaced are
#
#   the registry's loopback address                  by registry.example:5000
#   the engines' sockets, and the proxy's address    by unix:///var/run/docker.sock and tcp://docker-proxy.example:2375
#   the name of this machine                         by dev-laptop and qualif-1
#   in INFO, the paths of the program and its socket by /usr/bin/<program> and /run/<program>.sock
#
# Afterwards bring `--at` in audit.yaml (and wherever else the command stands) to the time that is printed at the end.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT="$(cd "$HERE/../.." && pwd)"
UP="${1:-300}"
: "${ENVPARITY_TEST_DOCKER_SOCKET:?run this as: tests/run.sh --with examples/quickstart/capture.sh}"
ENVIRONMENTS=(dev qualif ovh-production)
SHOWN=registry.example:5000
SHOWN_PROXY=tcp://docker-proxy.example:2375

# The program under audit is not under test: any build of it will do.
ENVPARITY="$(realpath --canonicalize-missing "${ENVPARITY:-${CARGO_TARGET_DIR:-$ROOT/target}/debug/envparity}")"
[[ -x "$ENVPARITY" ]] || (cd "$ROOT" && cargo build --quiet)

# Everything lives below tests/run.sh's directory and in control groups named after it, and has its working directory
# there: should this script be killed, tests/run.sh still finds it all.
RUN="$(dirname "$TMPDIR")"
cd "$TMPDIR"
LOG="$TMPDIR/capture.log"

# at ENV: docker.sh's functions and directory become those of ENV; only in subshells
at() {
  DIR="$TMPDIR/${RUN##*/}-$1"
  mkdir -p "$DIR"
  cd "$DIR"
  source "$ROOT/tests/support/docker.sh"
  REGISTRY="$ENVPARITY_TEST_REGISTRY"
}

# An engine with an ID of its own: older ones read it from /etc/docker/key.json, which all engines of a machine share.
own_engine() {
  eval "plain_$(declare -f background)"
  background() {
    if [[ $1 == dockerd ]] && grep -q deprecated-key-path "$(command -v dockerd)"; then
      echo "{\"deprecated-key-path\": \"$DIR/key.json\"}" >"$DIR/dockerd.json"
    fi
    plain_background "$@"
  }
  start_docker
}

at_builder() {
  at builder
  DOCKER_SOCKET="$ENVPARITY_TEST_DOCKER_SOCKET"
}

say() { printf '%4ds  %s\n' "$SECONDS" "$*"; }

traffic=""

clear_away() {
  [[ -z "$traffic" ]] || kill "$traffic"
  for environment in "${ENVIRONMENTS[@]}"; do
    (
      at "$environment"
      end proxy
      end redis
      stop_docker
    )
  done
}

finish() {
  local status=$?
  set +e
  ((status == 0 || status >= 128)) || tail -n 30 "$LOG" >&2
  clear_away >>"$LOG" 2>&1
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---------------------------------------------------------------- images and containers

# build IMAGE [--change …]
build() {
  image "$REGISTRY/$1" "${@:2}"
  docker push --quiet "$REGISTRY/$1"
}

build_images() {
  local service
  # What release v22 changes, and what it leaves at v21.
  for service in timemachine stock-import timetable-api; do
    build "team/$service:v21"
    build "team/$service:v22"
  done
  for service in web-frontend notifier badge-gateway shift-planner payroll-export absence-api report-mailer audit-log; do
    build "team/$service:v21"
  done
  build team/label-printer:v19
  build team/label-printer:v20

  build mirror/nginx:1.27.3
  build mirror/nginx:latest --change 'LABEL org.opencontainers.image.version=1.27.3'
  build mirror/postgres:16.4
  build mirror/postgres:16.6
  build mirror/rabbitmq:3.13.7
  build mirror/rabbitmq:3.13
  build mirror/keycloak/keycloak:25.0.6
  build mirror/prom/prometheus:v2.54.1
  build mirror/grafana/grafana:11.2.2
  build mirror/oliver006/redis_exporter:v1.62.0
}

# run SERVICE IMAGE [REPLICAS]: as `docker compose up` names and labels them in project timemachine
run() {
  local n
  docker pull --quiet "$REGISTRY/$2"
  for ((n = 1; n <= ${3:-1}; n++)); do
    container "timemachine-$1-$n" --label com.docker.compose.project=timemachine \
      --label "com.docker.compose.service=$1" "$REGISTRY/$2"
  done
}

# release TAG [REPLICAS]: what release v22 changes, at TAG
release() {
  run timemachine "team/timemachine:$1"
  run timemachine-worker "team/timemachine:$1"
  run stock-import "team/stock-import:$1" "${2:-1}"
  run timetable-api "team/timetable-api:$1" "${2:-1}"
}

# common REPLICAS: what all environments have alike
common() {
  local service
  for service in notifier badge-gateway shift-planner payroll-export absence-api report-mailer audit-log; do
    run "$service" "team/$service:v21"
  done
  run web-frontend team/web-frontend:v21 "$1"
  run login mirror/keycloak/keycloak:25.0.6
  run prometheus mirror/prom/prometheus:v2.54.1
  run grafana mirror/grafana/grafana:11.2.2
}

run_dev() {
  release v22
  common 1
  run label-printer team/label-printer:v20
  run edge mirror/nginx:1.27.3
  run db mirror/postgres:16.4
  run broker mirror/rabbitmq:3.13
  run redis-exporter mirror/oliver006/redis_exporter:v1.62.0
  # somebody stopped it
  docker kill timemachine-report-mailer-1
}

run_qualif() {
  release v22
  common 1
  run label-printer team/label-printer:v19
  run edge mirror/nginx:1.27.3
  run db mirror/postgres:16.6
  run broker mirror/rabbitmq:3.13.7
}

run_ovh-production() {
  release v21 2
  common 3
  run label-printer team/label-printer:v20
  run edge mirror/nginx:latest
  run db mirror/postgres:16.4
  run broker mirror/rabbitmq:3.13.7
  run redis-exporter mirror/oliver006/redis_exporter:v1.62.0
}

# ---------------------------------------------------------------- a socket proxy

start_proxy() {
  cat >"$DIR/proxy.py" <<-'END'
	import http.client, http.server, socket, sys

	class Engine(http.client.HTTPConnection):
	    def connect(self):
	        self.sock = socket.socket(socket.AF_UNIX)
	        self.sock.connect(sys.argv[1])

	class Proxy(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        if self.path.startswith("/info"):
	            return self.answer(403, b"<html><body><h1>403 Forbidden</h1></body></html>\n")
	        engine = Engine("docker")
	        engine.request("GET", self.path)
	        answer = engine.getresponse()
	        self.answer(answer.status, answer.read())

	    def answer(self, status, body):
	        self.send_response(status)
	        self.send_header("Content-Length", len(body))
	        self.end_headers()
	        self.wfile.write(body)

	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
	print("listening on 127.0.0.1:%d" % server.server_port, flush=True)
	server.serve_forever()
	END
  background proxy python3 "$DIR/proxy.py" "$DOCKER_SOCKET"
  wait_for proxy listening proxy "listening on"
}

# ---------------------------------------------------------------- Redis

# cli ENV [ARG…]
cli() { redis-cli -s "$TMPDIR/${RUN##*/}-$1/redis.sock" "${@:2}"; }

# start_redis PROGRAM [OPTION…]
start_redis() {
  background redis "$1" --port 0 --unixsocket "$DIR/redis.sock" --save '' --appendonly no "${@:2}"
  wait_for redis test -S "$DIR/redis.sock"
}

# fill ENV N: N timetables and a session for every second one
fill() {
  awk -v n="$2" 'BEGIN {
    for (i = 1; i <= n; i++) {
      printf "SET timetable:%d:hours mon-fri,08:00-18:00\r\n", i
      if (i % 2) printf "SETEX session:%d 36000 user-%d\r\n", i, i
    }
  }' | cli "$1" --pipe
}

# work ENV KEYS COMMANDS SEED: a second of reading, and some writing
work() {
  awk -v keys="$2" -v n="$3" -v seed="$4" 'BEGIN {
    srand(seed)
    for (i = 0; i < n; i++) {
      key = 1 + int(rand() * keys)
      if (i % 20 == 0) printf "SET timetable:%d:hours changed-%d\r\n", key, seed
      else if (i % 5 == 0) printf "GET session:%d\r\n", key
      else printf "GET timetable:%d:hours\r\n", key
    }
  }' | cli "$1" --pipe
}

# Until it is killed. In dev a developer tries release v22, which clears keys by a filter, on a connection of its own.
traffic() {
  local second
  for ((second = 1; ; second++)); do
    work dev 400 3 "$second"
    work qualif 2600 12 "$second"
    work ovh-production 14000 480 "$second"
    if ((second % 60 == 30)); then
      cli dev -3 KEYS 'timetable:*'
    fi
    sleep 0.9
  done
}

# info ENV PROGRAM FILE
info() {
  cli "$1" INFO everything |
    sed -E "s|^(executable:)[^\r]*|\1/usr/bin/$2|; s|[^=]*/redis\.sock|/run/$2.sock|" >"$HERE/evidence/$3"
}

# ---------------------------------------------------------------- the capture: what it needs

# write_profile ENV TARGET HOST
write_profile() {
  cat >"$TMPDIR/profiles/$1.yaml" <<-END
	apiVersion: envparity/v1
	kind: Environment
	name: $1
	targets: {docker: [{name: $2, host: "$3"}]}
	END
}

# collect ENV [SED…]: the evidence, without what only this machine knows
collect() {
  "$ENVPARITY" collect "$1" --profiles "$TMPDIR/profiles" --to "$TMPDIR/$1.yaml"
  sed -E -e "s|127\.0\.0\.1:${ENVPARITY_TEST_REGISTRY##*:}/|$SHOWN/|g" "${@:2}" "$TMPDIR/$1.yaml" >"$HERE/evidence/$1.yaml"
}

# ---------------------------------------------------------------- the capture

say "start three Redis servers"
mkdir -p "$HERE/evidence"
{
  (
    at dev
    start_redis "$ENVPARITY_TEST_REDIS_70"
    fill dev 400
  )
  (
    at qualif
    start_redis "$ENVPARITY_TEST_REDIS_62" --maxmemory 256mb
    fill qualif 2600
  )
  (
    at ovh-production
    start_redis "$ENVPARITY_TEST_VALKEY_80" --maxmemory 1gb --maxmemory-policy allkeys-lru
    fill ovh-production 14000
  )
} >>"$LOG" 2>&1
started=$SECONDS
traffic >/dev/null 2>&1 &
traffic=$!

say "build images"
(
  at_builder
  build_images
) >>"$LOG" 2>&1
for environment in "${ENVIRONMENTS[@]}"; do
  say "start the Docker Engine of $environment"
  (
    at "$environment"
    own_engine
    "run_$environment"
  ) >>"$LOG" 2>&1
  # Once dev has pulled timemachine:v22, another build is pushed under the same tag.
  [[ $environment != dev ]] || (
    at_builder
    builds=1000
    build team/timemachine:v22
  ) >>"$LOG" 2>&1
done
(
  at ovh-production
  start_proxy
) >>"$LOG" 2>&1

while ((SECONDS - started < UP)); do sleep 1; done

say "collect"
mkdir -p "$TMPDIR/profiles"
cat >"$TMPDIR/profiles/audit.yaml" <<-END
	apiVersion: envparity/v1
	kind: Audit
	baseline: ovh-production
	environments: [dev, qualif, ovh-production]
END
socket() { (at "$1" && echo "unix://$DOCKER_SOCKET"); }
proxy="tcp://$(at ovh-production && listening proxy "listening on")"
write_profile dev laptop "$(socket dev)"
write_profile qualif app "$(socket qualif)"
write_profile ovh-production app "$proxy"
host="$(uname -n)"
collect dev -e "s|$(socket dev)|unix:///var/run/docker.sock|" -e "s|^( +)$host:\$|\1dev-laptop:|"
collect qualif -e "s|$(socket qualif)|unix:///var/run/docker.sock|" -e "s|^( +)$host:\$|\1qualif-1:|"
collect ovh-production -e "s|$proxy|$SHOWN_PROXY|"

info dev redis-server dev-cache.txt
# dev's second Redis is qualif's: the same server, asked once more
info qualif redis-server dev-host.txt
info qualif redis-server qualif-cache.txt
info ovh-production valkey-server ovh-production-cache.txt

if (($(sed -n 's/^    id: //p' "$HERE"/evidence/*.yaml | sort -u | wc -l) != 2)); then
  say "two engines share an ID" >&2
  exit 1
fi
if grep -nE "^ +$host:\$|/tmp/|$ROOT|127\.0\.0\.1" "$HERE"/evidence/*; then
  say "the evidence still tells something of this machine, see above" >&2
  exit 1
fi
say "done: --at $(TZ=Europe/Paris date -d '+3 minutes' +%Y-%m-%dT%H:%M:00%:z)"
