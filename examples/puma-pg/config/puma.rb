# frozen_string_literal: true

threads_count = Integer(ENV.fetch('RAILS_MAX_THREADS', '5'))
threads threads_count, threads_count
workers Integer(ENV.fetch('WEB_CONCURRENCY', '2'))
preload_app!
port Integer(ENV.fetch('PORT', '3000'))
