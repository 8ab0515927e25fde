# Runs one container on a network of ours, by podman's CNI backend, in namespaces of its own.
# Arguments: a folder for everything, the plugin. Prints the pod's rules and addresses.
set -eu
folder=$1 plugin=$2
cd "$folder"
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/lock root/bin root/etc root/proc root/sys root/dev root/run root/tmp net.d bin
ip link set lo up
cp "$plugin" bin/nftdivert
cp /bin/sleep root/bin
for library in $(ldd /bin/sleep | grep -o '/[^ ]*'); do
    mkdir -p "root${library%/*}"
    cp "$library" "root$library"
done
cat >containers.conf <<END
[network]
network_backend = "cni"
cni_plugin_dirs = ["$folder/bin", "/usr/lib/cni"]
network_config_dir = "$folder/net.d"
END
cat >net.d/10-mesh.conflist <<END
{ "cniVersion": "0.4.0", "name": "mesh", "plugins": [
  { "type": "bridge", "bridge": "cni7", "isGateway": true,
    "ipam": { "type": "host-local", "dataDir": "$folder/ipam", "ranges": [[{ "subnet": "10.97.0.0/24" }]] } },
  { "type": "nftdivert", "logFile": "$folder/log",
    "policy": { "apiVersion": "nftdivert/v1", "proxy": { "uids": [4242] } } } ] }
END
export CONTAINERS_CONF="$folder/containers.conf"
engine() {
    podman --root "$folder/storage" --runroot "$folder/state" --storage-driver=vfs --cgroup-manager=cgroupfs \
        --events-backend=none --runtime=/usr/sbin/runc "$@"
}
# The machine's limits may be lower than those that podman gives unasked.
engine run -d --name pod --network mesh --ulimit=nofile=1024:1024 --ulimit=nproc=1024:1024 \
    --rootfs "$folder/root" /bin/sleep 600 >&2
pid=$(engine inspect pod --format '{{.State.Pid}}')
nsenter -t "$pid" -n nft list table inet nftdivert
nsenter -t "$pid" -n ip addr show eth0
engine rm -f -t 0 pod >&2
