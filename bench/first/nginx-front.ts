import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { untilAnswered } from './until-answered.ts'

/** One nginx worker process in front of a Unix socket, keep-alive both ways, access log on: what the front door is measured against. */
export async function startNginxFront(folder: string, port: number, upstreamSocket: string): Promise<AsyncDisposable & { origin: string }> {
  const configuration = join(folder, 'front.conf')
  await writeFile(
    configuration,
    `daemon off;
user root;
worker_processes 1;
pid ${folder}/front.pid;
error_log ${folder}/front-error.log;
events { worker_connections 4096; }
http {
  access_log ${folder}/front-access.log combined buffer=64k flush=1s;
  keepalive_requests 1000000000;
  upstream app { server unix:${upstreamSocket}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`,
  )
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'nginx', '-p', folder, '-c', configuration], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exited = once(child, 'exit')
  const origin = `http://127.0.0.1:${port}`
  await untilAnswered(origin)
  return {
    origin,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
