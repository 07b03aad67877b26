#!/bin/sh
# Makes what docker-compose.yml's profiles mount as secrets: a certificate for development and Grafana's password. What is there is
# left alone, so that files of your own may stand there under the same names.
#
#   scripts/secrets.sh [NAME…]    NAME: what clients call this host, beside localhost and 127.0.0.1
#
# KILN_SECRETS names another directory than deploy/secrets.
set -eu
cd "$(dirname "$0")/.."

days=825
directory=${KILN_SECRETS:-deploy/secrets}

command -v openssl >/dev/null || {
    [ "$(id -u)" = 0 ] || {
        echo "secrets: openssl is missing: apt-get install openssl" >&2
        exit 1
    }
    apt-get update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openssl >/dev/null
}

# Nobody but its owner gets into the directory. The files in it are readable for all, because each is mounted alone, and the server
# that reads it has a uid of its own.
umask 077
mkdir -p "$directory"
chmod 0700 "$directory"

if [ -e "$directory/tls.key" ]; then
    echo "secrets: $directory/tls.key is there, left alone"
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    names=DNS:localhost,IP:127.0.0.1
    for name in "$@"; do
        case $name in
        *[!0-9.]*) names="$names,DNS:$name" ;;
        *) names="$names,IP:$name" ;;
        esac
    done
    printf 'subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n' \
        "$names" >"$work/extensions"
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$days" \
            -subj '/CN=Kiln development authority' -addext 'keyUsage=critical,keyCertSign' \
            -keyout "$work/ca.key" -out "$work/ca.crt"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
            -keyout "$work/tls.key" -out "$work/tls.csr"
        openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial \
            -days "$days" -extfile "$work/extensions" -out "$work/tls.crt"
    } 2>"$work/words" || {
        cat "$work/words" >&2
        exit 1
    }
    # The authority's key is not kept: whoever trusts the authority trusts this one certificate.
    cp "$work/ca.crt" "$work/tls.crt" "$directory"
    # Last, because its being there says that all is.
    cp "$work/tls.key" "$directory"
    echo "secrets: wrote ca.crt, which clients trust, tls.crt and tls.key to $directory; valid for $days days"
fi
[ -e "$directory/grafana-password" ] || openssl rand -hex 16 | tr -d '\n' >"$directory/grafana-password"
chmod 0444 "$directory"/*
echo "secrets: the password of Grafana's admin is in $directory/grafana-password"
