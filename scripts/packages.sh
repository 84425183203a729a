#!/bin/sh
# Installs what is missing of the Debian packages that besra needs: packages.sh build | tests
# Debian 12, 13 and Ubuntu 24.04. Asks for sudo only when something is missing and the user is not root.
set -eu

build="gcc g++ cmake ninja-build pkg-config protobuf-c-compiler
       libopencv-dnn-dev libopencv-imgproc-dev libconfig-dev libprotobuf-c-dev libjpeg-dev libpng-dev libwebp-dev
       libtiff-dev libgif-dev liblcms2-dev libfreetype-dev libharfbuzz-dev libfontconfig-dev
       libjansson-dev nettle-dev libexpat1-dev fonts-dejavu-core
       libavformat-dev libavcodec-dev libavdevice-dev libswscale-dev libavutil-dev libmicrohttpd-dev libsdl2-dev"
tests="$build libdnnl-dev libcmocka-dev libopencv-imgcodecs-dev libopencv-videoio-dev
       gstreamer1.0-plugins-base xvfb xclip xdotool clang git man-db bash-completion file xz-utils"
# Style and analysis are those of clang 14, which Debian 13 doesn't have: later versions see both in other ways.
case "$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")" in
bookworm | noble) tests="$tests clang-tidy-14 clang-format-14" ;;
esac
# The kernels are tested for ARM64, too.
[ "$(uname -m)" = aarch64 ] || tests="$tests gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"

case "${1:-}" in
build) wanted=$build ;;
tests) wanted=$tests ;;
*)
    echo "usage: packages.sh build|tests" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "packages.sh: no Debian or Ubuntu; install what corresponds to these packages:" $wanted >&2
    exit 3
fi

missing=""
for package in $wanted; do
    # A virtual package counts as there when something installed provides it.
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
