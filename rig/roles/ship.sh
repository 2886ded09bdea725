#!/bin/sh
# Role `ship`: carries the server's events to the logger
set -e
exec node dist/src/cli/main.js ship -c rig/portledger.yaml
