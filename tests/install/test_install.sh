#!/bin/sh
# Installs a build into a folder of its own and uses it from there:
# test_install.sh SOURCE BUILD LIBDIR [CFLAGS...]
# The folder is outside the build: a program below the build folder takes the source tree's models.
set -eu
source=$1 build=$2 libdir=$3
shift 3
cflags=$*
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prefix=$folder/prefix
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# Nothing of this machine's user, and no models but those installed.
mkdir "$folder/home" "$folder/elsewhere"
unset BESRA_MODELS BESRA_MODULES BESRA_CPU XDG_CONFIG_HOME XDG_DATA_HOME DESTDIR
export HOME="$folder/home"
cmake --install "$build" --prefix "$prefix" >"$folder/log" || { cat "$folder/log"; exit 1; }
cd "$folder/elsewhere"
cp "$source/assets/cards/cards-1.jpg" table.jpg
cp "$source/assets/photos/chelsea.jpg" cat.jpg

echo "== the tree has what belongs to it"
expected="bin/besra include/besra.h $libdir/libbesra.so $libdir/libbesra.so.0 $libdir/pkgconfig/besra.pc
    share/man/man1/besra.1 share/man/man1/besra-detect.1 share/man/man1/besra-upscale.1
    share/bash-completion/completions/besra share/fish/vendor_completions.d/besra.fish
    share/doc/besra/README.md share/doc/besra/LICENSE share/doc/besra/docs/using.md share/doc/besra/docs/example.c"
for card in "$source"/models/*.cfg "$source"/models/*.onnx; do
    expected="$expected share/besra/models/$(basename "$card")"
done
for path in $expected; do
    [ -s "$prefix/$path" ] || fail "$path is missing"
done
[ -s "$prefix/share/zsh/site-functions/_besra" ] || [ -s "$prefix/share/zsh/vendor-completions/_besra" ] ||
    fail "zsh's completions are missing"
[ ! -e "$prefix/share/besra/models/train" ] || fail "the training scripts were installed"

echo "== nothing in it names the build or the source folder"
for path in "$prefix/$libdir/pkgconfig/besra.pc" "$prefix"/share/man/man1/*.1; do
    if grep -q -e "$build" -e "$source" "$path"; then fail "$path names a folder of this machine"; fi
done
if readelf -d "$prefix/bin/besra" "$prefix/$libdir/libbesra.so" | grep -E 'R(UN)?PATH'; then fail "a run path is left"; fi

echo "== the installed program takes the installed models, from any folder"
mv "$prefix/share/besra/models/srcnn.cfg" "$prefix/share/besra/models/only-here.cfg"
sed -i 's/^file .*/file = "srcnn.onnx";/' "$prefix/share/besra/models/only-here.cfg"
"$prefix/bin/besra" upscale -q -m only-here -s 1.5 -o larger.png cat.jpg && [ -s larger.png ] ||
    fail "the installed model was not found"
mv "$prefix/share/besra/models/only-here.cfg" "$prefix/share/besra/models/srcnn.cfg"
"$prefix/bin/besra" detect -q --no-image --json table.jpg | grep -q '"model":"cards"' || fail "besra detect"

echo "== the tree may be moved"
mv "$prefix" "$folder/moved" && prefix=$folder/moved
"$prefix/bin/besra" detect -q --no-image table.jpg || fail "the moved program"
export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
[ "$(pkg-config --modversion besra)" = "$("$prefix/bin/besra" --version | sed 's/besra //')" ] ||
    fail "besra.pc and besra don't agree on the version"

echo "== manual pages are found and read"
if ! command -v man >/dev/null || man -M "$prefix/share/man" besra-detect 2>&1 | grep -q 'minimized'; then
    echo "SKIPPED: man is not installed" # or it is the substitute of Ubuntu's minimized images
else
    man -M "$prefix/share/man" besra-detect | grep -q -- '--save-txt' || fail "man besra-detect"
fi

echo "== the example is built by pkg-config, and runs"
export BESRA_MODELS LD_LIBRARY_PATH="$prefix/$libdir"
BESRA_MODELS=$(pkg-config --variable=models besra)
# shellcheck disable=SC2046,SC2086 # flags are words
cc -std=c11 -Wall -Wextra -Wpedantic -Werror $cflags "$prefix/share/doc/besra/docs/example.c" \
    $(pkg-config --cflags --libs besra) -o example && ./example cat.jpg table.jpg || fail "docs/example.c"
status=0
./example missing.jpg 2>message || status=$?
[ "$status" = 1 ] && grep -q 'missing.jpg' message || fail "the example doesn't say which file is missing"

echo "== the header is C11, C++11 and complete by itself"
echo '#include <besra.h>' >header.c
for language in "c11 -x c" "c99 -x c" "c++11 -x c++" "c++20 -x c++"; do
    # shellcheck disable=SC2086,SC2046
    c++ -std=$language -Wall -Wextra -Wpedantic -Werror -fsyntax-only header.c $(pkg-config --cflags besra) ||
        fail "besra.h as $language"
done

echo "== the library exports the public functions, all of them and nothing else"
nm -D --defined-only "$prefix/$libdir/libbesra.so" | awk '{print $3}' | sed 's/@.*//' | LC_ALL=C sort -u >exported
tr '\n' ' ' <"$prefix/include/besra.h" | grep -oE 'BSR_API [^;(]*[ *]bsr_[a-z0-9_]+\(' | grep -oE 'bsr_[a-z0-9_]+\($' |
    tr -d '(' | LC_ALL=C sort -u >declared
[ "$(wc -l <declared)" -ge 15 ] || fail "only $(wc -l <declared) declarations were seen in besra.h"
diff declared exported || fail "besra.h (<) and libbesra.so (>) differ"

[ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
echo "all done"
