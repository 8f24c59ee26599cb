# DNS: the zone on two name servers (knot), the root above it (knot), a resolver (unbound).
# A fault that is not about DNS calls nothing of this: main.sh starts `dns` before [setup].

# zone_text [SERIAL]: a zone of ZONE; the records come from standard input.
zone_text() {
  printf '$ORIGIN %s.\n$TTL 300\n@ SOA ns1 hostmaster %s 3600 600 86400 60\n@ NS ns1\n@ NS ns2\n' "$ZONE" "${1:-1}"
  printf 'ns1 A %s\nns1 AAAA %s\nns2 A %s\nns2 AAAA %s\n' "$NS1_4" "$NS1_6" "$NS2_4" "$NS2_6"
  cat
}

# The site's records as the header `family` says.
site_records() {
  [[ $family == ipv6 ]] || printf '%s. A %s\n%s. A %s\n' "$NAME" "$ORIGIN4" "$ALIAS" "$ORIGIN4"
  [[ $family == ipv4 ]] || printf '%s. AAAA %s\n%s. AAAA %s\n' "$NAME" "$ORIGIN6" "$ALIAS" "$ORIGIN6"
}

root_text() {
  printf '. 300 SOA a.root. h. 1 3600 600 86400 60\n. 300 NS a.root.\na.root. 300 A %s\na.root. 300 AAAA %s\n' \
    "$ROOT4" "$ROOT6"
  printf '%s. 300 NS ns1.%s.\n%s. 300 NS ns2.%s.\n' "$ZONE" "$ZONE" "$ZONE" "$ZONE"
  printf 'ns1.%s. 300 A %s\nns1.%s. 300 AAAA %s\nns2.%s. 300 A %s\nns2.%s. 300 AAAA %s\n' \
    "$ZONE" "$NS1_4" "$ZONE" "$NS1_6" "$ZONE" "$NS2_4" "$ZONE" "$NS2_6"
}

# knot NAME ZONE ZONEFILE ADDRESS... [-- LINE...]: an authority; LINEs are added to the zone's configuration.
knot() {
  local name=$1 zone=$2 file=$3 address directory=/tmp/$1
  shift 3
  mkdir -p "$directory/db"
  {
    printf 'server:\n  rundir: %s\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n' "$directory"
    while (($#)) && [[ $1 != -- ]]; do
      printf '  listen: %s@53\n' "$1"
      shift
    done
    printf 'database:\n  storage: %s/db\n' "$directory"
    printf 'zone:\n  - domain: %s\n    file: %s\n    zonefile-sync: -1\n    journal-content: none\n' "$zone" "$file"
    (($# < 2)) || printf '    %s\n' "${@:2}"
  } >"$directory/conf"
  start "$name" dns knotd -c "$directory/conf"
}

# unbound_resolver NAME [LINE...]: a resolver on RESOLVER4/6 that starts at the lab's root; LINEs are
# added to its server: section.
unbound_resolver() {
  local name=$1
  shift
  mkdir -p "/tmp/$name"
  printf '. 300 NS a.root.\na.root. 300 A %s\n' "$ROOT4" >"/tmp/$name/hints"
  {
    printf 'server:\n'
    printf '  %s\n' "interface: $RESOLVER4" "interface: $RESOLVER6" 'access-control: 0.0.0.0/0 allow' \
      'access-control: ::/0 allow' 'do-daemonize: no' 'username: ""' 'chroot: ""' 'use-syslog: no' 'pidfile: ""' \
      "directory: /tmp/$name" 'num-threads: 1' 'module-config: "iterator"' 'msg-cache-size: 1m' \
      'rrset-cache-size: 1m' 'do-not-query-localhost: no' "root-hints: /tmp/$name/hints" 'do-ip6: no' \
      'outgoing-range: 64' 'num-queries-per-thread: 32' 'ede: yes' 'local-zone: "test." nodefault' "$@"
    printf 'remote-control:\n  control-enable: yes\n  control-interface: /tmp/%s/control\n' "$name"
  } >"/tmp/$name/conf"
  start "$name" dns unbound -c "/tmp/$name/conf"
}

# forget NAME ZONE: a resolver of unbound's drops what it keeps of a zone.
forget() {
  on dns unbound-control -c "/tmp/$1/conf" flush_zone "$2" >/tmp/log/forget 2>&1 || { cat /tmp/log/forget >&2; die "forget: $*"; }
}

# dnsmasq_resolver NAME [OPTION...]: answers by itself, without authorities behind it.
dnsmasq_resolver() {
  local name=$1
  shift
  start "$name" dns dnsmasq -k --no-resolv --no-hosts --no-daemon --bind-interfaces --conf-file=/dev/null \
    --pid-file= --user=root --listen-address="$RESOLVER4" --listen-address="$RESOLVER6" "$@"
}

# What every fault gets unless its header says `dns: no`.
dns() {
  mkdir -p /tmp/zones
  site_records | zone_text >/tmp/zones/site
  root_text >/tmp/zones/root
  knot root . /tmp/zones/root "$ROOT4" "$ROOT6"
  knot ns "$ZONE" /tmp/zones/site "$NS1_4" "$NS2_4" "$NS1_6" "$NS2_6"
  unbound_resolver resolver
}
dns_ready() { dns_bound "$ROOT4" "$NS1_4" "$NS2_4" "$RESOLVER4"; }

# dns_bound ADDRESS4...: wait until somebody has UDP and TCP port 53 of each address. All name servers
# share one namespace, so that the port alone says nothing.
dns_bound() {
  local address
  for address in "$@"; do until_true 20 dns_has "$address"; done
}
dns_has() {
  local parts line lines more hex udp=no tcp=no
  IFS=. read -ra parts <<<"$1"
  printf -v hex '%02X%02X%02X%02X:0035' "${parts[3]}" "${parts[2]}" "${parts[1]}" "${parts[0]}"
  mapfile -t lines <"/proc/${pid_of[anchor]}/net/udp"
  mapfile -t more <"/proc/${pid_of[anchor]}/net/tcp"
  for line in "${lines[@]}" "${more[@]}"; do
    [[ $line != *": $hex "*:0000\ 07\ * ]] || udp=yes
    [[ $line != *": $hex "*:0000\ 0A\ * ]] || tcp=yes
  done
  [[ $udp$tcp == yesyes ]]
}

# rezone [SERIAL]: the name servers serve another version of the zone; records from standard input.
rezone() {
  zone_text "${1:-2}" >/tmp/zones/site
  stop ns
  knot ns "$ZONE" /tmp/zones/site "$NS1_4" "$NS2_4" "$NS1_6" "$NS2_6"
  dns_bound "$NS1_4" "$NS2_4"
}

# bind NAME ADDRESS...: BIND as an authority; zone statements from standard input.
bind() {
  local name=$1 directory=/tmp/$1 four='' six='' address
  shift
  mkdir -p "$directory"
  for address in "$@"; do if [[ $address == *:* ]]; then six+="$address; "; else four+="$address; "; fi; done
  {
    printf 'options { directory "%s"; pid-file none; session-keyfile none; recursion no; dnssec-validation no;\n' "$directory"
    printf '  listen-on { %s}; listen-on-v6 { %s}; notify no; managed-keys-directory "%s"; };\ncontrols {};\n' "$four" "$six" "$directory"
    cat
  } >"$directory/conf"
  start "$name" dns named -g -n 1 -c "$directory/conf"
}
