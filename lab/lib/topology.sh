# The little internet of one fault. With two routers:
#
#   edge --- r1 --- r2 ---lan--- origin
#             |      |  \------- other
#            dns   vantage
#
# r1 is FIRST, the last router LAST; `hops` of them (1 to 4). Interfaces: `eth0` in edge, dns,
# origin, other and vantage; a router's `left` leads towards the edge and `right` away from
# it; the last router's `lan` is a bridge with the ports `to_origin` and `to_other`.

fresh_namespace='
cd /proc/sys/net
echo 0 >ipv6/conf/all/accept_dad; echo 0 >ipv6/conf/default/accept_dad
echo 0 >ipv4/conf/all/rp_filter; echo 0 >ipv4/conf/default/rp_filter
case $0 in
r?) echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding ;;
edge|vantage) echo "0 2147483647" >ipv4/ping_group_range ;;
esac'

link4() { LINK_A=$LINK4_BASE$((LINK4_FIRST + 4 * $1 + 1)) LINK_B=$LINK4_BASE$((LINK4_FIRST + 4 * $1 + 2)); }

# A host with one interface: its batch of `ip` commands. An IPv6 address after "-" is never chosen by the
# kernel as a source (RFC 6724 rule 3), so that it is clear which one speaks.
host_batch() {
  local gateway4=$1 gateway6=$2 address
  shift 2
  printf '%s\n' 'link set lo up' 'link set eth0 up'
  for address in "$@"; do
    if [[ $address == -* ]]; then printf 'addr add %s dev eth0 nodad preferred_lft 0\n' "${address#-}"
    elif [[ $address == *:* ]]; then printf 'addr add %s dev eth0 nodad\n' "$address"
    else printf 'addr add %s dev eth0\n' "$address"; fi
  done
  printf 'route add default via %s\nroute add default via %s\n' "$gateway4" "$gateway6"
}

router_batch() {
  local i=$1 last=$2 j
  echo 'link set lo up'
  if ((i == 1)); then
    printf '%s\n' 'link set left up' 'link set to_dns up' \
      "addr add $EDGE_GW4/${EDGE_NET4#*/} dev left" "addr add $EDGE_GW6/64 dev left nodad" \
      "addr add $DNS_GW4/${DNS_NET4#*/} dev to_dns" "addr add $DNS_GW6/64 dev to_dns nodad"
  else
    link4 $((i - 1))
    printf '%s\n' 'link set left up' \
      "addr add $LINK_B/30 dev left" "addr add $LINK6_BASE:$((i - 1))::2/64 dev left nodad" \
      "route add $EDGE_NET4 via $LINK_A" "route add $EDGE_NET6 via $LINK6_BASE:$((i - 1))::1" \
      "route add $DNS_NET4 via $LINK_A" "route add $DNS_NET6 via $LINK6_BASE:$((i - 1))::1"
  fi
  if ((i < last)); then
    link4 "$i"
    printf '%s\n' 'link set right up' \
      "addr add $LINK_A/30 dev right" "addr add $LINK6_BASE:$i::1/64 dev right nodad" \
      "route add default via $LINK_B" "route add default via $LINK6_BASE:$i::2"
  else
    printf '%s\n' 'link set to_vantage up' 'link set lan up' \
      'link set to_origin master lan up' 'link set to_other master lan up' \
      "addr add $LAN_GW4/${LAN4#*/} dev lan" "addr add $LAN_GW6/64 dev lan nodad" \
      "addr add $VANTAGE_GW4/${VANTAGE_NET4#*/} dev to_vantage" \
      "addr add $VANTAGE_GW6/64 dev to_vantage nodad"
  fi
}

links_batch() {
  local last=$1 i
  echo "link add eth0 type veth peer name left netns r1"
  echo "link add eth0 netns dns type veth peer name to_dns netns r1"
  for ((i = 1; i < last; ++i)); do
    echo "link add right netns r$i type veth peer name left netns r$((i + 1))"
  done
  echo "link add lan netns r$last type bridge mcast_snooping 0"
  echo "link add eth0 netns origin type veth peer name to_origin netns r$last"
  echo "link add eth0 netns other type veth peer name to_other netns r$last"
  echo "link add eth0 netns vantage type veth peer name to_vantage netns r$last"
}

topology() {
  local last=$1 i namespace routers=()
  FIRST=r1 LAST=r$last HOPS=$last
  for ((i = 1; i <= last; ++i)); do routers+=("r$i"); done
  mkdir -p /run/netns
  : >/run/netns/edge
  mount --bind /proc/self/ns/net /run/netns/edge
  for namespace in "${routers[@]}" dns origin other vantage; do
    : >"/run/netns/$namespace"
    unshare --net="/run/netns/$namespace" sh -c "$fresh_namespace" "$namespace" &
  done
  sh -c "$fresh_namespace" edge
  wait
  links_batch "$last" | ip -batch - || die "cannot create the links"
  for ((i = 1; i <= last; ++i)); do
    router_batch "$i" "$last" | on "r$i" ip -batch - &
  done
  host_batch "$DNS_GW4" "$DNS_GW6" "$RESOLVER4/${DNS_NET4#*/}" "$NS1_4/${DNS_NET4#*/}" \
    "$NS2_4/${DNS_NET4#*/}" "$ROOT4/${DNS_NET4#*/}" "$RESOLVER6/64" "-$NS1_6/64" "-$NS2_6/64" "-$ROOT6/64" |
    on dns ip -batch - &
  host_batch "$LAN_GW4" "$LAN_GW6" "$ORIGIN4/${LAN4#*/}" "$ORIGIN4B/${LAN4#*/}" "$ORIGIN6/64" "-$ORIGIN6B/64" |
    on origin ip -batch - &
  host_batch "$LAN_GW4" "$LAN_GW6" "$OTHER4/${LAN4#*/}" "$OTHER6/64" | on other ip -batch - &
  host_batch "$VANTAGE_GW4" "$VANTAGE_GW6" "$VANTAGE4/${VANTAGE_NET4#*/}" "$VANTAGE6/64" |
    on vantage ip -batch - &
  host_batch "$EDGE_GW4" "$EDGE_GW6" "$EDGE4/${EDGE_NET4#*/}" "$EDGE4B/${EDGE_NET4#*/}" \
    "$EDGE4C/${EDGE_NET4#*/}" "$EDGE6/64" "-$EDGE6B/64" "-$EDGE6C/64" | ip -batch - &
  wait
  # A process of the dns namespace whose /proc/PID/net tells what is bound there.
  start anchor dns sleep infinity
  ip route get "$ORIGIN4" >/dev/null || die "the topology is not complete"
}
