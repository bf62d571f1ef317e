# Made by applc from apps/storefront/search.appliance.json: edit that file instead.
job "search.crawl" {
  type = "batch"

  meta = {
    "applc.appliance" = "search"
  }

  periodic {
    crons            = ["0 3 * * *"]
    time_zone        = "UTC"
    prohibit_overlap = true
  }

  group "crawl" {
    count = 1

    restart {
      attempts = 1
      interval = "8760h"
      delay    = "15s"
      mode     = "fail"
    }

    reschedule {
      attempts  = 0
      unlimited = false
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
          "all_healthy() {\n  found=0\n  while read -r id address port; do\n    [ \"$id\" = \"$1\" ] || continue\n    look \"$address\" \"$port\" </dev/null || return 1\n    found=$((found + 1))\n  done <\"$NOMAD_TASK_DIR/addresses\"\n  [ \"$found\" -ge \"$2\" ]\n}\nlook() { timeout 20 wget -q -O /dev/null \"http://$1:$2\"'/health'; }\necho waiting until index is healthy\nuntil all_healthy index 1; do sleep 2; done",
        ]
      }

      template {
        destination = "${NOMAD_TASK_DIR}/addresses"
        change_mode = "noop"
        data        = <<-EOT
          {{ range nomadService "search--index--http" }}index {{ .Address }} {{ .Port }}{{ "\n" }}{{ end -}}
          EOT
      }

      resources {
        cpu    = 20
        memory = 16
      }
    }

    task "crawl" {
      driver = "docker"
      user   = "1000"

      config {
        image      = "registry.example.org/shop/api:2.4.1"
        force_pull = true
        args = [
          "crawl",
          "--into",
          "http://$${addr_index_7700}",
        ]
      }

      # The task starts when everything named here is ready: until then, the template waits for a
      # variable that does not exist.
      template {
        destination = "${NOMAD_SECRETS_DIR}/filled-in.env"
        env         = true
        change_mode = "noop"
        data        = <<-EOT
          {{ define "wait" }}{{ with nomadVar "nomad/jobs/search.crawl/crawl/crawl" }}{{ end }}{{ end -}}
          {{ define "address" }}{{ range nomadService 1 (env "NOMAD_ALLOC_ID") . }}{{ .Address }}:{{ .Port }}{{ else }}{{ template "wait" }}{{ end }}{{ end -}}
          addr_index_7700="{{ template "address" "search--index--http" }}"
          EOT
      }

      resources {
        cpu    = 500
        memory = 256
      }
    }
  }
}
