/**
 * Stands before the program in its process, and becomes it. The worker says when: a program whose worker died before
 * anybody watched over it never begins. Values are arguments; none is part of this text.
 * Arguments: the limit of memory in KiB, or nothing; the program; its arguments. Descriptor 3: the word of the worker.
 */
export const GATE = `
read -r word <&3 || exit 126
[ "$word" = go ] || exit 126
exec 3<&-
if [ -n "$1" ]; then ulimit -d "$1" || exit 126; fi
shift
exec "$@"
`;

/**
 * Outlives its worker, if need be, to kill what that has started; then the worker can't. Standard input: `done` once the program is
 * gone; an end without it means that the worker is. Only what every POSIX shell has, apart from rm.
 * Arguments: the program's process, which leads its session; the folder of its script, or nothing.
 */
export const GUARD = `
trap '' HUP INT QUIT TERM
read -r word
[ "$word" = done ] && exit 0
leader=$1 folder=$2 all=" $1 "
pass=0
while [ "$pass" -lt 10 ]; do
  pass=$((pass + 1))
  new=
  before=
  while [ "$all" != "$before" ]; do
    before=$all
    for file in /proc/[0-9]*/stat; do
      pid=\${file#/proc/}
      pid=\${pid%/stat}
      line=
      { read -r line <"$file"; } 2>/dev/null
      set -- \${line##*) }
      [ "$1" = Z ] && continue
      case $all in
        *" $pid "*) [ "$pid" = "$leader" ] && new=yes ;;
        *" \${2:-none} "* | *" \${4:-none} "*) all="$all$pid " new=yes ;;
      esac
    done
  done
  kill -KILL -- "-$leader" 2>/dev/null
  for pid in $all; do kill -KILL "$pid" 2>/dev/null; done
  [ -n "$new" ] || break
done
[ -n "$folder" ] && rm -rf -- "$folder"
exit 0
`;
