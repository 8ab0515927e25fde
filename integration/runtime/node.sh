# The first process of a node: mounts of its own over what runtimes keep at fixed paths, and then
# nothing but to wait until the test lets go of its standard input. It takes the folder with the
# network configuration and that with the plugins.
set -euo pipefail
# The machine's /proc is still here and knows this process by the machine's number.
read -r outside _ </proc/self/stat
mount -t proc proc /proc
for place in /run /opt /etc/cni /var/lib /dev/shm; do
    mount -t tmpfs tmpfs "$place"
done
mkdir -p /run/netns /opt/cni/bin /etc/cni/net.d
mount --bind "$1" /etc/cni/net.d
mount --bind "$2" /opt/cni/bin
# The bridge has its addresses at once: nobody else could have them.
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
ip link set lo up
echo "$outside"
while read -r _; do :; done
