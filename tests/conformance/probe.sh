#!/bin/busybox sh
# The program in the images of the conformance tests: their entrypoint and their /bin/sh.
#
# As process 1 of a container it prints one line, `APPLC-PROBE ARGV ENVIRON`, with its arguments and
# environment (base64 of NUL-separated lists). Then it follows the files in /probe:
#   delay  seconds to wait before it listens on any port
#   serve  lines `http PORT`, `tcp PORT` (both respond with the container's id), `mute PORT` (accepts
#          connections and sends nothing), `https PORT` (with openssl and a self-signed certificate),
#          `udp PORT` (with perl; responds to a datagram with the container's id)
#   then   `stay` (runs until stopped), `exit CODE`, `fail COUNT` (the first COUNT runs exit with 3)
#   shell  `real` (/bin/sh runs its script) or `mimic` (/bin/sh ignores its script and follows `then`)
#
# This script sets no variables: a script that it runs must see the container's environment unchanged.

if [ $$ != 1 ]; then
  # The shell of busybox finds all applets, even without links; dash finds only the programs of the image.
  if [ -x /usr/bin/dash ]; then
    exec /usr/bin/dash "$@"
  fi
  exec /bin/busybox sh "$@"
fi

echo "APPLC-PROBE $(/bin/busybox base64 -w 0 /proc/1/cmdline) $(/bin/busybox base64 -w 0 /proc/1/environ)"
/bin/busybox sleep "$(/bin/busybox cat /probe/delay)"

# The id is that of a container of Docker or of a pod of Kubernetes, as the paths of its mounts contain it.
/bin/busybox grep -o -m 1 -E 'containers/[0-9a-f]{64}|pods/[0-9a-f-]{36}' /proc/self/mountinfo |
  /bin/busybox head -n 1 | /bin/busybox cut -d / -f 2 >/probe/www/index.html
/bin/busybox awk '$1 == "http" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /bin/busybox httpd -h /probe/www -p
/bin/busybox awk '$1 == "tcp" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /probe/listen /bin/busybox cat /probe/www/index.html
/bin/busybox awk '$1 == "mute" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /probe/listen /bin/busybox sleep 86400

/bin/busybox awk '$1 == "https" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /probe/listen_tls
/bin/busybox awk '$1 == "udp" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /probe/listen_udp

case "$0 $(/bin/busybox cat /probe/shell)" in
  "/bin/sh real") exec /bin/busybox sh "$@" ;;
esac

stay() {
  trap 'exit 0' TERM INT
  while :; do
    /bin/busybox sleep 86400 &
    wait $!
  done
}

fail() {
  echo >>/probe/tries
  if [ "$(/bin/busybox wc -l </probe/tries)" -le "$1" ]; then
    exit 3
  fi
}

eval "$(/bin/busybox cat /probe/then)"
