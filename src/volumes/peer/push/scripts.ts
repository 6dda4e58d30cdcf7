/**
 * What runs in the pod of a door: nothing of ours is installed there, and nobody who pushes is served before the agent has
 * judged what they ask for. Fixed scripts; their first argument is the door's folder.
 */

/** For whoever comes: leaves what is asked for in `asks`, waits for the answer, which is a command, and becomes that. */
export const ASK = `d=$1; name=$$-$(date +%s%N)
printf %s "\${SSH_ORIGINAL_COMMAND-}" >"$d/asks/.$name" && mv -f -- "$d/asks/.$name" "$d/asks/$name" || exit 1
trap 'rm -f -- "$d/asks/$name"' EXIT
trap 'exit 1' TERM HUP
until [ -e "$d/answers/$name" ]; do [ -d "/proc/$PPID" ] || exit 1; sleep 0.2; done
answer=$(cat -- "$d/answers/$name")
rm -f -- "$d/asks/$name" "$d/answers/$name"
trap - EXIT
eval "$answer"
`;

/** For the agent: until whoever asked by the name `$2` has their answer, and some moments more to hear of it; 10 s at most. */
export const TAKEN = `n=0
while [ -e "$1/answers/$2" ] && [ "$n" -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
sleep 0.5
`;

/**
 * For the agent: tells how the door stands once that is not as `$2` says any more, or after `$3` looks, two in a second. `$4` is
 * the volume. Prints a mark of this, whether a push is at work, how full the volume is, the state, and what is asked for.
 */
export const LOOK = `d=$1; n=0
while :; do
  flock --nonblock "$d/lock" true && work=free || work=busy
  mark=$(printf '%s ' "$work" $(ls -- "$d/asks"); cat -- "$d/state" 2>/dev/null)
  n=$((n + 1))
  [ "$mark" = "$2" ] && [ "$n" -lt "$3" ] || break
  sleep 0.5
done
printf '%s' "$mark" | base64 -w 0; echo
echo "$work $(stat -f -c '%b %f %S' -- "$4")"
cat -- "$d/state" 2>/dev/null || echo none
for name in $(ls -- "$d/asks"); do
  echo "$name $(base64 -w 0 <"$d/asks/$name")"
done
`;
