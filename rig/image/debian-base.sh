#!/bin/bash
# Makes the base image of the rig without an image registry: this machine's Node, and Debian packages from wherever this
# machine's apt gets its own, unpacked without running anything of theirs. Needs Debian 12 or newer and Docker; not root.
# usage: debian-base.sh IMAGE
set -euo pipefail
image=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/portledger-rig.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root

# What every Debian has installed, as far as the roles need it; Node needs libstdc++6
essential="base-files base-passwd bash bsdutils coreutils dash debianutils diffutils findutils grep gzip hostname
  libc-bin libstdc++6 login mawk mount ncurses-base netbase perl-base sed sysvinit-utils tar util-linux"

mkdir -p "$work"/archives/partial "$root"/usr/{bin,sbin,lib,lib64} "$root"/{dev,proc,run,sys,tmp}
# An empty list of installed packages: apt fetches all dependencies, too
# shellcheck disable=SC2046,SC2086
apt-get -qq -y -o Dir::State::status=/dev/null -o Dir::Cache::archives="$work/archives" -o Debug::NoLocking=1 \
  -o APT::Sandbox::User=root -o APT::Install-Recommends=false --download-only install \
  $essential $(cat "$here/packages.txt") >/dev/null

for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
for package in "$work"/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -C "$root" -xp --no-same-owner --keep-directory-symlink \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/info/*'
done

# What the packages' own scripts would have done
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
number=900
for user in tcpdump mysql dhcpcd; do
  number=$((number + 1))
  echo "$user:x:$number:$number::/var/lib/$user:/usr/sbin/nologin" >> "$root/etc/passwd"
  echo "$user:x:$number:" >> "$root/etc/group"
done
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
[ -e "$root/usr/bin/awk" ] || ln -s mawk "$root/usr/bin/awk"
[ -e "$root/var/run" ] || ln -s /run "$root/var/run"
chmod 1777 "$root/tmp"
ldconfig -r "$root" 2>/dev/null || /sbin/ldconfig -r "$root"
install -D "$(readlink -f "$(command -v node)")" "$root/usr/local/bin/node"

tar -C "$root" --owner=0 --group=0 -c . | docker import \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' --change 'CMD ["/bin/sh"]' - "$image" >/dev/null
