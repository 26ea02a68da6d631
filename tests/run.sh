#!/usr/bin/env bash
# The project's one test command: starts the real servers the tests talk to, runs every test, takes the servers away.
#
#   tests/run.sh [ARG…]      every test; each ARG is handed to the runner (cargo nextest if installed, else cargo test)
#   tests/run.sh --with CMD  CMD instead of the tests, in the same surroundings: to debug against the servers, as in
#                            `tests/run.sh --with bash` or `tests/run.sh --with cargo test --test docker`
#
# What is missing is installed first (tests/support/install.sh), which takes Debian and root; dockerd takes root anyway.
# Before that it says what that is, how long it takes and how much disk it needs. docs/TESTING.md has the figures.
# The servers listen on loopback only, on ports the kernel picks, and keep everything in one directory that is removed
# at the end: two runs can go on at once, and a Docker Engine that is already there is neither used nor disturbed.
#
# The tests learn where things are from the environment:
#   ENVPARITY_TEST_DOCKER_SOCKET   path of the engine's Unix socket
#   ENVPARITY_TEST_DOCKER_TCP      host:port of the same engine
#   ENVPARITY_TEST_REGISTRY        host:port of an image registry; tests/support/docker.sh lists what runs
#   ENVPARITY_TEST_SLOWNESS        by how much deadlines of tests are longer than on an idle machine: a whole number from
#                                  1; worked out from the load, unless it is set already
#   ENVPARITY_TEST_BINARY          another build of the program than the tests' own, to measure it: a path below the
#                                  repository, as target/release/envparity
#   ENVPARITY_TEST_PYTHON          Python with what tests/readers/requirements.txt lists
#   ENVPARITY_TEST_CHROMIUM        a browser that runs without a screen
#   ENVPARITY_TEST_POSTGRES        folder of the programs of a PostgreSQL server; tests start their own
#   ENVPARITY_TEST_REDIS_62, ENVPARITY_TEST_REDIS_70, ENVPARITY_TEST_VALKEY_80   server binaries; tests start their own
#
# Exit code: the runner's or CMD's; 2 if the servers could not be had; 130 or 143 if interrupted.
set -euo pipefail
if [[ $# == 1 && "$1" == --with ]]; then
  echo "tests/run.sh: --with needs a command" >&2
  exit 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# root's PATH lacks sbin in some logins, and dockerd lives there
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
# settings for the developer's own Docker must reach neither the setup nor the tests
unset "${!DOCKER_@}"

CACHE="$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/test-servers"
source tests/support/install.sh
explain_if_not_installable

# not below TMPDIR: the path of a Unix socket has at most 107 bytes
DIR="$(mktemp -d /tmp/envparity-XXXXXX)"
LOG="$DIR/log"
mkdir -p "$CACHE" "$DIR/tmp"
# tests that run as another user find what is theirs below it
chmod 711 "$DIR" "$DIR/tmp"
source tests/support/docker.sh
source tests/support/slowness.sh
measure_slowness

doing="" # the step under way, empty once the servers are up
runner="" # process group of the tests, while they run
janitor="" # cleans up if we are killed outright

step() {
  doing="$1"
  printf '%4ds  %s\n' "$SECONDS" "$doing"
  shift
  "$@" >>"$LOG" 2>&1
}

clear_away() {
  stop_docker
  rm -rf --one-file-system -- "$DIR"
}

cleanup() {
  local status=$?
  set +e
  trap '' INT TERM HUP
  if [[ -n "$doing" && $status -lt 128 ]]; then
    printf 'tests/run.sh: failed to %s; the end of its log:\n' "$doing" >&2
    tail -n 30 "$LOG" >&2
    cp "$LOG" "$CACHE/failed.log" && printf 'tests/run.sh: all of it is in %s\n' "$CACHE/failed.log" >&2
    status=2
  fi
  [[ -z "$janitor" ]] || kill -KILL -- "-$janitor"
  remove_own_policy
  clear_away >>"$LOG" 2>&1
  exit "$status"
}

interrupted() {
  trap '' INT TERM HUP
  [[ -z "$runner" ]] || { kill -TERM -- "-$runner" && wait "$runner"; } 2>/dev/null || true
  exit "$1"
}

# apart CMD…: in the background, in a process group of its own, so that Ctrl-C reaches only us
apart() {
  set -m
  "$@" </dev/null &
  set +m
}

watch_over() {
  set +e
  while kill -0 $$; do sleep 1; done
  clear_away
}

run_tests() {
  local docs=0
  # nextest leaves doc tests out
  cargo test --doc --all-features || docs=$?
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --all-features --no-fail-fast "$@"
  else
    (($#)) || set -- --lib --bins --tests # the doc tests have been run
    cargo test --all-features --no-fail-fast "$@"
  fi || return
  ((docs == 0)) || echo "tests/run.sh: all of these passed, but doc tests failed, see above"
  return "$docs"
}

trap cleanup EXIT
trap 'interrupted 130' INT
trap 'interrupted 143' TERM HUP

apart watch_over >>"$LOG" 2>&1
janitor=$!
disown # its end is nothing to report
announce_installation
announce_slowness
step "install what is missing" install_missing
step "fetch Redis 6.2.5" fetch_redis_62
step "install readers of reports" install_readers
step "start the image registry" start_registry
step "start the Docker Engine" start_docker
step "build images and run containers" run_containers
printf '%4ds  servers are up: Docker Engine %s, %s\n' "$SECONDS" "$(docker version --format '{{.Server.Version}}')" \
  "$(server_versions)"
doing=""

export ENVPARITY_TEST_DOCKER_SOCKET="$DOCKER_SOCKET" ENVPARITY_TEST_DOCKER_TCP="$DOCKER_TCP"
export ENVPARITY_TEST_REGISTRY="$REGISTRY"
export ENVPARITY_TEST_REDIS_62="$REDIS_62" ENVPARITY_TEST_REDIS_70 ENVPARITY_TEST_VALKEY_80
ENVPARITY_TEST_REDIS_70="$(command -v redis-server)"
ENVPARITY_TEST_VALKEY_80="$(command -v valkey-server)"
export ENVPARITY_TEST_POSTGRES
ENVPARITY_TEST_POSTGRES="$(postgres_programs)"
export ENVPARITY_TEST_PYTHON="$READERS/bin/python" ENVPARITY_TEST_CHROMIUM
ENVPARITY_TEST_CHROMIUM="$(command -v chromium)"
# whatever a killed test leaves behind is then in our directory, where cleanup finds it
export TMPDIR="$DIR/tmp"

if [[ "${1:-}" == --with ]]; then
  "${@:2}"
else
  # Apart, so that an interruption ends the tests at once: a trap waits for what runs in the foreground.
  # nextest reports on stderr: one stream keeps its summary last.
  apart run_tests "$@" 2>&1
  runner=$!
  wait "$runner"
fi
