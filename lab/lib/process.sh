# Processes in the namespaces: run, start, wait until they listen, stop. Nothing here sleeps for a
# fixed time: everything polls with a limit.

declare -A pid_of=()

say() { printf '%s\n' "$*" >&2; }
die() {
  say "lab: $*"
  exit 1
}

# A pause without a process of its own.
exec {nap_fd}<> <(:)
nap() {
  local _
  read -rt "${1:-0.01}" -u "$nap_fd" _ || :
}

# on NAMESPACE COMMAND...
on() {
  local namespace=$1
  shift
  nsenter --net="/run/netns/$namespace" "$@"
}

# start NAME NAMESPACE COMMAND...: a process that stays in the foreground. Output in /tmp/log/NAME.
start() {
  local name=$1 namespace=$2
  shift 2
  nsenter --net="/run/netns/$namespace" "$@" >"/tmp/log/$name" 2>&1 </dev/null &
  pid_of[$name]=$!
}

# stop NAME [SIGNAL]: and wait until it is gone, so that its port is free.
stop() {
  local pid=${pid_of[$1]-}
  [[ -n $pid ]] || die "stop: nothing was started as '$1'"
  kill "-${2:-TERM}" "$pid" 2>/dev/null || :
  # Where another shell started it `wait` knows nothing of it; a signal ends it early, too.
  wait "$pid" 2>/dev/null || until_true 20 gone "$pid"
  unset "pid_of[$1]"
}
gone() {
  local state
  read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" || return 0
  [[ $state == [ZX] ]]
}

# listens NAME PORT [udp]: does the network namespace of process NAME have a listener on PORT? Read from
# /proc: asking by connecting would leave traces in servers, queues and counters.
listens() {
  local pid=${pid_of[$1]} kind=${3:-tcp} port state=0A file line lines
  [[ $kind == udp ]] && state=07
  printf -v port ':%04X' "$2"
  for file in "$kind" "${kind}6"; do
    mapfile -t lines 2>/dev/null <"/proc/$pid/net/$file" || return 1
    for line in "${lines[@]}"; do
      [[ $line == *"$port "*:0000\ $state\ * ]] && return 0
    done
  done
  return 1
}

# ready NAME PORT...: wait until NAME listens on every port ("53/udp" for UDP).
ready() {
  local name=$1 port kind tries
  shift
  for port in "$@"; do
    kind=tcp
    [[ $port == */udp ]] && kind=udp
    for ((tries = 0; ; ++tries)); do
      listens "$name" "${port%/*}" "$kind" && break
      if ((tries > 1000)) || ! [[ -d /proc/${pid_of[$name]} ]]; then
        cat "/tmp/log/$name" >&2 || :
        die "'$name' does not listen on port $port"
      fi
      nap
    done
  done
}

# until_true SECONDS COMMAND...: repeat until it succeeds.
until_true() {
  local limit=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    ((SECONDS < limit)) || { say "still not true: $*"; return 1; }
    nap 0.02
  done
}
