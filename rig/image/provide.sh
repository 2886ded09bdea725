#!/bin/sh
# Runs in the image: installs the packages of the rig unless the base image brought them along.
set -e
cd "$(dirname "$0")"
for program in dhclient dhcpcd dhcrelay mariadbd socat tcpdump tshark; do command -v "$program" >/dev/null || missing=1; done
[ -n "${missing-}" ] || exit 0
apt-get update
# shellcheck disable=SC2046
apt-get install -y --no-install-recommends $(cat packages.txt)
rm -rf /var/lib/apt/lists/*
# Of the packages of MariaDB only one that is not needed here would make it
getent passwd mysql >/dev/null || useradd --system --user-group --home-dir /var/lib/mysql --shell /usr/sbin/nologin mysql
