# frozen_string_literal: true

require 'bcrypt'
require 'connection_pool'
require 'pg'

# A pool of connections that treats a broken one as Rails does: it is opened anew, and a read is repeated once on it.
# A write is never repeated: whether it happened is not known.
class Database
  BCRYPT_COST = 10

  def initialize(url: ENV.fetch('DATABASE_URL', 'postgresql:///postgres'), size: 16)
    @pool = ConnectionPool.new(size: size, timeout: 10) { PG.connect(url) }
  end

  def read(sql, params = [])
    @pool.with do |connection|
      run(connection, sql, params)
    rescue Broken
      run(reopened(connection), sql, params)
    end
  rescue Broken => e
    raise e.cause
  end

  def write(sql, params = [])
    @pool.with { |connection| run(connection, sql, params) }
  rescue Broken => e
    raise e.cause
  end

  private

  # The connection that carried the statement is gone; the error of `pg` is its cause.
  class Broken < StandardError; end
  private_constant :Broken

  def run(connection, sql, params)
    reopened(connection) unless connection.status == PG::CONNECTION_OK
    connection.exec_params(sql, params)
  rescue PG::UndefinedTable
    create_tables(connection)
    retry
  rescue PG::Error
    raise if connection.status == PG::CONNECTION_OK

    raise Broken
  end

  # The same object with a new connection: another one of the pool may be broken too, and not know it yet.
  def reopened(connection)
    connection.reset
    connection
  end

  # Two workers may come here at once: `IF NOT EXISTS` alone does not make that safe, the lock does.
  def create_tables(connection)
    connection.transaction do
      connection.exec("SELECT pg_advisory_xact_lock(hashtext('example tables'))")
      connection.exec('CREATE TABLE IF NOT EXISTS ledger (id text NOT NULL, at timestamptz NOT NULL DEFAULT now())')
      connection.exec('CREATE TABLE IF NOT EXISTS users (name text PRIMARY KEY, digest text NOT NULL)')
      digest = BCrypt::Password.create('corundum', cost: BCRYPT_COST).to_s
      connection.exec_params('INSERT INTO users VALUES ($1, $2) ON CONFLICT DO NOTHING', ['ruby', digest])
    end
  end
end
