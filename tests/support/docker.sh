# Sourced by tests/run.sh: an image registry and a Docker Engine of our own, and containers worth auditing.
# Needs $DIR; sets REGISTRY, DOCKER_TCP. Its docker() talks to our engine only.
#
# What runs, in the order of its creation (`REG` is $REGISTRY; compose names are project/service):
#
#   container                  state    image                       compose                  remarkable for
#   cache                      running  redis:7.2.4                                          a family's plain tag
#   orders-db                  running  postgres:16.4-alpine3.20                             a variant in the tag
#   web                        running  nginx:latest                                         floats; its OCI version label says 1.27.3
#   timemachine-timemachine-1  running  REG/team/timemachine:v22    timemachine/timemachine  the tag has moved on, see below
#   timemachine-worker-1       running  REG/team/timemachine:v22    timemachine/worker       a later build under the same tag
#   sessions                   paused   redis:7.2.4                                          paused still runs
#   old-cache                  exited   redis:6.0.20                                         does not run
#   sandbox-1-cache-1          running  redis:7.4.0                 sandbox-1/cache          for `exclude: {projects: [sandbox-*]}`
#
# The moved tag, as Engine 20.10.24 reports it. /containers/json has the configuration ID in *both* Image and ImageID of
# timemachine-timemachine-1, while timemachine-worker-1 keeps Image "REG/team/timemachine:v22". In /images/json the
# first build has RepoTags null and still its RepoDigests ["REG/team/timemachine@sha256:…"], so the repository is known
# and the tag is not; only /containers/ID/json remembers it, in Config.Image. Images that were never pushed have
# RepoDigests null.

DOCKER_SOCKET="$DIR/docker.sock"
GROUP="${DIR##*/}" # control group of the containers

docker() { timeout "$((60 * ENVPARITY_TEST_SLOWNESS))" docker --config "$DIR/docker-config" --host "unix://$DOCKER_SOCKET" "$@"; }

# background NAME CMD…: in a session of its own, so that Ctrl-C reaches only us and we can stop things in order
background() {
  setsid "${@:2}" >"$DIR/$1.log" 2>&1 </dev/null &
  echo $! >"$DIR/$1.pid"
}

# wait_for NAME CMD…: until CMD succeeds, for as long as the server lives and at most 30 seconds of an idle machine
wait_for() {
  local deadline=$((SECONDS + 30 * ENVPARITY_TEST_SLOWNESS))
  until "${@:2}"; do
    if ((SECONDS >= deadline)) || ! kill -0 "$(<"$DIR/$1.pid")" 2>/dev/null; then
      echo "$1 did not come up:"
      tail -n 20 "$DIR/$1.log"
      return 1
    fi
    sleep 0.05
  done
}

# listening NAME PATTERN: the first loopback address that NAME has logged after PATTERN
listening() { sed -nE "s/.*$2 (127\.0\.0\.1:[0-9]+).*/\1/p" "$DIR/$1.log" | head -n 1 | grep .; }

start_registry() {
  cat >"$DIR/registry.yml" <<-END
	version: 0.1
	storage: {filesystem: {rootdirectory: $DIR/registry}}
	http: {addr: "127.0.0.1:0"}
	END
  background registry docker-registry serve "$DIR/registry.yml"
  wait_for registry listening registry "listening on"
  REGISTRY="$(listening registry "listening on")"
}

# containerd is ours too: dockerd would share the machine's, if there is one.
# No bridge and no iptables: nothing of the host's network is touched, and no container here needs one.
# vfs works on every file system, and leaves no mounts; our images have 2 MB.
start_docker() {
  # "opt" would create /opt/containerd, "cri" serves Kubernetes
  cat >"$DIR/containerd.toml" <<-END
	version = 2
	disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
	END
  background containerd containerd --config "$DIR/containerd.toml" --address "$DIR/containerd.sock" \
    --root "$DIR/containerd" --state "$DIR/run/containerd"
  wait_for containerd test -S "$DIR/containerd.sock"
  # a file of our own, or dockerd reads the machine's
  echo '{}' >"$DIR/dockerd.json"
  background dockerd dockerd --host "unix://$DOCKER_SOCKET" --host tcp://127.0.0.1:0 --tls=false \
    --containerd "$DIR/containerd.sock" --data-root "$DIR/docker" --exec-root "$DIR/run/docker" \
    --pidfile "$DIR/docker.pid" --config-file "$DIR/dockerd.json" --storage-driver vfs \
    --bridge none --iptables=false --ip6tables=false \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$GROUP"
  wait_for dockerd listening dockerd "API listen on"
  DOCKER_TCP="$(listening dockerd "API listen on")"
  wait_for dockerd docker version
}

# image NAME [--change …]: the file `build` makes every image another one
image() {
  mkdir -p "$DIR/rootfs/bin"
  cp -u "$(command -v busybox)" "$DIR/rootfs/bin/busybox"
  echo "$1 $((++builds))" >"$DIR/rootfs/build"
  tar -c -C "$DIR/rootfs" . |
    docker import "${@:2}" --change 'CMD ["/bin/busybox", "sleep", "2147483647"]' - "$1"
}
builds=0

# container NAME IMAGE [CMD…]; SIGKILL, because a process with the ID 1 ignores SIGTERM
container() { docker run --detach --pull never --network none --stop-signal KILL --name "$@"; }

# composed PROJECT SERVICE IMAGE
composed() {
  container "$1-$2-1" --label "com.docker.compose.project=$1" --label "com.docker.compose.service=$2" "$3"
}

run_containers() {
  local team="$REGISTRY/team/timemachine:v22"
  image redis:7.2.4
  image redis:7.4.0
  image redis:6.0.20
  image postgres:16.4-alpine3.20
  image nginx:latest --change 'LABEL org.opencontainers.image.version=1.27.3'

  container cache redis:7.2.4
  container orders-db postgres:16.4-alpine3.20
  container web nginx:latest

  image "$team"
  docker push "$team"
  composed timemachine timemachine "$team"
  image "$team"
  docker push "$team"
  composed timemachine worker "$team"

  container sessions redis:7.2.4
  docker pause sessions
  container old-cache redis:6.0.20 /bin/busybox true
  docker wait old-cache
  composed sandbox-1 cache redis:7.4.0
}

# end NAME: asks, then insists after ten seconds
end() {
  local pid tries
  [[ -f "$DIR/$1.pid" ]] || return 0
  pid="$(<"$DIR/$1.pid")"
  kill -TERM "$pid"
  # what has ended but was not waited for has an ID still, and no program
  for ((tries = 0; tries < 100; tries++)); do
    readlink "/proc/$pid/exe" >/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid"
}

# Ends what we started and nothing else; each line also copes with what the lines before it could not do.
stop_docker() {
  local pid
  [[ ! -S "$DOCKER_SOCKET" ]] ||
    docker ps --all --quiet | xargs -r timeout "$((30 * ENVPARITY_TEST_SLOWNESS))" docker --host "unix://$DOCKER_SOCKET" rm --force
  end dockerd
  end containerd
  end registry
  # containers, shims and servers of tests whose parent was killed: by control group, and by working directory
  find /sys/fs/cgroup -path "*/$GROUP*" -name freezer.state -exec sh -c 'echo THAWED >"$1"' - {} \;
  find /sys/fs/cgroup -path "*/$GROUP*" -name cgroup.procs -exec cat {} + | sort -u | xargs -r kill -KILL
  for pid in /proc/[0-9]*; do
    [[ "$(readlink "$pid/cwd")" != "$DIR"/* ]] || kill -KILL "${pid#/proc/}"
  done
  awk -v dir="$DIR/" 'index($2, dir) == 1 {print $2}' /proc/mounts | sort -r | xargs -r umount --lazy
  find /sys/fs/cgroup -depth -type d -path "*/$GROUP*" -exec rmdir {} \;
}
