# Made by applc from apps/storefront/search.appliance.json: edit that file instead.
type         = "host"
name         = "search--index"
plugin_id    = "mkdir"
capacity_min = "4096MiB"
capacity_max = "4096MiB"

capability {
  access_mode     = "single-node-multi-writer"
  attachment_mode = "file-system"
}

parameters {
  mode = "0777"
  uid  = "1000"
}
