#!/bin/sh
# What dhclient (reason, new_ip_address ...) and udhcpc (argument, ip ...) call to set the address of lan0
case "${reason-}${1-}" in
  BOUND | RENEW | REBIND | REBOOT | bound | renew)
    ip addr replace "${new_ip_address-}${ip-}/25" dev lan0
    ip -4 -o addr show dev lan0 | awk -v now="${new_ip_address-}${ip-}/25" '$4 != now { print $4 }' |
      while read -r old; do ip addr del "$old" dev lan0; done
    ip route replace default via "${new_routers-}${router-}" dev lan0 ;;
  EXPIRE | FAIL | RELEASE | STOP | deconfig) ip -4 addr flush dev lan0 ;;
esac
exit 0
