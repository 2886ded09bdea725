# What the roles share. RIG_NET is the first three bytes of the campus' addresses:
#   .0/27 net of server a, .32/27 net of server b, .64/27 net of the logger, .96/27 cables, .128/25 access network of the clients

# The interface that has this address (Docker names interfaces in no fixed order)
interface_of() { ip -o -4 addr | awk -v address="$1/" 'index($4, address) == 1 { print $2 }'; }

# An interface `name` that is an end of a cable: its frames travel between UDP port `bind` here and the one of `peer`
cable() { # name bind peer port
  until getent hosts "$3" >/dev/null; do sleep 0.2; done
  socat "TUN,tun-name=$1,tun-type=tap,iff-no-pi" "UDP4-DATAGRAM:$3:$4,bind=:$2" &
  until [ -e "/sys/class/net/$1" ]; do sleep 0.05; done
}
