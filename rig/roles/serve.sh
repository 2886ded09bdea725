#!/bin/sh
# Role `serve`: the DHCP server. Its clock can be stepped: /var/lib/portledger/clock has the seconds to add.
set -e
clock=/var/lib/portledger/clock
[ -e $clock ] || echo +0 > $clock
for library in /usr/lib/*/faketime/libfaketimeMT.so.1; do LD_PRELOAD=$library; done
export LD_PRELOAD FAKETIME_TIMESTAMP_FILE=$clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
exec rig/roles/portledger.sh serve
