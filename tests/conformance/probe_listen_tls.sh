#!/bin/busybox sh
# listen_tls PORT: responds to each HTTPS request on the port with status 200, in the background.
exec /usr/bin/openssl s_server -quiet -www -accept "$1" -cert /probe/cert.pem -key /probe/key.pem \
  </dev/null >/dev/null 2>&1 &
