#!/bin/bash
# Runs a command with a Docker engine: the one that answers, or a private one that ends with the command. The private engine needs root and
# dockerd. It has its own folder and network namespace, so that nothing is left on the machine, not even a firewall rule.
# usage: engine.sh [--if-possible] COMMAND [ARGUMENT...]     --if-possible: if no engine can be started, run the command without one
set -uo pipefail
needed=1
if [ "${1-}" = --if-possible ]; then
  needed=
  shift
fi
if [ $# = 0 ]; then
  echo 'error: no command is given: rig/engine.sh [--if-possible] COMMAND [ARGUMENT...]' >&2
  exit 2
fi
[ -n "$needed" ] || command -v dockerd >/dev/null || exec "$@"
if docker version >/dev/null 2>&1; then exec "$@"; fi

work=$(mktemp -d /var/tmp/portledger-docker.XXXXXX)
space=portledger-docker-$$
engine=
command=

cleanup() {
  trap '' INT TERM HUP
  if [ -n "$command" ]; then wait "$command"; fi
  if [ -n "$engine" ]; then kill "$engine"; wait "$engine"; fi
  awk -v folder="$work/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount
  ip netns delete "$space"
  rm -rf "$work"
} 2>/dev/null
trap cleanup EXIT

ip netns add "$space" && ip -n "$space" link set lo up || exit 3
# Not `ip netns exec`: it mounts /sys again, and then dockerd finds no control groups. Its own process group: Ctrl-C must end the command
# first, which may have containers to remove
setsid nsenter --net="/run/netns/$space" dockerd --data-root "$work/data" --exec-root "$work/run" --pidfile "$work/pid" \
  -H "unix://$work/docker.sock" --ip 127.0.0.1 >"$work/log" 2>&1 &
engine=$!
export DOCKER_HOST=unix://$work/docker.sock PORTLEDGER_DOCKER_NETNS=$space
for _ in $(seq 150); do
  docker version >/dev/null 2>&1 && break
  kill -0 "$engine" 2>/dev/null || break
  sleep 0.1
done
if ! docker version >/dev/null 2>&1; then
  echo "error: no Docker engine answers, and dockerd does not start here:" >&2
  tail -n 3 "$work/log" >&2
  [ -z "$needed" ] || exit 3
  unset DOCKER_HOST
fi
"$@" <&0 &
command=$!
# A terminal also sends its signals to the command
trap : INT
trap 'kill -TERM "$command"' TERM HUP
while kill -0 "$command" 2>/dev/null; do wait "$command"; status=$?; done
command=
exit "$status"
