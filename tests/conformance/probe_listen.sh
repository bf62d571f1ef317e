#!/bin/busybox sh
# listen PROGRAM ARGUMENT... PORT: answers each TCP connection to the port with the program, in the background.
program=
for word; do
  program="$program $port"
  port="$word"
done
exec /bin/busybox nc -ll -p "$port" -e $program &
