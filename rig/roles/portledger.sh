#!/bin/sh
# The command portledger as this server's machine has it. It collects all garbage each time: memory that is left grows only if something leaks
exec node --gc-global dist/src/apps/cli/main.js "$@" -c "rig/servers/dhcp-$RIG_HOST.yaml"
