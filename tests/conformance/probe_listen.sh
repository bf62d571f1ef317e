#!/bin/busybox sh
# listen PROGRAM ARGUMENT... PORT: runs the program for each TCP connection to the port, in the background.
program=
for word; do
  program="$program $port"
  port="$word"
done
exec /bin/busybox nc -ll -p "$port" -e $program &
