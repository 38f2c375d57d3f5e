// A stage that deploys and does nothing else, so that a red test is no failed deployment.
stage('Deploy') {
  environment {
    PERISCOPE_URL = 'https://periscope.example.org'
    PERISCOPE_SERVICE = 'acme/api' // your repository
    PERISCOPE_ENVIRONMENT = 'production'
    PERISCOPE_STARTED = "${sh(script: 'date -u +%Y-%m-%dT%H:%M:%SZ', returnStdout: true).trim()}"
  }
  steps {
    sh './deploy.sh'
    // The last step marks this stage as successful: the result of the build is that of other stages, too.
    sh 'mkdir -p "${WORKSPACE}@tmp/deployed-$BUILD_TAG-$STAGE_NAME" || true'
  }
  post {
    always {
      // A report that fails is a warning; PERISCOPE_STRICT = '1' in the environment makes it fail the build.
      catchError(message: 'No report to Periscope', buildResult: env.PERISCOPE_STRICT == '1' ? 'FAILURE' : 'SUCCESS', stageResult: 'UNSTABLE') {
        withCredentials([string(credentialsId: 'periscope-key', variable: 'PERISCOPE_KEY')]) {
          withEnv(["RESULT=${currentBuild.currentResult}"]) {
            sh '''
              set +eux # whatever fails here, the deployment keeps its result; the key is never traced
              fields='' head=''
              quote() { printf '"%s"' "$(printf %s "$1" | LC_ALL=C tr -d '[:cntrl:]' | LC_ALL=C sed 's/[\\\\"]/\\\\&/g')"; }
              field() { fields="${fields:+$fields,}$(quote "$1"):$(quote "$2")"; }
              send() { # asks again for a minute where that can help
                end=$(($(date +%s) + 55))
                for pause in 0 5 5 5 5 5 5 5 5 5 5 5; do
                  sleep $pause; left=$((end - $(date +%s)))
                  [ $left -gt 0 ] || break
                  # curl reads the key from standard input, because process lists show arguments.
                  answer=$(printf 'header = %s\\ndata = %s\\n' "$(quote "Authorization: Bearer $PERISCOPE_KEY")" "$(quote "{$fields}")" |
                    curl -sS --connect-timeout 5 -m $((left < 20 ? left : 20)) -w ' %{http_code}' -H 'Content-Type: application/json' \\
                      -K - "${PERISCOPE_URL%/}/api/webhooks/deployments" 2>&1) && code=${answer##* } || code=$?
                  case $code in 408 | 429 | 5?? | 5 | 6 | 7 | 16 | 18 | 28 | 35 | 52 | 55 | 56 | 92) ;; *) break ;; esac
                done
                answer=$(printf %.1000s "$answer" | LC_ALL=C tr -d '[:cntrl:]')
                case $code in 2??) printf 'Periscope: %s\\n' "$answer"; return ;; esac
                warn "Periscope has not recorded this deployment: $answer"
                [ "$PERISCOPE_STRICT" != 1 ]
              }
              warn() { echo "WARNING: $1"; }
              case $RESULT in ABORTED) status=cancelled ;; *) status=failure ;; esac
              rmdir "${WORKSPACE}@tmp/deployed-$BUILD_TAG-$STAGE_NAME" 2>/dev/null && status=success
              head=$(git rev-parse -q --verify HEAD 2>/dev/null)
              field deploymentId "$BUILD_TAG-$STAGE_NAME-$PERISCOPE_SERVICE-$PERISCOPE_ENVIRONMENT"
              field commitSha "${head:-$GIT_COMMIT}"
              field environment "$PERISCOPE_ENVIRONMENT"
              field status "$status"
              field startedAt "$PERISCOPE_STARTED"
              field completedAt "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
              field service "$PERISCOPE_SERVICE"
              field pipelineUrl "$BUILD_URL"
              send
            '''
          }
        }
      }
    }
  }
}
