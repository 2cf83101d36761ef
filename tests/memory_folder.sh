#!/bin/sh
# TMPDIR=… for the tests, where this machine has a folder in memory with room for them: they make databases by the
# hundred, of a thousand files each, and none outlives its test. Nothing where there is none, or TMPDIR is chosen.
[ -z "$TMPDIR" ] && [ -w /dev/shm ] || exit 0
grep -q '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts && exit 0
free=$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')
[ "$free" -gt 8000000 ] && echo TMPDIR=/dev/shm
exit 0
