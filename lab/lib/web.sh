# Web servers. Each is a real one with a configuration of its own under /tmp, in the foreground.

# A page of about 2 kB with a title; `page FILE [BYTES]` for another size.
page() {
  local file=$1 bytes=${2:-2000} line='<p>Nothing to see here but words that fill a page of a certain size.</p>' text
  mkdir -p "${file%/*}"
  printf -v text '%*s' $((bytes / ${#line} + 1)) ''
  text="<!doctype html><html><head><title>Welcome to $NAME</title></head><body>${text// /$line}</body></html>"
  printf '%s\n' "$text" >"$file"
  chmod -R a+rX "${file%/*}"
}

# nginx NAME NAMESPACE [MAIN-LINES]: server blocks from standard input (nginx's own $variables are written
# with a backslash in an unquoted here-document). MAIN-LINES go to the main context.
nginx() {
  local name=$1 namespace=$2 main=${3-} directory=/tmp/$1
  mkdir -p "$directory"
  {
    printf '%s\n' 'daemon off; worker_processes 1; user www-data;' "pid $directory/pid;" \
      "error_log /tmp/log/$name.error info;" "$main"
    [[ $main == *events* ]] || echo 'events { worker_connections 512; }'
    echo "http { access_log /tmp/log/$name.access; default_type text/html; server_tokens on;"
    local kind
    for kind in client_body proxy fastcgi scgi uwsgi; do echo "${kind}_temp_path $directory/$kind;"; done
    secrets_for nginx
    cat
    echo '}'
  } >"$directory/conf"
  start "$name" "$namespace" "$(type -P nginx)" -e "/tmp/log/$name.error" -c "$directory/conf"
}

# `listen` lines of nginx for a port, both families: nginx_listen PORT [ssl http2 ...]
nginx_listen() {
  local port=$1
  shift
  echo "listen $port $*; listen [::]:$port $*;"
}
nginx_tls_lines='ssl_certificate /tmp/tls/site.pem; ssl_certificate_key /tmp/tls/site.key; ssl_protocols TLSv1.2 TLSv1.3;'

# apache NAME NAMESPACE [MODULE...]: configuration from standard input after the base; the modules named
# are loaded besides the base's. `mpm=prefork apache ...` for a process per connection.
apache() {
  local name=$1 namespace=$2 directory=/tmp/$1 module
  shift 2
  mkdir -p "$directory"
  {
    printf '%s\n' "ServerRoot $directory" "PidFile $directory/pid" "ServerName $NAME" "DefaultRuntimeDir $directory" \
      "ErrorLog /tmp/log/$name.error" 'LogLevel info' 'User www-data' 'Group www-data' 'TypesConfig /etc/mime.types' \
      "Mutex file:$directory default"
    for module in "mpm_${mpm:-event}" authz_core authz_host dir mime alias headers rewrite reqtimeout ssl socache_shmcb setenvif "$@"; do
      echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
    done
    [[ ${mpm:-event} != event ]] || printf '%s\n' 'ServerLimit 2' 'ThreadsPerChild 25' 'MaxRequestWorkers 50'
    printf '%s\n' 'StartServers 1' 'DirectoryIndex index.html' \
      '<Directory /tmp/www>' 'Require all granted' 'AllowOverride None' '</Directory>'
    secrets_for apache
    cat
  } >"$directory/conf"
  start "$name" "$namespace" apache2 -D FOREGROUND -f "$directory/conf"
}
apache_tls_lines='SSLEngine on
SSLCertificateFile /tmp/tls/site.pem
SSLCertificateKeyFile /tmp/tls/site.key'

# lighttpd NAME NAMESPACE: HTTP only (Debian's TLS module is a package of its own); lines from standard input.
lighttpd() {
  local name=$1 namespace=$2 directory=/tmp/$1
  mkdir -p "$directory"
  {
    printf '%s\n' 'server.document-root = "/tmp/www"' "server.errorlog = \"/tmp/log/$name.error\"" \
      'index-file.names = ("index.html")' 'mimetype.assign = (".html" => "text/html")' 'server.username = "www-data"'
    cat
  } >"$directory/conf"
  start "$name" "$namespace" "$(type -P lighttpd)" -D -f "$directory/conf"
}

# haproxy NAME NAMESPACE: sections from standard input after `defaults`. site.pem with the key behind it is
# in /tmp/tls/site.both.
haproxy() {
  local name=$1 namespace=$2 directory=/tmp/$1
  mkdir -p "$directory"
  [[ ! -e /tmp/tls/site.pem ]] || cat /tmp/tls/site.pem /tmp/tls/site.key >/tmp/tls/site.both
  {
    printf '%s\n' 'global' '  maxconn 500' '  nbthread 1' 'defaults' '  mode http' '  timeout connect 5s' \
      '  timeout client 60s' '  timeout server 60s' '  timeout http-request 20s'
    secrets_for haproxy
    cat
  } >"$directory/conf"
  start "$name" "$namespace" "$(type -P haproxy)" -db -f "$directory/conf"
}

# s_server NAME NAMESPACE PORT [OPTION...]: OpenSSL's test server, answering like a web server.
s_server() {
  local name=$1 namespace=$2 port=$3
  shift 3
  start "$name" "$namespace" openssl s_server -accept "$port" -www -cert /tmp/tls/site.pem -key /tmp/tls/site.key \
    -cert_chain /run/lab/ca/inter.pem "$@"
}

# serve NAME NAMESPACE MODE [OPTION...]: the lab's own misbehaving servers (lab/servers).
serve() {
  local name=$1 namespace=$2
  shift 2
  [[ -x /run/lab/servers ]] || die "the misbehaving servers are not built: \`make lab\` builds them"
  start "$name" "$namespace" /run/lab/servers "$@"
}

# site [SERVER]: the healthy site on 80 and 443 of the origin as process `web`. Without a name the header
# `server`, or one by the fault's hash.
site() {
  local server=${1:-$server}
  [[ -n $server ]] || case $((hash / 20 % 5)) in 0) server=apache ;; 1) server=haproxy ;; *) server=nginx ;; esac
  site_certificate
  [[ -e /tmp/www/index.html ]] || page /tmp/www/index.html
  "site_$server"
  ready web 80 443
}
site_nginx() {
  nginx web origin <<EOF
server { $(nginx_listen 80) $(nginx_listen 443 ssl) server_name $NAME; $nginx_tls_lines root /tmp/www; }
EOF
}
site_apache() {
  apache web origin <<EOF
Listen 80
Listen 443
DocumentRoot /tmp/www
<VirtualHost *:443>
DocumentRoot /tmp/www
$apache_tls_lines
</VirtualHost>
EOF
}
site_haproxy() {
  [[ -e /tmp/tls/site.pem ]] || die 'site_haproxy: no certificate'
  haproxy web origin <<EOF
frontend site
  bind :::80 v4v6
  bind :::443 v4v6 ssl crt /tmp/tls/site.both alpn h2,http/1.1
  http-request return status 200 content-type text/html file /tmp/www/index.html
EOF
}
