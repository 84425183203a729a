#!/bin/sh
# How long besra takes to start, beside an empty C program that links only opencv_dnn: medians of RUNS runs each, taken
# in turns, and their ratio. Usage: bench/startup.sh BESRA [RUNS]
set -eu
besra=${1:?usage: $0 BESRA [RUNS]}
runs=${2:-20}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo 'int main(void) { return 0; }' > "$folder/empty.c"
# --no-as-needed: nothing of the library is called, the loader shall load it nevertheless
${CC:-cc} -O2 -o "$folder/empty" "$folder/empty.c" -Wl,--no-as-needed -lopencv_dnn

microseconds() {
    begin=$(date +%s%N)
    "$@" > /dev/null
    end=$(date +%s%N)
    echo $(((end - begin) / 1000))
}

median() {
    sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

"$besra" --version > /dev/null # both in the page cache
"$folder/empty"
i=0
while [ $i -lt "$runs" ]; do
    microseconds "$folder/empty" >> "$folder/empty.us"
    microseconds "$besra" --version >> "$folder/besra.us"
    i=$((i + 1))
done
empty=$(median "$folder/empty.us")
own=$(median "$folder/besra.us")
echo "$empty $own $runs" |
    awk '{ printf "empty program with opencv_dnn %.1f ms, besra --version %.1f ms, ratio %.2f (medians of %d)\n",
           $1 / 1000, $2 / 1000, $2 / $1, $3 }'
