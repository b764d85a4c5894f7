#!/bin/sh
# notices.sh PLANTED: the replay of a broken target fails, says why and keeps the input; that of a whole one does not.
set -u
planted=$1
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
failed=0
complain() { echo "$1"; failed=1; }

# corpus FILE-CONTENT…: a folder of inputs
corpus() {
  rm -rf "$folder/corpus" "$folder/kept"
  mkdir "$folder/corpus"
  for text in "$@"; do printf '%s' "$text" >"$folder/corpus/$(printf '%s' "$text" | cksum | cut -d' ' -f1)"; done
}
replay() { "$planted" "$folder/corpus" --keep="$folder/kept" "$@" >"$folder/said" 2>&1; }
# noticed BUG WHAT-IS-SAID: with that input the replay must fail, and keep it
noticed() {
  corpus good bad "$1"
  if replay --mutations=0; then complain "the replay does not notice: $1"; return; fi
  grep -q "$2" "$folder/said" || complain "the replay does not say \"$2\" of: $1"
  [ "$(cat "$folder/kept")" = "$1" ] || complain "the replay does not keep the input: $1"
  "$planted" "$folder/kept" --keep="$folder/again" >/dev/null 2>&1 && complain "what was kept does not fail again: $1"
}

corpus good bad
replay --mutations=0 || complain "the replay of a whole target fails"
noticed "broken property" 'a property is broken: text != "broken property"'
noticed crash 'kept in'
noticed memory 'a property is broken: peak.bytes'
POSTERN_FUZZ_SECONDS=1
export POSTERN_FUZZ_SECONDS
noticed hang 'kept in'
unset POSTERN_FUZZ_SECONDS

corpus good bad "good morning"
replay --milliseconds=60000 --mutations=20000 && complain "mutations do not find a brace"
grep -q '{' "$folder/kept" || complain "the mutation that found a brace was not kept"

corpus good
replay && complain "a corpus of which nothing is refused passes"
corpus bad
replay && complain "a corpus of which nothing is taken passes"
corpus
replay && complain "an empty corpus passes"
exit $failed
