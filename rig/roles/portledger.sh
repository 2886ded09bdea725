#!/bin/sh
# The command portledger as this server's machine has it
exec node dist/src/cli/main.js "$@" -c "rig/servers/dhcp-$RIG_HOST.yaml"
