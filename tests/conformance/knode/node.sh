#!/bin/sh
# node.sh NAME ADDRESS GATEWAY SERVICES FOLDER...: makes a Kubernetes node of the namespaces in which it runs as first
# process (mount, network, UTS, IPC, PID, and cgroup namespaces of its own), and then only holds them.
#
# What the node writes is in a tmpfs: its root directory is an overlay of the machine's, and /node holds the
# files of its programs. Each FOLDER is the machine's own. So nothing is left when this process ends.
set -eu

name=$1 address=$2 gateway=$3 services=$4
shift 4

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /mnt
cd /mnt
mkdir upper work root node
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
mkdir -p root/node
mount --bind node root/node
mount --rbind /dev root/dev
mount -t proc proc root/proc
mount -t sysfs sysfs root/sys
mount -t tmpfs -o mode=755 tmpfs root/run
for folder; do
  mkdir -p "root$folder"
  mount --bind "$folder" "root$folder"
done

# The control groups of the node, which its namespace shows as the root of each hierarchy.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 root/sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs root/sys/fs/cgroup
  for hierarchy in /sys/fs/cgroup/*; do
    [ -e "$hierarchy/cgroup.procs" ] && [ ! -L "$hierarchy" ] || continue
    controllers=${hierarchy##*/}
    case "$controllers" in
      unified) continue ;;
      systemd) options=none,name=systemd ;;
      *) options=$controllers ;;
    esac
    mkdir "root$hierarchy"
    mount -t cgroup -o "$options" cgroup "root$hierarchy"
  done
fi

# The kubelet sets these settings, which are the machine's; the files take what it writes.
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops \
  kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  file=node/$(echo "$setting" | tr / -)
  cat "/proc/sys/$setting" >"$file"
  mount --bind "$file" "root/proc/sys/$setting"
done

cd root
pivot_root . mnt
cd /
# Detaches all mounts below it too.
umount --lazy /mnt
# Volumes of pods can be mounts that the node and the pod see.
mount --make-rshared /

hostname "$name"
ip link set lo up
until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
ip address add "$address/30" dev eth0
ip link set eth0 up
# Nothing forwards there, but an address without a route is unreachable before a rule applies to it.
ip route add default via "$gateway"
echo 1 >/proc/sys/net/ipv4/ip_forward
# A connection to a Service whose rules do not exist yet is refused at once, instead of never answered.
for chain in FORWARD OUTPUT; do
  iptables --append "$chain" --destination "$services" --jump REJECT
done

mkdir -p /var/log/pods
echo "the node is prepared"
# The first process is the parent of all orphans; as it ignores their ends, the kernel removes them.
exec env --ignore-signal=CHLD sleep infinity
