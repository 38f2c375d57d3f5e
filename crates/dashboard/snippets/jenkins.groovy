pipeline {
  agent any
  environment {
    PERISCOPE_URL = 'https://periscope.example.org'
    PERISCOPE_KEY = credentials('periscope-key')
    SERVICE = 'acme/api' // your repository
    STARTED_AT = "${sh(script: 'date -u +%Y-%m-%dT%H:%M:%SZ', returnStdout: true).trim()}"
  }
  stages {
    stage('Deploy') {
      steps {
        sh './deploy.sh'
      }
    }
  }
  post {
    always {
      withEnv(["RESULT=${currentBuild.currentResult}"]) {
        sh '''
          case "$RESULT" in SUCCESS|UNSTABLE) status=success ;; ABORTED) status=cancelled ;; *) status=failure ;; esac
          curl --fail-with-body --silent --show-error --retry 5 --retry-all-errors "$PERISCOPE_URL/api/webhooks/deployments" \
            -H "Authorization: Bearer $PERISCOPE_KEY" -H 'Content-Type: application/json' -d @- <<JSON
          {
            "deploymentId": "$BUILD_TAG",
            "commitSha": "$GIT_COMMIT",
            "previousCommitSha": "$GIT_PREVIOUS_SUCCESSFUL_COMMIT",
            "environment": "production",
            "status": "$status",
            "startedAt": "$STARTED_AT",
            "completedAt": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
            "service": "$SERVICE",
            "pipelineUrl": "$BUILD_URL"
          }
JSON
        '''
      }
    }
  }
}
