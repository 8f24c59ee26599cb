# A report of the fault for its hosting provider, made beside the diagnosis when LAB_REPORT is set: with the servers' own
# configuration and logs attached, and with secrets (canaries) in all of them that must not get into any file of it.
# test/lab/report_canaries.py sets it and looks.

# canary KIND: a secret that nobody else has. All begin alike, so that one search finds any of them.
canary() { printf '%s%s' "$LAB_REPORT" "$1"; }

# secrets_for nginx|apache|haproxy: lines for the outermost level of a configuration; nothing without LAB_REPORT.
secrets_for() {
  [[ -n ${LAB_REPORT-} ]] || return 0
  printf '# db_password = "%s"\n# api_key: %s\n' "$(canary PassWord1)" "$(canary ApiKey2)"
  case $1 in
    nginx) printf 'proxy_set_header Authorization "Bearer %s";\nadd_header Set-Cookie "session=%s";\n' "$(canary Bearer3)" "$(canary Session4)" ;;
    apache) printf 'RequestHeader set Authorization "Bearer %s"\nHeader add Set-Cookie "session=%s"\n' "$(canary Bearer3)" "$(canary Session4)" ;;
    haproxy) printf 'userlist people\n  user admin insecure-password %s\n' "$(canary User5)" ;;
  esac
}

# What an application and a visitor leave in logs.
plant_in_logs() {
  on origin curl -s --max-time 1 -o /dev/null -A "app/1.0" -H "Cookie: session=$(canary Visitor1)" -e "https://$NAME/?sid=$(canary Referer2)" \
    "http://127.0.0.1/?token=$(canary Query3)&page=2" || :
  {
    printf 'GET /login?password=%s HTTP/1.1\n' "$(canary Login1)"
    printf 'connecting to mysql://shop:%s@10.9.8.7:3306/shop\n' "$(canary Url2)"
    printf 'request headers: Authorization: Basic %s\nX-Api-Key: %s\nCookie: id=%s; theme=dark\n' "$(canary Basic3)" "$(canary Header4)" "$(canary Cookie5)"
    printf '{"level":"error","user":{"access_token":"%s"},"client_secret":"%s"}\n' "$(canary Json6)" "$(canary Secret7)"
    printf 'export AWS_SECRET_ACCESS_KEY=%s\n' "$(canary Env8)"
    printf -- '-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n' "$(canary Block9)"
  } >/tmp/log/application.log
}

# The diagnosis as it would be of a URL and of answers that hold secrets.
plant_in_diagnosis() {
  /usr/bin/python3 - "$out/diagnosis.json" "$LAB_REPORT" <<'PYTHON' >/tmp/planted.json
import json, sys
document = json.load(open(sys.argv[1]))
canary = lambda kind: sys.argv[2] + kind
document["target"]["url"] += ("&" if "?" in document["target"]["url"] else "?") + "token=" + canary("Url1")
for seen in document["observations"]:
    if seen["kind"] == "http":
        seen["data"]["location"] = f"https://{document['target']['host']}/?session_token={canary('Location2')}"
        seen["data"]["first_text"] = f"HTTP/1.1 200 OK..Set-Cookie: session={canary('SetCookie3')}; Path=/..X-Api-Key: {canary('ApiKey4')}.."
json.dump(document, sys.stdout)
PYTHON
}

run_report() {
  local file format status=0
  local -a attach=() documents=(/tmp/planted.json)
  plant_in_logs
  plant_in_diagnosis
  for file in /tmp/log/* /tmp/*/conf; do
    ((${#attach[@]} < 28)) || break
    [[ ! -s $file ]] || grep -qaP '\x00' "$file" || [[ $(stat -c %s "$file") -gt 1000000 ]] || attach+=(--attach "$file")
  done
  [[ ! -s $out/facts.json ]] || documents+=("$out/facts.json")
  mkdir -p "$out/report"
  for format in tar.zst txt html json eml; do
    status=0
    /run/lab/causeway report "${documents[@]}" "${attach[@]}" -o "$out/report/report.$format" >>"$out/report/log" 2>&1 </dev/null || status=$?
    ((status != 2)) || die "report: wrong use: $(tail -n 3 "$out/report/log")"
  done
}
