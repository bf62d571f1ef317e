# Made by applc from apps/storefront/shop.appliance.yaml: edit that file instead.
job "shop" {
  type = "service"

  meta = {
    "applc.appliance" = "shop"
  }

  group "web" {
    count = 2

    update {
      max_parallel      = 2
      healthy_deadline  = "36m"
      progress_deadline = "97m"
    }

    network {
      port "http" {
        to = 8080
      }
    }

    service {
      provider = "nomad"
      name     = "shop--web--http"
      port     = "http"
    }

    task "wait_for" {
      driver = "docker"

      lifecycle {
        hook = "prestart"
      }

      restart {
        attempts = 3
        interval = "5m"
        delay    = "15s"
        mode     = "delay"
      }

      config {
        image        = "busybox:1.36.1"
        network_mode = "host"
        init         = true
        entrypoint   = ["/bin/sh", "-c"]
        args = [
          "all_healthy() {\n  found=0\n  while read -r id address port; do\n    [ \"$id\" = \"$1\" ] || continue\n    look \"$address\" \"$port\" </dev/null || return 1\n    found=$((found + 1))\n  done <\"$NOMAD_TASK_DIR/addresses\"\n  [ \"$found\" -ge \"$2\" ]\n}\nlook() { timeout 20 nc -z \"$1\" \"$2\" 2>/dev/null || timeout 20 nc \"$1\" \"$2\" -e true 2>/dev/null; }\necho waiting until api is healthy\nuntil all_healthy api 3; do sleep 2; done",
        ]
      }

      template {
        destination = "${NOMAD_TASK_DIR}/addresses"
        change_mode = "noop"
        data        = <<-EOT
          {{ range nomadService "shop--api--tcp-9000" }}api {{ .Address }} {{ .Port }}{{ "\n" }}{{ end -}}
          EOT
      }

      resources {
        cpu    = 20
        memory = 16
      }
    }

    task "web" {
      driver = "docker"
      user   = "101"

      service {
        provider = "nomad"
        name     = "shop--web--started"
        port     = "http"

        check {
          type     = "http"
          path     = "/health"
          interval = "60s"
          timeout  = "20s"

          check_restart {
            limit = 3
            grace = "300s"
          }
        }
      }

      config {
        image      = "registry.example.org/shop/web:1.9.2"
        force_pull = true
        ports      = ["http"]
      }

      # The task starts when everything named here is ready: until then, the template waits for a
      # variable that does not exist.
      template {
        destination = "${NOMAD_SECRETS_DIR}/filled-in.env"
        env         = true
        data        = <<-EOT
          {{ define "wait" }}{{ with nomadVar "nomad/jobs/shop/web/web" }}{{ end }}{{ end -}}
          {{ define "address" }}{{ range nomadService 1 (env "NOMAD_ALLOC_ID") . }}{{ .Address }}:{{ .Port }}{{ else }}{{ template "wait" }}{{ end }}{{ end -}}
          API="http://{{ template "address" "shop--api--tcp-9000" }}"
          EOT
      }

      resources {
        cpu    = 500
        memory = 128
      }
    }
  }

  group "api" {
    count = 3

    update {
      max_parallel      = 3
      healthy_deadline  = "24m"
      progress_deadline = "85m"
    }

    network {
      port "tcp_9000" {
        to = 9000
      }
    }

    service {
      provider = "nomad"
      name     = "shop--api--tcp-9000"
      port     = "tcp_9000"
    }

    task "wait_for" {
      driver = "docker"

      lifecycle {
        hook = "prestart"
      }

      restart {
        attempts = 3
        interval = "5m"
        delay    = "15s"
        mode     = "delay"
      }

      config {
        image        = "busybox:1.36.1"
        network_mode = "host"
        init         = true
        entrypoint   = ["/bin/sh", "-c"]
        args = [
          "all_healthy() {\n  found=0\n  while read -r id address port; do\n    [ \"$id\" = \"$1\" ] || continue\n    look \"$address\" \"$port\" </dev/null || return 1\n    found=$((found + 1))\n  done <\"$NOMAD_TASK_DIR/addresses\"\n  [ \"$found\" -ge \"$2\" ]\n}\nlook() { timeout 20 nc -z \"$1\" \"$2\" 2>/dev/null || timeout 20 nc \"$1\" \"$2\" -e true 2>/dev/null; }\necho waiting until database is healthy\nuntil all_healthy database 1; do sleep 2; done",
        ]
      }

      template {
        destination = "${NOMAD_TASK_DIR}/addresses"
        change_mode = "noop"
        data        = <<-EOT
          {{ range nomadService "shop--database--tcp-5432" }}database {{ .Address }} {{ .Port }}{{ "\n" }}{{ end -}}
          EOT
      }

      resources {
        cpu    = 20
        memory = 16
      }
    }

    task "api" {
      driver = "docker"
      user   = "1000"

      service {
        provider = "nomad"
        name     = "shop--api--started"
        port     = "tcp_9000"

        check {
          type     = "tcp"
          interval = "60s"
          timeout  = "20s"

          check_restart {
            limit = 3
            grace = "300s"
          }
        }
      }

      config {
        image      = "registry.example.org/shop/api:2.4.1"
        force_pull = true
        ports      = ["tcp_9000"]
      }

      env = {
        LOG_LEVEL = "warn"
      }

      # The task starts when everything named here is ready: until then, the template waits for a
      # variable that does not exist.
      template {
        destination = "${NOMAD_SECRETS_DIR}/filled-in.env"
        env         = true
        data        = <<-EOT
          {{ define "wait" }}{{ with nomadVar "nomad/jobs/shop/api/api" }}{{ end }}{{ end -}}
          {{ define "address" }}{{ range nomadService 1 (env "NOMAD_ALLOC_ID") . }}{{ .Address }}:{{ .Port }}{{ else }}{{ template "wait" }}{{ end }}{{ end -}}
          DATABASE="postgres://{{ template "address" "shop--database--tcp-5432" }}/shop"
          EOT
      }

      resources {
        cpu    = 1000
        memory = 1024
      }
    }
  }

  group "database" {
    count = 1

    update {
      healthy_deadline  = "12m"
      progress_deadline = "73m"
    }

    network {
      port "tcp_5432" {
        to = 5432
      }
    }

    service {
      provider = "nomad"
      name     = "shop--database--tcp-5432"
      port     = "tcp_5432"
    }

    volume "orders" {
      type            = "host"
      source          = "shop--orders"
      access_mode     = "single-node-multi-writer"
      attachment_mode = "file-system"
    }

    task "database" {
      driver = "docker"
      user   = "999"

      service {
        provider = "nomad"
        name     = "shop--database--started"
        port     = "tcp_5432"

        check {
          type     = "tcp"
          interval = "60s"
          timeout  = "20s"

          check_restart {
            limit = 3
            grace = "300s"
          }
        }
      }

      config {
        image      = "postgres:17.2"
        force_pull = true
        ports      = ["tcp_5432"]
      }

      env = {
        POSTGRES_USER             = "shop"
        POSTGRES_HOST_AUTH_METHOD = "trust"
        PGDATA                    = "/var/lib/postgresql/data/pg"
      }

      volume_mount {
        volume      = "orders"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        cpu    = 1000
        memory = 1024
      }
    }
  }
}
