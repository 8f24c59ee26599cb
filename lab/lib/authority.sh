#!/bin/bash
# Makes the certificate authorities of a run: authority.sh DIRECTORY
set -eu
cd "$1"
ca() {
  local name=$1 subject=$2
  shift 2
  openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" -days 400 \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$name.key" -out "$name.pem" "$@" 2>>log
}
ca root '/O=Lab Trust/CN=Lab Trust Root X1'
ca stranger '/O=Nobody/CN=Nobody Root'
ca inter '/O=Lab Trust/CN=Lab Trust Issuing E5' -CA root.pem -CAkey root.key
chmod a+r ./*
