#!/bin/sh
# Does what a page of the docs says: run_page.sh SOURCE PAGE BESRA LIBRARY_FOLDER SCRATCH [CFLAGS...]
#
#   ```sh    run as it stands, each block in a fresh folder with the sample files below; it must succeed.
#            After a line "<!-- goes on -->" it is run in the folder that the block before has left.
#            Lines of not_run_here.txt are left out, and named.
#   ```cfg   with "# NAME" in its first line: there as the file NAME for every block of the page.
#   ```c     a program is built without a warning and run; anything else must be lines of docs/example.c,
#            docs/plugin.c or besra.h.
#
# Every --option in the text must be one of besra's, or of the few tools named here, every link lead to a file.
set -eu
source=$1 page=$2 besra=$3 library=$4 scratch=$5
shift 5
cflags=$*
# Options of our scripts, of cmake, pkg-config and YOLOv5's export.py.
others="again build cflags cxx dynamic include install libs prefix preset table variable target"
here=$source/tests/docs
failures=0

fail() {
    echo "$page:$1: $2"
    failures=$((failures + 1))
}

# Under the names that the docs use.
make_samples() {
    mkdir -p samples/holiday/day-1 samples/home samples/models
    cp -R "$source/assets" samples/
    cp "$source"/models/*.cfg "$source"/models/*.onnx samples/models/
    cp "$source/docs/example.c" "$source/docs/plugin.c" samples/
    cp -R "$source/docs/nets" samples/
    cards=$source/assets/cards
    cp "$cards/cards-1.jpg" samples/my-picture.jpg
    cp "$cards/cards-2.jpg" samples/table.jpg
    cp "$cards/cards-5.jpg" samples/holiday/arrival.jpg
    cp "$cards/cards-6.jpg" samples/holiday/day-1/dinner.jpg
    echo "not a picture" >samples/holiday/Thumbs.db
    cp "$source/assets/photos/chelsea.jpg" samples/small.jpg
    printf '# a line each\nmy-picture.jpg\ntable.jpg\n' >samples/pictures.txt
    cp "$source/models/cards-heads.onnx" samples/my-model.onnx
    cp "$source/models/srcnn.onnx" samples/my-enlarger.onnx
    "$besra" model build -q "$here/my-classifier.cfg" samples/my-classifier.onnx
    for rank in ace two three four five six seven eight nine ten jack queen king; do
        for suit in clubs diamonds hearts spades; do echo "$rank of $suit"; done
    done >samples/my-model.names
}

# blocks/LINE.sh, .more.sh, .c, .cfg: what is between the fences that begin in that line.
cut_blocks() {
    mkdir blocks
    awk '/^```/ { if (inside) { inside = 0; close(file); next }
                  inside = 1
                  type = substr($1, 4)
                  if (type == "sh" && goes_on) type = "more.sh"
                  goes_on = 0
                  file = type ~ /^(sh|more\.sh|c|cfg)$/ ? sprintf("blocks/%04d.%s", NR, type) : "/dev/null"
                  printf "" >file
                  next }
         inside { print >file }
         !inside && NF { goes_on = $0 == "<!-- goes on -->" }
         END { exit inside }' "$source/$page" || fail 1 "a fence without its end"
}

line_of() {
    basename "$1" | sed 's/\..*//; s/^0*//'
}

place_settings() {
    for block in blocks/*.cfg; do
        [ -e "$block" ] || continue
        name=$(sed -n '1s/^# \([A-Za-z0-9._-]*\)$/\1/p' "$block")
        if [ -n "$name" ]; then cp "$block" "samples/$name"; else fail "$(line_of "$block")" "no '# NAME' on its first line"; fi
    done
}

fresh_folder() {
    rm -rf folder
    cp -R samples folder
}

in_folder() {
    (cd folder && HOME=$PWD/home "$@") >output 2>&1
}

run_shell() {
    : >commands
    while IFS= read -r line; do
        if sed 's/ *#.*//' "$here/not_run_here.txt" | grep -Fxq -- "${line:-#}"; then
            echo "$page:$2: not run here: $line"
        else
            printf '%s\n' "$line" >>commands
        fi
    done <"$1"
    case $1 in *.more.sh) ;; *) fresh_folder ;; esac
    in_folder bash -eu -o pipefail "$PWD/commands" && echo "$page:$2: ok" && return
    fail "$2" "failed:"
    cat commands output
}

run_program() {
    # shellcheck disable=SC2086 # flags are words
    if cc -std=c11 -Wall -Wextra -Werror $cflags "$1" $(pkg-config --cflags --libs besra) -o program >output 2>&1 &&
        fresh_folder && in_folder ../program small.jpg; then
        echo "$page:$2: ok"
    else
        fail "$2" "failed:"
        cat output
    fi
}

check_excerpt() {
    sed 's/^ *//; s/ *$//; /^$/d; /^\.\.\.$/d' "$1" >wanted
    cat "$source/docs/example.c" "$source/docs/plugin.c" "$source/include/besra.h" | sed 's/^ *//; s/ *$//' >lines
    while IFS= read -r line; do
        grep -Fxq -- "$line" lines || fail "$2" "in none of example.c, plugin.c and besra.h: $line"
    done <wanted
}

check_options() {
    for command in detect upscale classify; do
        "$besra" $command --help
        "$besra" eval $command --help
    done >help
    "$besra" bench --help >>help
    "$besra" view --help >>help
    "$besra" live --help >>help
    for command in show check explain simplify extract edit build compare run list quantize; do
        "$besra" model $command --help
    done >>help
    grep -on -- '--[a-z][a-z-]*' "$source/$page" | sed 's/:--/ /' >named || true
    while read -r line option; do
        plain=${option#no-}
        grep -Eq -- "--(no-)?$plain([^a-z-]|\$)" help || case " $others " in
        *" $option "*) ;;
        *) fail "$line" "besra has no option --$option" ;;
        esac
    done <named
}

check_links() {
    grep -on '](\([^)#]*\)' "$source/$page" | sed 's/:](/ /' >links || true
    while read -r line link; do
        case $link in
        https://* | "") ;;
        *) [ -e "$source/$(dirname "$page")/$link" ] || fail "$line" "leads to $link, which isn't there" ;;
        esac
    done <links
}

rm -rf "$scratch"
mkdir -p "$scratch/pkgconfig"
cd "$scratch"
unset BESRA_MODELS BESRA_MODULES BESRA_CPU XDG_CONFIG_HOME XDG_DATA_HOME
PATH=$(dirname "$besra"):$PATH
printf 'Name: besra\nDescription: as built\nVersion: 0\nCflags: -I%s/include\nLibs: -L%s -lbesra -Wl,-rpath,%s %s\n' \
    "$source" "$library" "$library" "$cflags" >pkgconfig/besra.pc
export PATH PKG_CONFIG_PATH="$PWD/pkgconfig" BESRA_MODELS="$source/models"

make_samples
cut_blocks
place_settings
for block in blocks/*.sh blocks/*.c; do
    [ -e "$block" ] || continue
    line=$(line_of "$block")
    case $block in
    *.sh) run_shell "$block" "$line" ;;
    *) if grep -q 'int main(' "$block"; then run_program "$block" "$line"; else check_excerpt "$block" "$line"; fi ;;
    esac
done
check_options
check_links
[ "$failures" = 0 ] || { echo "$page: $failures failed"; exit 1; }
