#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is built for release needs nothing but glibc, and is hardened. EVENTD_PRODUCTS names another
# folder than build/quick, whose programs differ from those of the release only by LTO.
. "$(dirname "$0")/lib.sh"
need readelf
folder=${EVENTD_PRODUCTS:-$top/build/quick}
for name in eventd event-produce event-consume event-admin event-replay; do
  program=$folder/$name
  [ -x "$program" ] || fail "there is no $program"
  readelf -dW "$program" >"$work/dynamic"
  readelf -lW "$program" >"$work/segments"
  readelf -hW "$program" >"$work/header"
  readelf --dyn-syms -W "$program" >"$work/symbols"
  foreign=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$work/dynamic" |
    grep -vE '^(libc|libm|libdl|libpthread|librt)\.so|^ld-linux' || true)
  [ -z "$foreign" ] || fail "$name needs $foreign"
  grep -q 'Type:.*DYN' "$work/header" || fail "$name is not position-independent"
  grep -q 'GNU_RELRO' "$work/segments" || fail "$name has no read-only relocations"
  grep -qE 'BIND_NOW|FLAGS.*NOW' "$work/dynamic" || fail "$name binds lazily"
  grep 'GNU_STACK' "$work/segments" | grep -q 'RWE' && fail "$name has an executable stack"
  grep -q '__stack_chk_fail' "$work/symbols" || fail "$name has no stack protector"
  grep -qE '__[a-z]+_chk' "$work/symbols" || fail "$name is not fortified"
done
say "five programs need only glibc and are hardened"
