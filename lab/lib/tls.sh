# Certificates. One authority serves a whole run (authority.sh made it): root.pem is what the edge
# trusts, inter.pem signs, stranger.pem is an authority that nobody trusts.

CA=/run/lab/ca

# leaf FILE [OPTION=VALUE...]: FILE.key, FILE.pem (certificate and intermediate) and FILE.crt (alone).
#   names=a,b      names it is for (default: the site's)       ca=inter|root|stranger|self
#   days=N         valid from now for N days (default 60)      key=P-256|rsa:2048|...   md=sha256
#   from=  until=  YYYYMMDDHHMMSSZ instead of days             usage=serverAuth         extra=TEXT
# Needs one openssl process, two with dates.
leaf() {
  local file=$1 names=$NAME ca=inter days=60 key=P-256 md=sha256 from='' until='' usage=serverAuth extra=''
  shift
  local option
  for option in "$@"; do
    case $option in
      names=* | ca=* | days=* | key=* | md=* | from=* | until=* | usage=* | extra=*)
        printf -v "${option%%=*}" '%s' "${option#*=}"
        ;;
      *) die "leaf: unknown option '$option'" ;;
    esac
  done
  mkdir -p "${file%/*}"
  local san='' name kind
  for name in ${names//,/ }; do
    kind=DNS
    [[ $name == *:* || $name =~ ^[0-9.]+$ ]] && kind=IP
    san+=${san:+,}$kind:$name
  done
  local newkey=(-newkey "$key")
  [[ $key == P-* ]] && newkey=(-newkey ec -pkeyopt "ec_paramgen_curve:$key")
  local extensions=(-addext "subjectAltName=$san" -addext "extendedKeyUsage=$usage" -addext basicConstraints=CA:FALSE)
  [[ -n $extra ]] && extensions+=(-addext "$extra")
  local subject="/CN=${names%%,*}"
  if [[ -n $from$until ]]; then
    leaf_with_dates
  else
    local signer=(-CA "$CA/$ca.pem" -CAkey "$CA/$ca.key")
    [[ $ca == self ]] && signer=()
    openssl req -new -x509 "${newkey[@]}" -nodes -"$md" "${signer[@]}" -subj "$subject" "${extensions[@]}" \
      -days "$days" -keyout "$file.key" -out "$file.crt" 2>/tmp/log/openssl || { cat /tmp/log/openssl; die "leaf $file"; }
  fi
  cp "$file.crt" "$file.pem"
  [[ $ca == inter ]] && cat "$CA/inter.pem" >>"$file.pem"
  # HAProxy's file, where there is one: who renews a certificate renews that, too.
  [[ ! -e $file.both ]] || cat "$file.pem" "$file.key" >"$file.both"
  chmod a+r "$file".*
}

# `openssl req -x509` of OpenSSL 3.0 cannot set dates; `openssl ca` can (and keeps a database).
leaf_with_dates() {
  local work=$file.ca
  mkdir -p "$work"
  : >"$work/index"
  printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$work/index" "rand_serial=yes" "new_certs_dir=$work" \
    'policy=p' 'copy_extensions=copyall' 'unique_subject=no' '[p]' 'commonName=supplied' >"$work/conf"
  openssl req -new "${newkey[@]}" -nodes -"$md" -subj "$subject" "${extensions[@]}" -keyout "$file.key" \
    -out "$work/csr" 2>/tmp/log/openssl || die "leaf $file: request"
  local signer=(-cert "$CA/$ca.pem" -keyfile "$CA/$ca.key")
  [[ $ca == self ]] && signer=(-selfsign -keyfile "$file.key")
  openssl ca -batch -config "$work/conf" -notext -md "$md" "${signer[@]}" -startdate "${from:-20200101000000Z}" \
    -enddate "${until:-20491231235959Z}" -in "$work/csr" -out "$file.crt" 2>/tmp/log/openssl ||
    { cat /tmp/log/openssl; die "leaf $file: signature"; }
}

# The site's own good certificate, made once: /tmp/tls/site.pem and .key.
site_certificate() {
  [[ -e /tmp/tls/site.pem ]] || leaf /tmp/tls/site "names=$NAME,$ALIAS,$ZONE"
}
