#!/bin/sh
# Role `client`: a machine at a cable with one of three DHCP clients, which starts again when it ends.
# Environment: RIG_CLIENT (its number). With an argument: release (gives its lease back and starts anew),
# restart (kills the DHCP client, which then starts anew), renew (only for udhcpc and dhcpcd)
set -e
. rig/roles/lib.sh
case $((RIG_CLIENT % 3)) in 1) kind=dhclient ;; 2) kind=udhcpc ;; *) kind=dhcpcd ;; esac
name=client-$RIG_CLIENT
release_dhclient() { dhclient -4 -r -cf /run/dhclient.conf -lf /var/lib/dhcp/lan0.leases -pf /run/dhclient.pid -sf /opt/portledger/rig/roles/lease.sh lan0; }

case ${1-run} in
  release)
    case $kind in
      dhclient) release_dhclient ;;
      udhcpc) kill -USR2 "$(cat /run/udhcpc.pid)"; sleep 0.5; kill "$(cat /run/udhcpc.pid)" ;;
      dhcpcd) dhcpcd -4 -f /run/dhcpcd.conf -k lan0 ;;
    esac ;;
  renew) case $kind in udhcpc) kill -USR1 "$(cat /run/udhcpc.pid)" ;; dhcpcd) dhcpcd -4 -f /run/dhcpcd.conf -N lan0 ;; esac ;;
  restart) pidof dhclient dhcpcd busybox | xargs -r kill -9 ;;
  run)
    cable lan0 21000 permuter $((21000 + RIG_CLIENT)) address "$(printf '02:00:00:00:00:%02x' "$RIG_CLIENT")" mtu 1400
    ip route del default 2>/dev/null || true
    mkdir -p /var/lib/dhcp /var/lib/dhcpcd
    printf 'send host-name "%s";\nrequest subnet-mask, routers;\ntimeout 20;\nretry 3;\nreboot 3;\ninitial-interval 1;\nbackoff-cutoff 3;\n' "$name" > /run/dhclient.conf
    printf 'hostname %s\nduid\noption routers\nnoipv4ll\nnoipv6\nscript /bin/true\ntimeout 0\n' "$name" > /run/dhcpcd.conf
    echo "client $RIG_CLIENT ready: $kind"
    while :; do
      case $kind in
        dhclient) dhclient -4 -d -cf /run/dhclient.conf -lf /var/lib/dhcp/lan0.leases -pf /run/dhclient.pid -sf /opt/portledger/rig/roles/lease.sh lan0 ;;
        udhcpc) busybox udhcpc -f -i lan0 -t 4 -T 2 -A 3 -p /run/udhcpc.pid -x "hostname:$name" -s /opt/portledger/rig/roles/lease.sh ;;
        dhcpcd) dhcpcd -4 -B -f /run/dhcpcd.conf lan0 ;;
      esac && code=0 || code=$?
      echo "client $RIG_CLIENT: $kind ended with $code and is started again"
      sleep 1
    done ;;
esac
