# Made by applc from apps/storefront/search.appliance.json: edit that file instead.
job "search" {
  type = "service"

  meta = {
    "applc.appliance" = "search"
  }

  group "index" {
    count = 1

    update {
      healthy_deadline  = "12m"
      progress_deadline = "73m"
    }

    network {
      port "http" {
        to = 7700
      }
    }

    service {
      provider = "nomad"
      name     = "search--index--http"
      port     = "http"
    }

    volume "index" {
      type            = "host"
      source          = "search--index"
      access_mode     = "single-node-multi-writer"
      attachment_mode = "file-system"
    }

    task "index" {
      driver = "docker"
      user   = "1000"

      service {
        provider = "nomad"
        name     = "search--index--started"
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
        image      = "registry.example.org/shop/index:0.8.0"
        force_pull = true
        ports      = ["http"]
      }

      volume_mount {
        volume      = "index"
        destination = "/var/lib/index"
      }

      resources {
        cpu    = 1000
        memory = 2048
      }
    }
  }
}
