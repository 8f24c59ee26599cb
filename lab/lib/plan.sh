# Address plans: who has which address. A fault names addresses only by these variables, so that
# nothing can be fitted to a literal:
#   EDGE4 EDGE4B EDGE4C  the edge's addresses (the kernel picks the first)   EDGE_NET4 EDGE_GW4
#   ORIGIN4 ORIGIN4B     the origin's two addresses                          LAN4 LAN_GW4
#   OTHER4               another customer's machine on the origin's network
#   DEAD4                an address of that network that nobody has
#   RESOLVER4 NS1_4 NS2_4 ROOT4  the resolver and the name servers           DNS_NET4
#   VANTAGE4             a second vantage, behind the last router            VANTAGE_NET4
#   STRAY4               an address no router has a route for
# and the same with 6. Besides: ZONE, NAME (the site), ALIAS (another name in the zone).

edge4() { EDGE_NET4=$1 EDGE_GW4=$2$3 EDGE4=$2$4 EDGE4B=$2$5 EDGE4C=$2$6; }
edge6() { EDGE_NET6=$1 EDGE_GW6=$2$3 EDGE6=$2$4 EDGE6B=$2$5 EDGE6C=$2$6; }
dns4() { DNS_NET4=$1 DNS_GW4=$2$3 RESOLVER4=$2$4 NS1_4=$2$5 NS2_4=$2$6 ROOT4=$2$7; }
dns6() { DNS_NET6=$1 DNS_GW6=$2$3 RESOLVER6=$2$4 NS1_6=$2$5 NS2_6=$2$6 ROOT6=$2$7; }
lan4() { LAN4=$1 LAN_GW4=$2$3 ORIGIN4=$2$4 ORIGIN4B=$2$5 OTHER4=$2$6 DEAD4=$2$7; }
lan6() { LAN6=$1 LAN_GW6=$2$3 ORIGIN6=$2$4 ORIGIN6B=$2$5 OTHER6=$2$6 DEAD6=$2$7; }
vantage4() { VANTAGE_NET4=$1 VANTAGE_GW4=$2$3 VANTAGE4=$2$4; }
vantage6() { VANTAGE_NET6=$1 VANTAGE_GW6=$2$3 VANTAGE6=$2$4; }
# Networks between routers: link I uses LINK4_BASE.(LINK4_FIRST + 4*I)/30 and LINK6_BASE:I::/64.
links() { LINK4_BASE=$1 LINK4_FIRST=$2 LINK6_BASE=$3; }
names() { ZONE=$1 NAME=$2.$1 ALIAS=$3.$1; }

# Documentation ranges throughout.
plan_a() {
  edge4 198.51.100.0/26 198.51.100. 1 10 11 12
  edge6 2001:db8:e::/64 2001:db8:e:: 1 10 11 12
  dns4 198.51.100.128/26 198.51.100. 129 131 130 132 140
  dns6 2001:db8:d::/64 2001:db8:d:: 1 53 51 52 40
  lan4 203.0.113.0/24 203.0.113. 1 10 11 20 99
  lan6 2001:db8:a::/64 2001:db8:a:: 1 10 11 20 99
  vantage4 192.0.2.0/26 192.0.2. 1 10
  vantage6 2001:db8:5::/64 2001:db8:5:: 1 10
  links 192.0.2. 128 2001:db8:12
  STRAY4=192.0.2.254 STRAY6=2001:db8:dead::10
}
# The same ranges the other way round; routers with private addresses, as providers have them.
plan_b() {
  edge4 203.0.113.64/27 203.0.113. 94 70 71 85
  edge6 2001:db8:77:1::/64 2001:db8:77:1:: ff 7 8 9
  dns4 192.0.2.64/27 192.0.2. 65 66 77 78 90
  dns6 2001:db8:77:2::/64 2001:db8:77:2:: ff 66 77 78 90
  lan4 198.51.100.192/26 198.51.100. 254 200 201 222 240
  lan6 2001:db8:77:3::/64 2001:db8:77:3:: ff c8 c9 de f0
  vantage4 203.0.113.224/28 203.0.113. 225 226
  vantage6 2001:db8:77:4::/64 2001:db8:77:4:: ff 2
  links 10.255.7. 0 fd00:aa:7
  STRAY4=203.0.113.250 STRAY6=2001:db8:f00d::1
}
# Ordinary global addresses: nothing of the documentation ranges.
plan_c() {
  edge4 185.143.200.0/24 185.143.200. 1 33 34 133
  edge6 2a06:9f40:1::/64 2a06:9f40:1:: 1 33 34 133
  dns4 45.152.77.0/28 45.152.77. 14 3 4 5 7
  dns6 2a06:9f40:2::/64 2a06:9f40:2:: 1 3 4 5 7
  lan4 91.217.40.0/22 91.217.41. 1 87 88 120 201
  lan6 2a0c:77c0:20:3::/64 2a0c:77c0:20:3:: 1 87 88 120 201
  vantage4 139.28.30.0/24 139.28.30. 1 44
  vantage6 2a0d:1140:9::/64 2a0d:1140:9:: 1 44
  links 62.115.9. 40 2001:2034:9
  STRAY4=5.188.99.10 STRAY6=2a0e:dead:1::5
}
# Small networks, gateways at the upper end, private links.
plan_d() {
  edge4 141.94.12.16/29 141.94.12. 22 17 18 20
  edge6 2a0f:5707:aa00::/64 2a0f:5707:aa00:: 1 aa bb cc
  dns4 80.67.169.32/28 80.67.169. 46 40 35 36 44
  dns6 2a0f:5707:dd00::/64 2a0f:5707:dd00:: 1 40 35 36 44
  lan4 176.31.208.80/28 176.31.208. 94 82 83 90 92
  lan6 2001:41d0:8:1::/64 2001:41d0:8:1:: fe 82 83 90 92
  vantage4 37.187.4.0/26 37.187.4. 62 5
  vantage6 2001:41d0:52::/64 2001:41d0:52:: fe 5
  links 172.29.64. 64 fd12:3456:78
  STRAY4=151.80.1.9 STRAY6=2001:41d0:ffff::9
}

# plan [LETTER] HASH: the letter, or one by the hash of the fault's id.
plan() {
  local letters=(a b c d) letter=$1 hash=$2
  [[ -n $letter ]] || letter=${letters[hash % 4]}
  "plan_$letter"
  case $((hash / 4 % 5)) in
    0) names example.net www shop ;;
    1) names example.org shop img ;;
    2) names kunde.example www api ;;
    3) names tienda.example.com store cdn ;;
    4) names widgets.test www static ;;
  esac
}
