#!/bin/sh
# Installs what Causeway is built, tested and tried with, on Debian 12. Safe to run again: what is
# there is left alone, and when everything is there nothing is asked of the network.
set -eu

# to build
build='clang-19 clang-tidy-19 clang-format-19 lld-19 llvm-19 libclang-rt-19-dev ccache cmake ninja-build pkg-config
  libssl-dev libnghttp2-dev libcurl4-openssl-dev libunbound-dev libfmt-dev libcli11-dev nlohmann-json3-dev libtomlplusplus-dev libgtest-dev
  libsqlite3-dev libpq-dev libmaxminddb-dev libcctz-dev tzdata libsodium-dev libyaml-dev
  libgmock-dev libbenchmark-dev libboost-dev libsimdjson-dev zlib1g-dev libzstd-dev ca-certificates dns-root-data git'
# to test and to run the lab: real servers, real firewalls, namespaces
lab='iproute2 nftables iptables ipset conntrack procps iputils-ping curl openssl util-linux nginx-light
  apache2 lighttpd haproxy knot knot-dnsutils unbound dnsmasq bind9 fail2ban ufw libcap2-bin tcpdump
  socat caddy zstd postgresql python3 python3-jsonschema python3-aiosmtpd wrk nghttp2-client h2o python3-grpcio'

# for the console's pages: any Node that runs npm; tools/web.sh gets a newer one where it is too old
command -v npm >/dev/null || build="$build nodejs npm"
# other people's programs that the tests of the watch meet when they are there
[ -z "${PEERS:-}" ] || lab="$lab prometheus prometheus-alertmanager prometheus-blackbox-exporter"
# for make e2e, which sets E2E
[ -z "${E2E:-}" ] || build="$build chromium fonts-dejavu-core"

missing=
for package in $build $lab; do
  case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
    ii*) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: these packages are missing and neither root nor sudo is here to install them:$missing" >&2
    exit 1
  fi
  as_root=sudo
fi
# A server package starts its server when installed. The lab starts its own, in namespaces, so keep
# the host's ports free unless the host has a policy of its own.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e $policy ] && [ ! -d /run/systemd/system ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
  $as_root chmod +x $policy
  made_policy=yes
fi
trap '[ -z "$made_policy" ] || $as_root rm -f $policy' EXIT
echo "setup: installing$missing" >&2
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
