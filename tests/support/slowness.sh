# Sourced by tests/run.sh: by how much the deadlines of tests have to be longer than on an idle machine.

# Sets ENVPARITY_TEST_SLOWNESS to 1 and how many others there are for each processor, up to 20, unless it is set. The
# load is an average over a minute, so what runs just now counts where that is more.
measure_slowness() {
  if [[ -z "${ENVPARITY_TEST_SLOWNESS:-}" ]]; then
    local load running processors
    read -r load _ _ running _ </proc/loadavg
    load="${load%.*}" running="$((${running%/*} - 1))" processors="$(nproc)"
    ((running > load)) && load="$running"
    ENVPARITY_TEST_SLOWNESS="$((1 + load / processors))"
    ((ENVPARITY_TEST_SLOWNESS <= 20)) || ENVPARITY_TEST_SLOWNESS=20
  elif [[ ! "$ENVPARITY_TEST_SLOWNESS" =~ ^[1-9][0-9]*$ ]]; then
    printf 'tests/run.sh: ENVPARITY_TEST_SLOWNESS is %q, not a whole number from 1\n' "$ENVPARITY_TEST_SLOWNESS" >&2
    exit 2
  fi
  export ENVPARITY_TEST_SLOWNESS
  # a test that waits for longer deadlines is not one that hangs
  ((ENVPARITY_TEST_SLOWNESS == 1)) || export NEXTEST_PROFILE="${NEXTEST_PROFILE:-busy}"
}

announce_slowness() {
  ((ENVPARITY_TEST_SLOWNESS == 1)) ||
    printf '      this machine is busy: deadlines of tests are %d times as long\n' "$ENVPARITY_TEST_SLOWNESS"
}
