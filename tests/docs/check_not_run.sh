#!/bin/sh
# check_not_run.sh SOURCE: a line of not_run_here.txt that no page has any more is left over, and must go.
set -eu
cd "$1"
left=$(sed 's/ *#.*//; /^$/d' tests/docs/not_run_here.txt | while IFS= read -r command; do
    grep -Fxq -- "$command" README.md CONTRIBUTING.md docs/*.md || echo "no page has: $command"
done)
[ -z "$left" ] || { echo "$left"; exit 1; }
