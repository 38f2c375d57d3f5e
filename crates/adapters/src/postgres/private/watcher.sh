# Stops the server when the process that started this one is gone, however it went: it held the other end of our input.
# $1 the data, $2 the short socket folder or nothing, $3 the whole folder if it is to be removed, or nothing.
trap '' INT TERM HUP
pid=
while read -r line; do pid=$line; done

# That number may be another process's by now.
is_server() {
    [ -n "$pid" ] || return 1
    if [ -e /proc/self/cwd ]; then
        [ "/proc/$pid/cwd" -ef "$1" ]
    else
        case $(ps -o command= -p "$pid") in *postgres*) return 0 ;; *) return 1 ;; esac
    fi
}

# A server that has only just been started may not be in its folder yet.
is_server "$1" || sleep 0.2
tenths=0
while is_server "$1"; do
    case $tenths in
        0) kill -INT "$pid" ;;
        200) kill -QUIT "$pid" ;;
        250) kill -KILL "$pid" ;;
    esac
    tenths=$((tenths + 1))
    sleep 0.1
done
if [ -n "$2" ]; then
    rm -f "$2/.s.PGSQL.5432" "$2/.s.PGSQL.5432.lock"
    rmdir "$2"
fi
# An initdb that still runs may add files meanwhile.
tries=0
while [ -n "$3" ] && [ -e "$3" ] && [ $tries -lt 50 ]; do
    rm -rf "$3"
    tries=$((tries + 1))
    [ ! -e "$3" ] || sleep 0.1
done
