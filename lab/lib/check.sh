# For [check]: what must be seen on the wire for the fault to be what it says, asked with curl, ping and
# bash's own sockets from the edge. Run by `causeway lab run --check`, not before a diagnosis (it would
# spend ICMP budgets and rate limits).

# curl_exit EXPECTED [OPTION...] URL: curl's exit code from the edge (0 ok, 6 name, 7 refused, 28 timeout,
# 35 handshake, 52 empty, 56 reset, 60 certificate).
curl_exit() {
  local expected=$1 got=0
  shift
  ask "$@" >/tmp/log/curl.body 2>/tmp/log/curl || got=$?
  ((got == expected)) || { cat /tmp/log/curl >&2; die "curl $*: exit $got, expected $expected"; }
}
# status_is EXPECTED [OPTION...] URL
status_is() {
  local expected=$1 got
  shift
  got=$(ask -o /dev/null -w '%{http_code}' "$@" 2>/tmp/log/curl) || :
  [[ $got == "$expected" ]] || { cat /tmp/log/curl >&2; die "curl $*: status $got, expected $expected"; }
}
ask() {
  local address
  case $family in
    ipv6) address="[$ORIGIN6]" ;;
    *) address=$ORIGIN4 ;;
  esac
  on "${asker:-edge}" curl -sS --max-time "${patience:-5}" --cacert "$CA/root.pem" --resolve "$NAME:80:$address" \
    --resolve "$NAME:443:$address" "$@"
}

# open|refused|silent ADDRESS PORT [NAMESPACE]: the outcome of a TCP connection; an ICMP error is `refused`.
tcp_outcome() {
  local address=$1 port=$2 namespace=${3:-edge} got=0 connected
  connected=$(on "$namespace" curl -s --max-time "${patience:-2}" -o /dev/null -w '%{time_connect}' \
    "telnet://$(bracket "$address"):$port" </dev/null 2>/tmp/log/tcp) || got=$?
  if [[ $connected =~ [1-9] ]]; then echo open
  elif ((got == 28)); then echo silent
  else echo refused; fi
}
bracket() { if [[ $1 == *:* ]]; then echo "[$1]"; else echo "$1"; fi; }
expect_tcp() {
  local expected=$1 got
  shift
  got=$(tcp_outcome "$@")
  [[ $got == "$expected" ]] || die "TCP to $*: $got, expected $expected"
}
open() { expect_tcp open "$@"; }
refused() { expect_tcp refused "$@"; }
silent() { expect_tcp silent "$@"; }
pings() { on "${asker:-edge}" ping -nqc1 -W1 "$1" >/dev/null || die "no ping reply from $1"; }
no_ping() { ! on "${asker:-edge}" ping -nqc1 -W1 "$1" >/dev/null || die "a ping reply from $1"; }
# counted NAMESPACE COUNTER: an nstat counter of this namespace is not zero.
counted() {
  local value
  value=$(on "$1" nstat -asz "$2" 2>/dev/null | awk -v name="$2" '$1 == name {print $2}')
  ((value > 0)) || die "counter $2 in $1 is zero"
}
# rule_hit NAMESPACE TEXT: an nft rule that contains TEXT has counted packets.
rule_hit() {
  on "$1" nft list ruleset | grep -F -- "$2" | grep -qE 'packets [1-9]' || die "no packet met '$2' in $1"
}

# rcode_is RCODE SERVER [TYPE] [OPTION...]: what SERVER says about NAME; `none` for silence.
rcode_is() {
  local expected=$1 server=$2 got
  shift 2
  got=$(on edge kdig "@$server" "+timeout=${patience:-3}" +retry=0 "$NAME" "${@:-A}" 2>/tmp/log/kdig |
    sed -n 's/.*status: \([A-Z]*\);.*/\1/p') || :
  [[ ${got:-none} == "$expected" ]] || die "$server says ${got:-none}, expected $expected"
}
# answers_are "ADDRESS..." SERVER [TYPE]: the addresses, in any order.
answers_are() {
  local expected got
  expected=$(tr ' ' '\n' <<<"$1" | sort | xargs)
  got=$(on edge kdig "@$2" +timeout=3 +retry=0 "$NAME" "${3:-A}" +short 2>/tmp/log/kdig | grep -v '\.$' | sort | xargs) || :
  [[ $got == "$expected" ]] || die "$2 answers '$got', expected '$expected'"
}

# What openssl says of the handshake with NAME: handshake [OPTION...]
handshake() {
  timeout "${patience:-4}" openssl s_client -connect "$ORIGIN4:443" -servername "$NAME" -CAfile "$CA/root.pem" \
    -verify_hostname "$NAME" "$@" </dev/null >/tmp/log/handshake 2>&1 || :
}
# verify_is CODE [OPTION...]: the handshake ends, and this is the (last) verification error; 0 is good.
verify_is() {
  handshake "${@:2}"
  grep -q "Verify return code: $1 " /tmp/log/handshake ||
    die "verification: $(grep -E 'Verify return code|:error:' /tmp/log/handshake | head -1), expected $1"
}
# alert_is NUMBER [OPTION...]
alert_is() {
  handshake "${@:2}"
  grep -q "SSL alert number $1\$" /tmp/log/handshake ||
    die "handshake: $(grep -E ':error:|Verify' /tmp/log/handshake | head -1), expected alert $1"
}

# says PATTERN COMMAND...: what it prints, on either stream, whatever its exit code.
says() {
  local pattern=$1
  shift
  "$@" >/tmp/log/says 2>&1 </dev/null || :
  grep -qiE -- "$pattern" /tmp/log/says || { cat /tmp/log/says >&2; die "'$*' does not say '$pattern'"; }
}

# seen NFT-MATCH ADDRESS PORT: a connection from the edge brings a packet like this back to it.
seen() {
  rule edge input "$1 counter comment \"expected\""
  tcp_outcome "$2" "$3" >/dev/null
  rule_hit edge expected
}

# quietly COMMAND...: an expectation as a plain yes or no, for `until_true`.
quietly() { ("$@") 2>/dev/null; }
