# shellcheck shell=bash disable=SC2154
# Sourced by try.sh where MMDICOM_SHARE=1: Samba as etc/guide/operating.md has it, added to Debian's own configuration.

say "share: Samba"
grep -q '^\[results\]' "$root/etc/samba/smb.conf" || awk '/^# Samba, / { on = 1 } on && /^```/ { exit } on' "$here/../guide/operating.md" >>"$root/etc/samba/smb.conf"
check "the recipe is Samba's language" inside testparm -s
for name in alice mallory; do
  inside id "$name" >/dev/null 2>&1 || inside useradd --no-create-home "$name"
  inside bash -c "printf 'secret\nsecret\n' | smbpasswd -s -a $name" >/dev/null
done
inside usermod --append --groups mmdicom alice
inside systemctl restart smbd.service
# smb NAME SHARE COMMANDS
smb() { inside smbclient "//127.0.0.1/$2" -U "$1%secret" -c "$3" 2>&1; }
can_list() { smb alice inbox ls >/dev/null; }
check "a member of the group gets in" until_true 20 can_list
check "nobody else does" no smb mallory inbox ls
check "nor to the results" no smb mallory results ls
count=$(rows)
inside mkdir -p /root/sent/study/series
for number in 44 45 46; do cp "${images[$number]}" "$root/root/sent/study/series/$number.dcm"; done
check "a file is dropped" smb alice inbox "lcd /root/sent/study/series; put 44.dcm"
check "is read" until_true 60 has_rows $((count + 1))
check "a folder is dropped" smb alice inbox "lcd /root/sent; recurse ON; prompt OFF; mput study"
check "is read" until_true 60 has_rows $((count + 3))
gone() { [ -z "$(find "$root/var/lib/mmdicom/inbox" -name '*.dcm')" ]; }
check "all of it could be moved" until_true 20 gone
check "the report is there to be fetched" smb alice results "get report.csv /root/fetched.csv"
check "as it is" cmp "$root/root/fetched.csv" "$root/var/lib/mmdicom/outbox/report.csv"
check "nobody changes results" no smb alice results "put /etc/hostname changed"
