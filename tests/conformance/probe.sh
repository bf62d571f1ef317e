#!/bin/busybox sh
# The program inside the conformance tests' images. It is the images' entrypoint and their /bin/sh.
#
# As a container's first process it prints one line, `APPLC-PROBE ARGV ENVIRON`, with what the kernel
# was given (base64 of the NUL-separated lists); then it does what the files beside it say:
#   delay  seconds to wait before anything is served
#   serve  lines `http PORT`, `tcp PORT` (both answer with the container's id), `mute PORT` (accepts, says
#          nothing), `https PORT` (by the machine's openssl, with a certificate of nobody's)
#   then   `stay` (until stopped), `exit CODE`, `fail COUNT` (that many runs fail with code 3, later ones succeed)
#   shell  `real` (a script given to /bin/sh runs) or `mimic` (it does not: `then` applies)
#
# No variable is set here: the environment of a script that runs for real must stay as it was given.

if [ $$ != 1 ]; then
  # To busybox's own shell each of its applets is always there; to this one, what is in the image.
  if [ -x /usr/bin/dash ]; then
    exec /usr/bin/dash "$@"
  fi
  exec /bin/busybox sh "$@"
fi

echo "APPLC-PROBE $(/bin/busybox base64 -w 0 /proc/1/cmdline) $(/bin/busybox base64 -w 0 /proc/1/environ)"
/bin/busybox sleep "$(/bin/busybox cat /probe/delay)"

/bin/busybox grep -o -m 1 'containers/[0-9a-f]\{64\}' /proc/self/mountinfo |
  /bin/busybox head -n 1 | /bin/busybox cut -d / -f 2 >/probe/www/index.html
/bin/busybox awk '$1 == "http" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /bin/busybox httpd -h /probe/www -p
/bin/busybox awk '$1 == "tcp" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /probe/listen /bin/busybox cat /probe/www/index.html
/bin/busybox awk '$1 == "mute" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /probe/listen /bin/busybox sleep 86400

/bin/busybox awk '$1 == "https" { print $2 }' /probe/serve |
  /bin/busybox xargs -r -n 1 /probe/listen_tls

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
