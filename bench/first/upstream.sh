#!/bin/sh
# What bezel runs as its worker: an nginx that answers at once, on bezel's socket ($1) and on a TCP port of its own ($2), so that
# it can be asked through bezel, through another nginx, and directly. Says on the way what bezel gave it as DATABASE_URL.
set -eu
folder=$3
printf %s "$1" >"$folder/upstream-socket"
printf %s "$DATABASE_URL" >"$folder/gateway-url"
cat >"$folder/upstream.conf" <<CONF
daemon off;
master_process off;
pid $folder/upstream.pid;
error_log $folder/upstream-error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server {
    listen unix:$1;
    listen 127.0.0.1:$2;
    location / { default_type text/plain; return 200 "Hello from an upstream that has nothing to do.\n"; }
  }
}
CONF
exec nginx -p "$folder" -c "$folder/upstream.conf"
