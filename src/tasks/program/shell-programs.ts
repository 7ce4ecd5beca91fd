/** Arguments: the limits of memory in KiB, of processor time in s, of a file in blocks of 512 bytes, of open files; or nothing for each. */
const LIMITS = `
if [ -n "$1" ]; then ulimit -d "$1" || exit 126; fi
if [ -n "$2" ]; then { ulimit -S -t "$2" && ulimit -H -t "$(($2 + 1))"; } || exit 126; fi
if [ -n "$3" ]; then ulimit -f "$3" || exit 126; fi
if [ -n "$4" ]; then ulimit -n "$4" || exit 126; fi
shift 4
exec "$@"
`;

/**
 * Stands before the program in its process, and becomes it. The worker says when: a program whose worker died before
 * anybody watched over it never begins. Values are arguments; none is part of this text.
 * Arguments: those of the limits; the program; its arguments. Descriptor 3: the word of the worker.
 */
export const GATE = `
read -r word <&3 || exit 126
[ "$word" = go ] || exit 126
exec 3<&-
${LIMITS}`;

/**
 * The same for a program of another user, whom its process has become just before. What root ran until then had nothing of the job's
 * environment, by which it could have been made to run other code; so that comes here, ahead of the word, a variable a line, with `\\`
 * and line breaks written as `printf %b` reads them.
 * Arguments: the working directory; then as above.
 */
export const GATE_OF_OTHER_USER = `
while :; do
  IFS= read -r word <&3 || exit 126
  [ "$word" = go ] && break
  word=$(printf '%b.' "$word")
  command export "\${word%.}"
done
exec 3<&-
cd -- "$1" || exit 126
shift
${LIMITS}`;

/**
 * Outlives its worker, if need be, to kill what that has started; then the worker can't. Standard input: `done` once the program is
 * gone; an end without it means that the worker is. Only what every POSIX shell has, apart from rm and grep.
 * Arguments: the program's process, which leads its session; what its processes have in their environment; the folder of its script, or
 * nothing.
 */
export const GUARD = `
trap '' HUP INT QUIT TERM
read -r word
[ "$word" = done ] && exit 0
leader=$1 mark=$2 folder=$3 all=" $1 "
pass=0
while [ "$pass" -lt 10 ]; do
  pass=$((pass + 1))
  new=
  before=
  for file in $(grep -lsF -e "$mark" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    pid=\${pid%/environ}
    case $all in
      *" $pid "*) ;;
      *) all="$all$pid " new=yes ;;
    esac
  done
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
