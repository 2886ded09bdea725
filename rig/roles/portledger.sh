#!/bin/sh
# The command portledger as this server's machine has it
exec node dist/src/cli/main.js "$@" -c rig/portledger.yaml
