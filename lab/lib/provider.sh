# The DNS provider: a local server of its API that writes the zone its name servers (knot) load, and `causeway dns`
# beside it. For faults of group `zone`, whose [check] goes through drift, fix, verification and undo.

provider_api=http://127.0.0.1:8053

# provider [OPTION...]: records of the zone as the API's JSON from standard input; from then on the name servers serve
# them.
provider() {
  cat >/tmp/records.json
  printf 'edit-token\n' >/tmp/token
  start provider edge /usr/bin/python3 /run/lab/tree/servers/provider_api.py --zone "$ZONE" --port 8053 \
    --records /tmp/records.json --zone-file /tmp/zones/site --reload "${publish:-kill -HUP ${pid_of[ns]}}" \
    --soa "ns1.$ZONE. hostmaster.$ZONE." --ns "ns1.$ZONE" --ns "ns2.$ZONE" \
    --beside "ns1.$ZONE. 300 IN A $NS1_4" --beside "ns1.$ZONE. 300 IN AAAA $NS1_6" \
    --beside "ns2.$ZONE. 300 IN A $NS2_4" --beside "ns2.$ZONE. 300 IN AAAA $NS2_6" "$@"
  ready provider 8053
  until_true 20 serves_zone "$NS1_4"
  # What the resolver has kept from before is not what the fault is about.
  stop resolver
  unbound_resolver resolver
  dns_bound "$RESOLVER4"
}
# provider_with_edge: the same, and a proxied name has the address of a real edge, which asks the origin that its record
# names, keeps what it may, and forgets a name when the API is told to.
provider_with_edge() {
  cat >/tmp/publish <<EOF
kill -HUP ${pid_of[ns]}
read -r _ content </tmp/proxied
sed "s/ORIGIN/\$content/" /tmp/edge.form >/tmp/edge.toml
[ ! -e /tmp/edge.pid ] || kill -HUP "\$(cat /tmp/edge.pid)"
EOF
  printf '#!/bin/sh\nfor host; do curl -s -X POST "http://127.0.0.1:9145/.causeway/purge?prefix=$host/"; done\n' >/tmp/purge
  chmod a+x /tmp/purge
  printf '%s\n' '[edge]' 'workers = 1' '[[edge.listen]]' "address = \"$EDGE4B:443\"" 'tls = true' '[[edge.certificate]]' \
    'certificate = "/tmp/tls/site.pem"' 'key = "/tmp/tls/site.key"' '[[edge.route]]' 'pool = "site"' '[[edge.pool]]' \
    'name = "site"' '[[edge.pool.origin]]' 'host = "ORIGIN"' 'port = 443' 'scheme = "https"' "ca = \"$CA/root.pem\"" \
    '[edge.cache]' 'on = true' '[edge.admin]' 'address = "127.0.0.1:9145"' '[edge.log]' 'on = false' >/tmp/edge.form
  publish='sh /tmp/publish' provider --edge "$EDGE4B" --proxied /tmp/proxied --purge /tmp/purge
  start provider_edge edge /run/lab/causeway edge -c /tmp/edge.toml
  ready provider_edge 443 9145
  echo "${pid_of[provider_edge]}" >/tmp/edge.pid
}
# A visitor of a proxied name: visitor [OPTION...], prints the page.
visitor() {
  on edge curl -sS --max-time 10 --cacert "$CA/root.pem" --resolve "$NAME:443:$EDGE4B" "$@" "https://$NAME/"
}

# The API's first version of the zone has serial 2.
serves_zone() { [[ $(on edge kdig +short "@$1" "$ZONE" SOA 2>/dev/null) == *" 2 3600 "* ]]; }

# One record: record TYPE NAME CONTENT [proxied]. Ends without a comma.
record() {
  local ttl=300 proxied=false
  [[ ${4-} != proxied ]] || { ttl=1 proxied=true; }
  printf '{"type":"%s","name":"%s","content":"%s","ttl":%s,"proxied":%s,"comment":"kept","tags":["lab:zone"]}' \
    "$1" "$2" "$3" "$ttl" "$proxied"
}

provider_records() {
  on edge curl -sS "$provider_api/test/records" | /usr/bin/python3 -c '
import json, sys
print(json.dumps(sorted(({k: v for k, v in r.items() if k not in ("id", "created_on", "modified_on")}
                         for r in json.load(sys.stdin)), key=json.dumps)))'
}

# dns_command WORDS...: causeway dns as it is run in the lab. Status 0 and 1 are both an answer.
dns_command() {
  local status=0
  on edge /run/lab/causeway dns "$@" --api "$provider_api/client/v4" --token-file /tmp/token --store /tmp/store \
    --authority "$NS1_4" --authority "$NS2_4" --resolver "$RESOLVER4" --ca "$CA/root.pem" \
    >/tmp/log/dns.out 2>/tmp/log/dns.err || status=$?
  ((status <= 1)) || { cat /tmp/log/dns.out /tmp/log/dns.err >&2; die "dns $*: status $status"; }
}
drift_flags=(--edge /tmp/edge.txt --no-registry)

# drift_finds "ID..." [FLAG...]: what drift calls bad or a warning is exactly this.
drift_finds() {
  local wanted=$1 found
  shift
  dns_command drift "$ZONE" "${drift_flags[@]}" --format json "$@"
  found=$(/usr/bin/python3 -c '
import json, sys
found = json.load(open("/tmp/log/dns.out"))["findings"]
print(" ".join(sorted({f["id"] for f in found if f["severity"] != "advice"})))')
  [[ $found == "$wanted" ]] || { cat /tmp/log/dns.out >&2; die "drift finds '$found', expected '$wanted'"; }
}

# mends "ID..." [FLAG...]: drift names it, the fix turns it green at the API and at every name server, undo brings the
# records back as they were, and the finding with them.
mends() {
  local wanted=$1 before after
  shift
  before=$(provider_records)
  drift_finds "$wanted" "$@"
  dns_command fix "$ZONE" "${drift_flags[@]}" "$@"
  [[ $(provider_records) == "$before" ]] || die 'a dry run changed records'
  dns_command fix "$ZONE" "${drift_flags[@]}" "$@" --yes
  grep -q 'every name server serves it' /tmp/log/dns.out || { cat /tmp/log/dns.out >&2; die 'the fix is not served'; }
  forget resolver "$ZONE"
  drift_finds '' "$@"
  dns_command undo "$ZONE" --yes
  forget resolver "$ZONE"
  after=$(provider_records)
  [[ $after == "$before" ]] || die "undo left $after, expected $before"
  drift_finds "$wanted" "$@"
}
