# frozen_string_literal: true

require 'bcrypt'
require 'fiddle'
require 'json'
require 'rack'

require_relative 'database'

# A small Rack application with the things that real ones have: queries, passwords, writes, streams, WebSockets,
# and with the things that real ones should not have: exceptions, leaks, and faults in native code.
class App
  TEXT = { 'content-type' => 'text/plain; charset=utf-8' }.freeze
  JSON_TYPE = { 'content-type' => 'application/json' }.freeze

  # `live` is the server's own way to keep a connection open: `call(env, kind, request)` with `:stream` or `:ws`.
  def initialize(database, live)
    @database = database
    @live = live
    @leaked = []
  end

  def call(env)
    request = Rack::Request.new(env)
    case [request.request_method, request.path_info]
    in ['GET' | 'HEAD', '/'] then text("Hello from Ruby #{RUBY_VERSION}.\n")
    in ['GET', '/pid'] then json(pid: Process.pid)
    in ['GET', '/db'] then query
    in ['GET' | 'POST', '/login'] then login(request.params.fetch('name', 'ruby'), request.params.fetch('password', 'corundum'))
    in ['GET', '/slow'] then slow(Integer(request.params.fetch('ms', '1000')))
    in ['GET', '/raise'] then raise 'this exception was asked for'
    in ['GET', '/segv'] then fault
    in ['GET', '/leak'] then leak(Integer(request.params.fetch('mb', '10')), Integer(request.params.fetch('ms', '0')))
    in ['POST', '/ledger'] then enter(request.params.fetch('id'))
    in ['GET', '/ledger'] then count(request.params.fetch('id'))
    in ['GET', '/stream'] then @live.call(env, :stream, request)
    in ['GET', '/ws'] then @live.call(env, :ws, request)
    else text("There is nothing at #{request.request_method} #{request.path_info}.\n", 404)
    end
  rescue KeyError, ArgumentError => e
    text("#{e.message}\n", 400)
  rescue PG::Error, ConnectionPool::TimeoutError => e
    json({ error: e.class.name, message: e.message.strip }, 503)
  end

  private

  def query
    row = @database.read('SELECT now() AS now, pg_backend_pid() AS backend')[0]
    json(now: row['now'], backend: row['backend'].to_i)
  end

  def login(name, password)
    row = @database.read('SELECT digest FROM users WHERE name = $1', [name]).first
    return json({ error: 'wrong name or password' }, 401) unless row && BCrypt::Password.new(row['digest']) == password

    json(welcome: name)
  end

  def slow(milliseconds)
    sleep(milliseconds / 1000.0)
    text("That took #{milliseconds} ms.\n")
  end

  # Writes to the address 1 from inside fiddle.so: no `rescue` in this process will ever see it.
  def fault
    Fiddle::Pointer.new(1)[0] = 1
  end

  def leak(megabytes, milliseconds)
    @leaked << ('x' * (megabytes * 1024 * 1024))
    sleep(milliseconds / 1000.0)
    json(leaked_mb: @leaked.sum(&:bytesize) / 1024 / 1024)
  end

  def enter(id)
    @database.write('INSERT INTO ledger (id) VALUES ($1)', [id])
    json({ id: id }, 201)
  end

  def count(id)
    json(id: id, entries: @database.read('SELECT count(*) AS entries FROM ledger WHERE id = $1', [id])[0]['entries'].to_i)
  end

  def text(body, status = 200) = [status, TEXT.dup, [body]]
  def json(value, status = 200) = [status, JSON_TYPE.dup, ["#{JSON.generate(value)}\n"]]
end
