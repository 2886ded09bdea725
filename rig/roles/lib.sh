# What the roles share. RIG_NET is the first three bytes of the campus' addresses:
#   .0/27 net of server a, .32/27 net of server b, .64/27 net of the logger, .96/27 cables, .128/25 access network of the clients

# The interface that has this address (Docker names interfaces in no fixed order)
interface_of() { ip -o -4 addr | awk -v address="$1/" 'index($4, address) == 1 { print $2 }'; }

# An interface `name` that is an end of a cable: its frames travel between UDP port `bind` here and the one of `peer`. More arguments are
# what `ip link set` is told of it. It is up before socat comes, which reads the interface's flags and writes them back: one that is brought up
# in between is down again, for good. Where socat ends it is started again; the interface stays.
cable() ( # name bind peer port [argument ...]
  name=$1 bind=$2 peer=$3 port=$4
  shift 4
  ip tuntap add "$name" mode tap
  ip link set "$name" "$@" up
  getent hosts "$peer" >/dev/null || echo "cable $name: there is no $peer yet"
  until getent hosts "$peer" >/dev/null; do sleep 0.2; done
  plug "$name" "$bind" "$peer" "$port" &
  until [ "$(cat "/sys/class/net/$name/carrier")" = 1 ]; do sleep 0.05; done
)

plug() { # as cable
  while :; do
    socat "TUN,tun-name=$1,tun-type=tap,iff-no-pi" "UDP4-DATAGRAM:$3:$4,bind=:$2" && code=0 || code=$?
    echo "cable $1: socat ended with $code and is started again" >&2
    sleep 1
  done
}
