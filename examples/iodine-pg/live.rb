# frozen_string_literal: true

require 'iodine'

# Keeps connections open with Iodine's own upgrade: no thread is held while a client only listens.
module Live
  TEXT = { 'content-type' => 'text/plain; charset=utf-8' }.freeze

  def self.call(env, kind, request)
    upgrade = env['rack.upgrade?']
    if kind == :ws && upgrade == :websocket
      env['rack.upgrade'] = Echo
    elsif kind == :stream && upgrade == :sse
      env['rack.upgrade'] = Ticker.new(Integer(request.params.fetch('ms', '1000')))
    else
      asked = kind == :ws ? 'a WebSocket' : 'text/event-stream'
      return [406, TEXT.dup, ["This is #{asked}: ask for it.\n"]]
    end
    [200, {}, []]
  end

  # WebSocket: sends back what it gets.
  module Echo
    def self.on_message(client, data) = client.write(data)
  end

  # Server-sent events: one number after another.
  class Ticker
    def initialize(every_ms)
      @every_ms = every_ms
      @count = 0
    end

    def on_open(client)
      return unless client.open?

      client.write((@count += 1).to_s)
      Iodine.run_after(@every_ms) { on_open(client) }
    end
  end
end
