# shellcheck shell=bash disable=SC2154
# Sourced by try.sh: what the service does under a live systemd.

# grep reads to the end (no -q): who is cut off fails under pipefail.
# ask PATH: the answer's first line and body, from inside
ask() {
  # shellcheck disable=SC2016
  inside timeout 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9142 && printf "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" "$1" >&3 && cat <&3' ask "$1" 2>/dev/null
}
answers() { ask "$1" | head -n 1 | grep >/dev/null " $2 "; }
in_journal() { inside journalctl -q -u mmdicom.service -o json --no-pager | grep >/dev/null "$1"; }
# drop_in NAME LINE...: beside the unit, in force at once
drop_in() {
  local file=$root/etc/systemd/system/mmdicom.service.d/$1.conf
  shift
  mkdir -p "$(dirname "$file")"
  printf '%s\n' "$@" >"$file"
  inside systemctl daemon-reload
}
exposure() { inside systemd-analyze security --no-pager mmdicom.service | awk '/Overall exposure/ { print $(NF - 2), $(NF - 1) }'; }

say "live: notify, socket, journal"
check "is a notify service with a line of figures ($(property StatusText))" test -n "$(property StatusText)"
check "the socket unit's port answers /healthz" answers /healthz 200
check "/readyz" answers /readyz 200
counts_one() { ask /metrics | grep >/dev/null '^mmdicom_results_total.*"analysed".* 1'; }
# Figures are gathered every two seconds.
check "/metrics tells of the image" until_true 20 counts_one
check "the journal has fields" in_journal '"MMDICOM_FILE"'
check "and no name of a file" no in_journal '0\.dcm'

say "live: sandbox"
# field NAME PID: what the kernel says of a process
# shellcheck disable=SC2016
field() { inside awk -v name="$1:" '$1 == name { print $2 }' "/proc/$2/status"; }
words() { inside sh -c "tr '\\0' ' ' </proc/$1/cmdline"; }
# child KIND: the process of the daemon's that is called so
child() {
  local process
  main=$(property MainPID)
  for process in $(inside sh -c "cat /proc/$main/task/*/children"); do
    case "$(words "$process")" in *" $1 "*--confined*) echo "$process" && return ;; esac
  done
  return 1
}
# shut_in WHAT PID: the filter of system calls, no privileges and none to be had, and of filters more than the daemon has
shut_in() {
  echo "        $1, $2: seccomp $(field Seccomp "$2"), $(field Seccomp_filters "$2") filters, capabilities $(field CapEff "$2"), no new privileges $(field NoNewPrivs "$2")"
  check "$1 is shut in by a filter of system calls, without new privileges" test "$(field Seccomp "$2")" = 2 -a "$(field NoNewPrivs "$2")" = 1
  if [ "$1" = daemon ]; then
    # CAP_LEASE, number 28.
    check "daemon has one capability" test "$(field CapEff "$2")" = 0000000010000000
  else
    check "$1 has no capability" test "$(field CapEff "$2")" = 0000000000000000
    check "$1 has more filters than the daemon" test "$(field Seccomp_filters "$2")" -gt "$(field Seccomp_filters "$main")"
  fi
}
main=$(property MainPID)
shut_in daemon "$main"
check "a worker is there" until_true 30 child worker
shut_in worker "$(child worker)"
echo "        systemd-analyze security: $(exposure) with the network"
drop_in no-network '[Service]' PrivateNetwork=yes RestrictAddressFamilies= RestrictAddressFamilies=AF_UNIX IPAddressDeny=any
inside systemctl restart mmdicom.service
until_true 90 active
echo "        systemd-analyze security: $(exposure) without"
check "without a network of its own it is asked all the same" until_true 30 answers /healthz 200
rm -r "$root/etc/systemd/system/mmdicom.service.d"
inside systemctl daemon-reload
inside systemctl restart mmdicom.service
until_true 90 active

say "live: stop in the middle of a batch, and go on"
# More than are read before anybody can stop it.
mapfile -t batch < <(seq 1 40)
all=$((${#batch[@]} + 1))
drop "${batch[@]}"
check "begins" until_true 120 has_rows 3
begun=$SECONDS
inside systemctl stop mmdicom.service
stopped_at=$(rows)
check "stops in order ($((SECONDS - begun)) s, $stopped_at of $all rows)" test "$(property Result)" = success -a "$(property ExecMainStatus)" = 0
check "in the middle" test "$stopped_at" -lt "$all"
check "the socket is closed with it" no inside systemctl is-active --quiet mmdicom-http.socket
inside systemctl start mmdicom.service
check "goes on" until_true 240 has_rows "$all"
check "each once" test "$(cut -d , -f 3 "$root/var/lib/mmdicom/outbox/report.csv" | tail -n +2 | sort | uniq -d | wc -l)" = 0

say "live: a program that stands still"
drop_in soon '[Service]' WatchdogSec=6 TimeoutAbortSec=6 RestartSec=1
inside systemctl restart mmdicom.service
until_true 90 active
main=$(property MainPID)
drop 41 42
inside bash -c "kill -STOP $main"
replaced() { [ "$(property MainPID)" != "$main" ] && [ "$(property MainPID)" != 0 ] && active; }
begun=$SECONDS
check "is killed by the watchdog and started anew" until_true 90 replaced
echo "        after $((SECONDS - begun)) s, restart $(property NRestarts)"
check "systemd says why" in_journal 'Watchdog timeout'
check "what lay there is read" until_true 240 has_rows $((all + 2))

say "live: receiver and sender, with the network on"
cp "$root/etc/mmdicom/mmdicom.yaml" "$root/root/kept.yaml"
# To itself, as nobody else is there: what comes back is its own, and isn't read.
node=dicom://READER@127.0.0.1:11112
sed -i "s|^receive:.*|receive: $node|; s|^destinations:.*|destinations: [own=$node]|" "$root/etc/mmdicom/mmdicom.yaml"
inside systemctl restart mmdicom.service
until_true 90 active
count=$(rows)
main=$(property MainPID)
check "a receiver is there" until_true 30 child receiver
shut_in receiver "$(child receiver)"
check "it takes an image" inside mmdicom send --to "$node" "${images[43]#"$root"}"
check "whose results are sent" until_true 120 child sender
shut_in sender "$(child sender)"
is_own() { [ "$(grep -c own_output "$root/var/lib/mmdicom/outbox/report.csv")" -ge 3 ]; }
check "and come, and are known as its own" until_true 120 is_own
check "the image and its results have rows" test "$(rows)" -eq $((count + 4))
cp "$root/root/kept.yaml" "$root/etc/mmdicom/mmdicom.yaml"

say "live: a failure for good"
cp "$here/../../systemd/mmdicom-failed@.service" "$root/etc/systemd/system/"
drop_in fail '[Unit]' OnFailure=mmdicom-failed@%n.service
cp "$root/etc/mmdicom/mmdicom.yaml" "$root/root/kept.yaml"
echo "nonsense: 1" >>"$root/etc/mmdicom/mmdicom.yaml"
inside systemctl restart mmdicom.service || true
told() { inside journalctl -q -t mmdicom-failed --no-pager | grep >/dev/null nonsense; }
failed() { inside systemctl is-failed --quiet mmdicom.service; }
check "a bad configuration ends in 'failed'" until_true 60 failed
check "with status 78" test "$(property ExecMainStatus)" = 78
check "which somebody is told of" until_true 20 told
check "nobody answers" no answers /healthz 200
sleep 2
check "and a request doesn't start it" failed
cp "$root/root/kept.yaml" "$root/etc/mmdicom/mmdicom.yaml"
rm -r "$root/etc/systemd/system/mmdicom.service.d"
inside systemctl daemon-reload
inside systemctl reset-failed
inside systemctl start mmdicom.service
check "starts once that is mended" until_true 90 active
