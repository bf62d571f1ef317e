# Made by applc from apps/storefront/shop.appliance.yaml: edit that file instead.
type         = "host"
name         = "shop--orders"
plugin_id    = "mkdir"
capacity_min = "51200MiB"
capacity_max = "51200MiB"

capability {
  access_mode     = "single-node-multi-writer"
  attachment_mode = "file-system"
}

parameters {
  mode = "0777"
  uid  = "999"
}
