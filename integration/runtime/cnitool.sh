#!/usr/bin/env bash
# Builds cnitool, the reference caller of CNI plugins, from Debian's source package into target/cnitool.
# Needs golang-go and dpkg-dev; the sources come from the mirror that apt uses, its own lists stay as they are.
set -euo pipefail
cd "$(dirname "$0")/../.."
made=target/cnitool
[ -x $made/cnitool ] && exit
package=golang-github-appc-cni
mkdir -p $made/lists/partial $made/src
cd $made
. /etc/os-release
mirror=$(awk '$1 == "URIs:" { print $2; exit }' /etc/apt/sources.list.d/debian.sources)
key=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb-src [signed-by=$key] ${mirror:?no URIs in debian.sources} $VERSION_CODENAME main" >sources.list
apt=(apt-get -q -o "Dir::Etc::SourceList=$PWD/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$PWD/lists" -o APT::Sandbox::User=root)
"${apt[@]}" update
(cd src && "${apt[@]}" source --download-only $package)
tree=$PWD/gopath/src/github.com/containernetworking/cni
mkdir -p "$tree"
tar --extract --file src/${package}_*.orig.tar.* --strip-components 1 --directory "$tree"
export GO111MODULE=off GOFLAGS='' GOPATH=$PWD/gopath GOCACHE=$PWD/gocache
go build -o cnitool.new github.com/containernetworking/cni/cnitool
mv cnitool.new cnitool
