#!/bin/sh
# Role `gateway`: router between the clients and the servers' nets, with ISC dhcrelay; it leaves the switches' Option 82 alone.
# Environment: RIG_NET, RIG_SWITCHES
set -e
. rig/roles/lib.sh
ip link add lan address 02:00:00:00:01:00 type bridge forward_delay 0
ip link set lan up
ip addr add "$RIG_NET.129/25" dev lan
for number in $(seq "$RIG_SWITCHES"); do
  cable "up$number" $((20100 + number)) "switch-$number" 20000 master lan
done
exec dhcrelay -4 -d -m forward -id lan -iu "$(interface_of "$RIG_NET.1")" -iu "$(interface_of "$RIG_NET.33")" \
  "$RIG_NET.2" "$RIG_NET.34"
