#!/bin/bash
# init.sh FOLDER KEEP...: the first process of a machine of a cluster, in namespaces of its own. Gives it a view of its
# own of the file system, in which KEEP are still there, then reaps what ends.
set -eu
folder=$1
shift
keep=("$@")

mount -t proc proc /proc

# A copy of what is mounted elsewhere on the real machine would keep that busy for its owner.
needed() {
  case $1 in / | /proc | /sys | /sys/* | /dev | /dev/*) return 0 ;; esac
  local path
  for path in "${keep[@]}"; do [[ $path/ == "$1"/* || $1/ == "$path"/* ]] && return 0; done
  return 1
}
while read -r _ _ _ _ point _; do
  needed "$(printf '%b' "$point")" || umount -l "$(printf '%b' "$point")" 2> /dev/null || true
done < <(sort -r -k5,5 /proc/self/mountinfo)

# Nothing of the parts is to stay in the real /run, /var/lib/cni, /var/log/pods ...
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var
ln -s /run /var/run
mkdir -p /run/lock /var/tmp /var/log /var/lib/cni /var/lib/kubelet
mount --bind "$folder/kubelet" /var/lib/kubelet

# The kubelet sets these for the whole machine, unless it finds them so.
sysctls=(vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000)
for each in "${sysctls[@]}"; do
  file=/run/sysctl/${each%=*}
  mkdir -p "$(dirname "$file")"
  echo "${each#*=}" > "$file"
  mount --bind "$file" "/proc/sys/${each%=*}"
done
mount --make-rshared /

ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward

touch "$folder/booted"
sleep infinity &
while true; do wait -n || true; done
