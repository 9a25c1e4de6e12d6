# frozen_string_literal: true

require 'websocket/driver'

# Keeps connections open by taking them over from Puma ("hijacking", Rack's own word); each holds one thread of its own.
module Live
  TEXT = { 'content-type' => 'text/plain; charset=utf-8' }.freeze
  EVENTS = { 'content-type' => 'text/event-stream', 'cache-control' => 'no-store' }.freeze

  def self.call(env, kind, request)
    if kind == :ws && WebSocket::Driver.websocket?(env)
      env['rack.hijack'].call
      Thread.new { Echo.new(env).run }
      [-1, {}, []]
    elsif kind == :stream && env['HTTP_ACCEPT'].to_s.include?('text/event-stream')
      every_ms = Integer(request.params.fetch('ms', '1000'))
      [200, EVENTS.merge('rack.hijack' => ->(io) { Thread.new { tick(io, every_ms) } }), []]
    else
      asked = kind == :ws ? 'a WebSocket' : 'text/event-stream'
      [406, TEXT.dup, ["This is #{asked}: ask for it.\n"]]
    end
  end

  # Server-sent events: one number after another, until the client is gone.
  def self.tick(io, every_ms)
    1.step do |count|
      io.write("data: #{count}\n\n")
      io.flush
      sleep(every_ms / 1000.0)
    end
  rescue SystemCallError, IOError
    io.close
  end

  # WebSocket: sends back what it gets.
  class Echo
    attr_reader :env, :url

    def initialize(env)
      @env = env
      @url = "ws://#{env['HTTP_HOST']}#{env['REQUEST_URI']}"
      @io = env['rack.hijack_io']
      @driver = WebSocket::Driver.rack(self)
      @driver.on(:message) { |message| message.data.is_a?(String) ? @driver.text(message.data) : @driver.binary(message.data) }
      @driver.on(:close) { @io.close }
    end

    def write(bytes) = @io.write(bytes)

    def run
      @driver.start
      @driver.parse(@io.readpartial(16_384)) until @io.closed?
    rescue SystemCallError, IOError
      @io.close
    end
  end
end
