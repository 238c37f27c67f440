# Sourced by up, argo, launch, restart and down: the names of everything a run owns, all derived from its folder,
# so that `down` finds them after any crash, and knows a process is ours before it ends it; and how its
# programs are started.
#
#   /run/netns/vedette-ID            network namespace of the whole cluster
#   vdtN                             host end of its veth; its alias is the run folder, its number the slot
#   <cgroup mounts>/vedette-ID       control group: every process of the run, pods included

PATH=$PATH:/usr/sbin:/sbin
# A cluster's addresses are reached without a proxy, from its own programs as from a test.
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

say() { printf '%s\n' "$*" >&2; }
die() {
    say "cluster: $*"
    exit 1
}

name_run() { # FOLDER
    run=$(realpath -m "$1")
    name=vedette-$(printf '%s' "$run" | sha256sum | cut -c1-8)
    netns=/run/netns/$name
}

# One line per hierarchy; cgroup v2 alone on new machines, one per controller (and perhaps v2) on old ones.
cgroup_mounts() {
    if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
        printf '/sys/fs/cgroup\n'
    else
        awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/self/mounts
    fi
}

# Prints the ids of all processes of the run.
processes_of_run() {
    local mount
    cgroup_mounts | while read -r mount; do
        [[ -d $mount/$name ]] || continue
        find "$mount/$name" -name cgroup.procs -exec cat {} + 2>/dev/null || true
    done | sort -un | grep -vx 0 || true
}

is_of_run() { grep -q "/$name\(/\|\$\)" "/proc/$1/cgroup" 2>/dev/null; } # PID

# Starts a program as written down in RUN/programs: in the run's control group, in a session of its own,
# with its log and process id in the run folder. exec all the way keeps that id the program's.
launch() { # NAME
    (
        . "$run/programs/$1"
        echo "$BASHPID" >"$daemons_cgroup/cgroup.procs"
        echo "$BASHPID" >"$run/pids/.$1"
        mv "$run/pids/.$1" "$run/pids/$1" # whoever reads it reads all of it
        exec setsid "${command[@]}"
    ) >>"$run/logs/$1.log" 2>&1 </dev/null &
    disown # bash would report its end
}

# Once a program leads a session of its own, no end of ours is its end.
session_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f4; } # PID
wait_until_launched() { # NAME
    local pid
    until [[ -s $run/pids/$1 ]] && pid=$(<"$run/pids/$1") && [[ $(session_of "$pid") == "$pid" ]]; do
        [[ ! -s $run/pids/$1 ]] || is_of_run "$(<"$run/pids/$1")" || die "$1 ended; see $run/logs/$1.log"
        sleep 0.02
    done
}

# Starts a program of the run in its namespaces, and writes down how, for `restart`.
# nsenter, not `ip netns exec`: the latter remounts /sys and hides the control groups from kubelet.
start() { # NAME PROGRAM ARGUMENTS...
    local command=(nsenter --net="$netns" ${mount_namespace:+--mount="$mount_namespace"} -- "${@:2}")
    declare -p daemons_cgroup command >"$run/programs/$1"
    launch "$1"
}

# Three minutes bound a hang: programs that come from a slow disk for the first time take half a minute each.
wait_for() { # WHAT COMMAND...
    local deadline=$((SECONDS + 180)) what=$1 file
    shift
    until "$@" >/dev/null 2>&1; do
        for file in "$run"/pids/*; do
            [[ ! -e $file ]] || is_of_run "$(<"$file")" || die "${file##*/} ended; see $run/logs/${file##*/}.log"
        done
        ((SECONDS < deadline)) || die "waited too long for $what; see $run/logs"
        sleep 0.1
    done
    say "$(printf '%3d s  %s' "$SECONDS" "$what")"
}

mount_namespace_of_node() { printf '/proc/%s/ns/mnt' "$(<"$run/pids/mounts")"; }

# Unpacks an image archive where the node's pods find it.
import_image() { # ARCHIVE
    nsenter --mount="$(mount_namespace_of_node)" -- ctr --address="$run/containerd.sock" --namespace=k8s.io \
        image import --snapshotter "$(<"$run/snapshotter")" "$1" >>"$run/logs/images.log" 2>&1
}

# "slot host-interface run-folder" of every cluster on this machine, dead or alive.
list_runs() {
    local alias_file interface
    for alias_file in /sys/class/net/vdt[0-9]*/ifalias; do
        [[ -e $alias_file ]] || continue
        interface=${alias_file%/ifalias}
        interface=${interface##*/}
        printf '%s %s %s\n' "${interface#vdt}" "$interface" "$(cat "$alias_file")"
    done
}

# A process id alone may be reused: an owner is "pid start-time".
start_time_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; } # PID
owner_is_dead() { # OWNER
    [[ $1 ]] && [[ $(start_time_of "${1% *}") != "${1#* }" ]]
}

# Paths that kubelet, containerd and the CNI library do not let us choose. Each node sees an empty
# file system of its own there, in a mount namespace of its own.
fixed_folders=(/var/lib/kubelet /var/lib/cni /var/log/containers /run/containerd)
