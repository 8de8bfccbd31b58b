#!/bin/sh
# Starts coturn with turnserver.conf and what is different at each place, from the environment:
#   TURN_SECRET       VISAVIS_TURN_SECRET of the gateway
#   MEDIA_ADDRESS     VISAVIS_ANNOUNCED_ADDRESS of the gateway: the only peer that is relayed to
#   TURN_REALM        a name of your own
#   EXTERNAL_ADDRESS  public address of this machine, where it stands behind NAT
set -eu
folder=$(dirname "$0")
: "${TURN_REALM:=visavis}" "${EXTERNAL_ADDRESS:=}"
for name in TURN_SECRET MEDIA_ADDRESS; do
  eval "value=\${$name:-}"
  if [ -z "$value" ]; then
    echo "$name is not set (compose.yaml takes it from VISAVIS_TURN_SECRET and VISAVIS_ANNOUNCED_ADDRESS in .env)" >&2
    exit 1
  fi
done
# A file, because every user of the machine can read a command line.
umask 077
settings=$(mktemp)
{
  cat "$folder/turnserver.conf"
  echo "static-auth-secret=$TURN_SECRET"
  echo "realm=$TURN_REALM"
  echo "allowed-peer-ip=$MEDIA_ADDRESS"
  [ -z "$EXTERNAL_ADDRESS" ] || echo "external-ip=$EXTERNAL_ADDRESS"
} > "$settings"
unset TURN_SECRET
exec turnserver -c "$settings" "$@"
