# Packet filters and lines that are worse than they should be.

# rule NAMESPACE HOOK RULE...: one nft rule at the end of a chain on that hook (input, output, forward,
# prerouting, postrouting), accepting by default; table `inet fault`. `policy NAMESPACE HOOK drop` turns the default.
rule() {
  local namespace=$1 hook=$2
  shift 2
  printf 'add table inet fault\nadd chain inet fault %s { type filter hook %s priority 0; }\nadd rule inet fault %s %s\n' \
    "$hook" "$hook" "$hook" "$*" | on "$namespace" nft -f -
}
policy() { on "$1" nft "chain inet fault $2 { policy $3; }"; }

# A sane host firewall that is closed but for what the words name: ct states, loopback, neighbour discovery
# and the rules given, one word each: lockdown origin 'tcp dport {80, 443} accept' 'icmp type echo-request accept'
lockdown() {
  local namespace=$1 line
  shift
  rule "$namespace" input ct state invalid counter drop
  for line in 'ct state established,related accept' 'iif lo accept' \
    'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept' "$@"; do
    rule "$namespace" input "$line"
  done
  policy "$namespace" input drop
}

# loss NAMESPACE PERCENT [MATCH...]: forwarded packets are lost at random.
loss() {
  local namespace=$1 percent=$2
  shift 2
  rule "$namespace" forward "$* numgen random mod 100 < $percent counter drop"
}

# narrow MTU [silent]: the line between the last two routers takes only small packets, as a tunnel does.
# With `silent` the last router does not say so (its ICMP is filtered). IPv6 ends below 1280.
narrow() {
  local mtu=$1 router=r$((HOPS - 1))
  ((HOPS > 1)) || die 'narrow: needs two routers'
  on "$router" ip link set right mtu "$mtu"
  on "$LAST" ip link set left mtu "$mtu"
  [[ ${2-} == silent ]] || return 0
  rule "$LAST" output 'icmp type destination-unreachable icmp code 4 counter drop'
  rule "$LAST" output 'icmpv6 type packet-too-big counter drop'
}

# half_open NAMESPACE ADDRESS PORT COUNT: connections whose SYN-ACKs are thrown away, so that they stay half
# open on the server (a SYN flood, only slower).
half_open() {
  rule "$1" input "tcp sport $3 tcp flags & (syn|ack) == syn|ack counter drop"
  on "$1" curl -s --parallel --parallel-immediate --parallel-max "$4" --max-time 100 \
    "http://$(bracket "$2"):$3/[1-$4]" >/dev/null 2>&1 &
}

# hold NAMESPACE ADDRESS PORT COUNT: connections that stay open and say nothing.
hold() {
  on "$1" bash -c "for ((i = 0; i < $4; ++i)); do exec {socket}<>/dev/tcp/$2/$3; done; exec sleep 1000" &
}

# ask_and_hold NAMESPACE ADDRESS PORT COUNT: connections with a request on each (`request` in printf's form), kept.
ask_and_hold() {
  on "$1" bash -c "trap '' PIPE; for ((i = 0; i < $4; ++i)); do exec {socket}<>/dev/tcp/$2/$3
    printf '${request:-GET / HTTP/1.1\\r\\nHost: $NAME\\r\\n\\r\\n}' >&\$socket; done; exec sleep 1000" &
}
