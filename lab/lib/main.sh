#!/bin/bash
# Process 1 of a fault's namespaces: builds the topology, starts what the fault needs, breaks it, and
# asks `causeway diagnose` at the edge. Called by the runner (src/lab) with the mode as its argument:
# run | check | shell | edge. See docs/lab.md for the fault file and for what is where.
set -eEuo pipefail
trap 'say "lab: line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND: status $?"' ERR
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
library=/run/lab/tree/lib
out=/run/lab/out
mkdir -p /tmp/log /tmp/tls
chmod 1777 /tmp /tmp/log
for part in process plan topology tls dns web firewall check provider report; do . "$library/$part.sh"; done
. "$out/facts"

# What the servers said, when a fault could not be set up.
last_words() {
  local status=$? file
  ((status == 0)) || for file in /tmp/log/*; do
    [[ ! -s $file ]] || { say "--- ${file##*/}"; tail -n 6 "$file" | cut -c1-300 >&2; }
  done
  exit "$status"
}
trap last_words EXIT

phase() {
  phase_name=$1
  echo "$1 ${EPOCHREALTIME/./}" >>"$out/phases"
}

# The edge's ranges, as a file for --edge.
write_ranges() {
  printf '%s\n' "$EDGE_NET4" "$EDGE_NET6" >/tmp/edge.txt
}

# Names of this little internet only. Without an entry for its own name a server may ask DNS for it when it
# starts, and wait for five seconds.
own_etc() {
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$HOSTNAME" >/tmp/hosts
  printf 'nameserver %s\noptions timeout:2 attempts:1\n' "$RESOLVER4" >/tmp/resolv.conf
  mount --bind /tmp/hosts /etc/hosts
  [[ ! -e /etc/resolv.conf ]] || mount --bind /tmp/resolv.conf /etc/resolv.conf
}

# Fills the array `diagnose` with the command as the header says.
compose() {
  diagnose=(/run/lab/causeway diagnose)
  [[ $user != nobody ]] || diagnose=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all
    --bounding-set=-all --no-new-privs "${diagnose[@]}")
  eval "words=(${url:-https://$NAME/} $args)"
  diagnose+=("${words[@]}" --format json)
  [[ $dns == no ]] || diagnose+=(--resolver "$RESOLVER4")
  [[ $authority == no || $dns == no ]] || diagnose+=(--authority "$NS1_4" --authority "$NS2_4")
  diagnose+=(--ca "$CA/root.pem" --edge /tmp/edge.txt)
}

# [run] of a fault may prepare something around this (ulimit, environment) and must call it.
run_diagnose() {
  local status=0
  "${diagnose[@]}" >"$out/diagnosis.json" 2>"$out/diagnose.log" </dev/null || status=$?
  echo "$status" >"$out/exit"
}

# The same question by a visitor of `causeway edge`, which runs where the diagnosis would. Its waits are
# those of the diagnosis, so that a run takes as long.
run_edge() {
  local -a words origins=() flags=()
  eval "words=(${url:-https://$NAME/} $args)"
  local target=${words[0]} scheme rest authority path i
  scheme=${target%%://*} rest=${target#*://}
  authority=${rest%%/*} path=/
  [[ $rest != */* ]] || path=/${rest#*/}
  for ((i = 1; i < ${#words[@]}; i++)); do
    case ${words[i]} in
      --origin) origins+=(--origin "$scheme://${words[++i]}") ;;
      --ssl) flags+=(--ssl "${words[++i]}") ;;
    esac
  done
  ((${#origins[@]})) || origins=(--origin "$scheme://$authority")
  [[ $dns == no ]] || flags+=(--resolver "$RESOLVER4")
  start edge edge /run/lab/causeway edge --listen 127.0.0.1:7990 "${origins[@]}" "${flags[@]}" --ca "$CA/root.pem" \
    --workers 1 --connect-timeout 4300ms --first-byte-timeout 8s --between-bytes-timeout 8s --access-log /tmp/log/edge.access
  until_true 5 listens edge 7990
  local -a ask=(curl -s --max-time 30 --limit-rate 2M --globoff -H "Host: $authority")
  local status code failure token page_status page_failure page_token page_code ended=0 cut_by=
  status=$("${ask[@]}" -H 'Accept: application/json' -D /tmp/edge.head -o /tmp/edge.json -w '%{http_code}' \
    "http://127.0.0.1:7990$path") || ended=$?
  code=$status failure=
  if grep -qs '"causeway_error": true' /tmp/edge.json; then
    code=$(sed -n 's/^  "error_code": \([0-9]*\).*/\1/p' /tmp/edge.json)
    failure=$(sed -n 's/^  "failure": "\([^"]*\)".*/\1/p' /tmp/edge.json)
  fi
  token=$(edge_said error /tmp/edge.head)
  page_status=0 page_failure= page_token= page_code=0
  if [[ -n $failure ]]; then  # the edge's own answer: in its other form, too
    page_status=$("${ask[@]}" -H 'Accept: text/html' -D /tmp/edge.page-head -o /tmp/edge.html -w '%{http_code}' \
      "http://127.0.0.1:7990$path") || :
    page_failure=$(edge_said details /tmp/edge.page-head)
    page_token=$(edge_said error /tmp/edge.page-head)
    page_code=$(sed -n 's/^<title>.* | \([0-9]*\): .*/\1/p' /tmp/edge.html)
  fi
  stop edge
  # Cut after the status had been sent (curl: 18 short, 56 broken): only the log can say why.
  if ((ended == 18 || ended == 56)) && [[ -z $failure ]]; then
    cut_by=$(sed -n '1s/.*"duration_ms":[0-9.]*,"failure":"\([^"]*\)","cut":true.*/\1/p' /tmp/log/edge.access)
  fi
  cp /tmp/edge.head /tmp/edge.json /tmp/edge.html /tmp/log/edge.access "$out/" 2>/dev/null || :
  printf '{"schema":"causeway.lab-edge/1","status":%d,"code":%d,"failure":"%s","token":"%s","cut_by":"%s","page_status":%d,"page_code":%d,"page_failure":"%s","page_token":"%s"}\n' \
    "$((10#${status:-0}))" "$((10#${code:-0}))" "$failure" "$token" "$cut_by" "$((10#${page_status:-0}))" \
    "$((10#${page_code:-0}))" "$page_failure" "$page_token" >"$out/edge-answer.json"
}

# A parameter of our own Proxy-Status field (RFC 9209), from the head of an answer.
edge_said() { sed -n "s/^proxy-status: .*; *$1=\"\{0,1\}\([a-z0-9_.]*\).*/\1/p" "$2" 2>/dev/null || :; }

# The second vantage first: its document is handed to the edge's diagnosis.
run_vantage() {
  local status=0
  on vantage unshare --uts sh -c 'hostname vantage-2; exec "$@"' sh "${diagnose[@]}" \
    >"$out/vantage.json" 2>>"$out/diagnose.log" </dev/null || status=$?
  cp "$out/vantage.json" /tmp/vantage.json
  diagnose+=(--with /tmp/vantage.json)
}

# On the origin: watches while the edge asks, and is read by it at the end. The hosts of one fault
# share a process table and a file system; what belongs to whom is told by the network namespace.
start_inspection() {
  local ports=80,443
  [[ ${words[0]} =~ :([0-9]+)(/|$) ]] && ports+=,${BASH_REMATCH[1]}
  mkfifo /tmp/facts
  {
    on origin unshare --uts sh -c 'hostname origin-1; exec "$@"' sh /run/lab/causeway inspect --format json \
      --edge /tmp/edge.txt --ports "$ports" --sample 4s >"$out/facts.json" 2>"$out/inspect.log" </dev/null || :
    cat "$out/facts.json" >/tmp/facts
  } &
  watches() { [[ -n $(on origin ss -0Hn 2>/dev/null) || -s $out/facts.json ]]; }
  until_true 10 watches
  diagnose+=(--with /tmp/facts)
}

section() {
  [[ -e $out/$1.sh ]] || return 0
  . "$out/$1.sh"
}

mode=$1
phase setup
plan "$plan" "$hash"
own_etc
topology "$hops"
write_ranges
[[ $dns == no ]] || dns
if [[ -e $out/setup.sh ]]; then section setup; else site; fi
[[ $dns == no ]] || dns_ready
phase inject
section inject
case $mode in
  check)
    phase check
    section check
    ;;
  edge)
    phase run
    run_edge
    ;;
  shell)
    compose
    printf 'lab: the edge of %s. Diagnose with:\n%s\n' "$id" "${diagnose[*]}" >&2
    exec </dev/tty >/dev/tty 2>&1
    bash --norc || :
    ;;
  run)
    compose
    if [[ $vantage == yes || $joined == yes ]]; then
      phase vantage
      run_vantage
    fi
    phase run
    [[ $joined == no || $inspect == no ]] || start_inspection
    if [[ -e $out/run.sh ]]; then section run; else run_diagnose; fi
    [[ -z ${LAB_REPORT-} ]] || run_report
    ;;
esac
phase done
