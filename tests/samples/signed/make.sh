#!/usr/bin/env bash
# Makes the signed messages in this folder with OpenSSL, by keys that are thrown away. They are seeds of the fuzz target
# `signed`, and src/smime/tests/signed/samples.rs reads each. Run it here; needs openssl 3.
set -euo pipefail
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

person() { # NAME, arguments for the key
    local name=$1
    shift
    openssl req -x509 -newkey "$@" -nodes -days 36500 -subj "/CN=Ann" -keyout "$keys/$name.key" -out "$keys/$name.pem" \
        -addext "subjectAltName=email:ann@partner.example" -addext "extendedKeyUsage=emailProtection" 2>/dev/null
}
person rsa rsa:2048
person ec ec -pkeyopt ec_paramgen_curve:P-256
printf 'Content-Type: text/plain\r\n\r\nHere is my certificate.\r\n' >"$keys/content"

message() { # FILE, NAME, more arguments
    local file=$1 name=$2
    shift 2
    {
        printf 'From: Ann <ann@partner.example>\nTo: enrol@agency.example\nSubject: Hello\n'
        openssl cms -sign -crlfeol -in "$keys/content" -signer "$keys/$name.pem" -inkey "$keys/$name.key" "$@"
    } | tr -d '\r' | sed 's/$/\r/' >"$file"
}
message detached-rsa.eml rsa
message detached-ec.eml ec
message pss.eml rsa -keyopt rsa_padding_mode:pss
message opaque.eml ec -nodetach
message without-attributes.eml ec -noattr
message by-key-id.eml ec -keyid
message two-certificates.eml ec -certfile "$keys/rsa.pem"
message sha-1.eml ec -md sha1
message two-signers.eml ec -signer "$keys/rsa.pem" -inkey "$keys/rsa.key"
openssl cms -sign -in "$keys/content" -binary -signer "$keys/ec.pem" -inkey "$keys/ec.key" -outform DER -out signature.p7s
openssl cms -sign -in "$keys/content" -binary -signer "$keys/ec.pem" -inkey "$keys/ec.key" -outform DER -indef -nodetach -out opaque-ber.p7m
