# In place of ./deploy.sh, with the key in PERISCOPE_KEY. The script ends as the deployment does; a report that fails is a
# warning, and PERISCOPE_STRICT=1 makes it a failure.
PERISCOPE_URL=https://periscope.example.org
PERISCOPE_SERVICE=acme/api # your repository
PERISCOPE_ENVIRONMENT=production
started=$(date -u +%Y-%m-%dT%H:%M:%SZ) result=0
./deploy.sh || result=$?
(
  set +eux # whatever fails here, the deployment keeps its result; the key is never traced
  fields='' head=''
  quote() { printf '"%s"' "$(printf %s "$1" | LC_ALL=C tr -d '[:cntrl:]' | LC_ALL=C sed 's/[\\"]/\\&/g')"; }
  field() { fields="${fields:+$fields,}$(quote "$1"):$(quote "$2")"; }
  send() { # asks again for a minute where that can help
    end=$(($(date +%s) + 55))
    for pause in 0 5 5 5 5 5 5 5 5 5 5 5; do
      sleep $pause; left=$((end - $(date +%s)))
      [ $left -gt 0 ] || break
      # curl reads the key from standard input, because process lists show arguments.
      answer=$(printf 'header = %s\ndata = %s\n' "$(quote "Authorization: Bearer $PERISCOPE_KEY")" "$(quote "{$fields}")" |
        curl -sS --connect-timeout 5 -m $((left < 20 ? left : 20)) -w ' %{http_code}' -H 'Content-Type: application/json' \
          -K - "${PERISCOPE_URL%/}/api/webhooks/deployments" 2>&1) && code=${answer##* } || code=$?
      case $code in 408 | 429 | 5?? | 5 | 6 | 7 | 16 | 18 | 28 | 35 | 52 | 55 | 56 | 92) ;; *) break ;; esac
    done
    answer=$(printf %.1000s "$answer" | LC_ALL=C tr -d '[:cntrl:]')
    case $code in 2??) printf 'Periscope: %s\n' "$answer"; return ;; esac
    warn "Periscope has not recorded this deployment: $answer"
    [ "$PERISCOPE_STRICT" != 1 ]
  }
  warn() { echo "Warning: $1" >&2; }
  [ $result = 0 ] && status=success || status=failure
  head=$(git rev-parse -q --verify HEAD 2>/dev/null)
  # One attempt is one deployment. Where a CI has a number for an attempt, take that for the start.
  field deploymentId "sh-$started-$PERISCOPE_SERVICE-$PERISCOPE_ENVIRONMENT"
  field commitSha "$head"
  field environment "$PERISCOPE_ENVIRONMENT"
  field status "$status"
  field startedAt "$started"
  field completedAt "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  field service "$PERISCOPE_SERVICE"
  send
) || [ $result != 0 ] || result=1
exit $result
