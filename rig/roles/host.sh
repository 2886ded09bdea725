#!/bin/sh
# Role `host`: the machine of a server. Its network outlives the server's processes, and the evidence tap listens in it.
# Environment: RIG_NET, RIG_GATEWAY (the gateway's address in the server's net), RIG_TAP (the file)
set -e
mkdir -p "$(dirname "$RIG_TAP")"
ip route replace "$RIG_NET.128/25" via "$RIG_GATEWAY"
exec tcpdump -Z root -i any -n -s 0 -U -B 8192 --immediate-mode -w "$RIG_TAP" 'udp port 67 or udp port 68'
