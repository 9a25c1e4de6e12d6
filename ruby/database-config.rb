# frozen_string_literal: true

# Prints, as one line of JSON, the databases that a Rails app would connect to in this environment.
#
#   ruby --disable=gems database-config.rb APP_DIR
#
# Runs in a process of its own, because evaluating config/database.yml is running the app's code. Standard library only,
# Ruby 2.7 to 4.0. The rules are ActiveRecord's (activerecord/lib/active_record/database_configurations.rb and
# connection_url_resolver.rb, railties' Application::Configuration#database_configuration), read, not loaded:
#
#   {"environment": "production", "databases": [{"name": "primary", "from": "yaml" | "yaml-url" | "variable",
#    "variable": "DATABASE_URL" | null, "url": "..." | null, "replica": false, "settings": {"adapter": "postgresql", ...}}]}
#
# On failure {"error": "what", "where": "config/database.yml"} and exit code 1.

require 'erb'
require 'json'
require 'pathname'
require 'uri'
require 'yaml'

# What a template may ask of Rails without booting the app.
module Rails
  class Environment < String
    def method_missing(name, *arguments)
      name.to_s.end_with?('?') ? self == name.to_s.chomp('?') : super
    end

    def respond_to_missing?(name, include_private = false)
      name.to_s.end_with?('?') || super
    end
  end

  class << self
    attr_accessor :env, :root

    def application
      raise 'it asks for Rails.application, which only the booted app has'
    end
  end
end

# The three methods of Active Support that templates use most.
class Object
  def blank?
    respond_to?(:empty?) ? (is_a?(String) ? strip.empty? : empty?) : !self
  end

  def present?
    !blank?
  end

  def presence
    blank? ? nil : self
  end
end

# Reads one app's databases.
class DatabaseConfig
  URL_PARSER = URI.const_defined?(:RFC2396_PARSER) ? URI::RFC2396_PARSER : URI::DEFAULT_PARSER

  def initialize(environment)
    @environment = environment
  end

  def databases(path)
    tree = File.file?(path) ? share(parse(path)) : {}
    found = in_environment(tree[@environment])
    found << from_variable('primary', {}) if found.empty?
    found.compact
  end

  private

  def parse(path)
    text = ERB.new(File.read(path, encoding: 'UTF-8')).result(TOPLEVEL_BINDING.dup)
    tree = (YAML.respond_to?(:unsafe_load) ? YAML.unsafe_load(text) : YAML.load(text)) || {}
    raise 'it holds no map of environments' unless tree.is_a?(Hash)

    tree.transform_keys(&:to_s)
  end

  # railties: "shared" lies below each environment, and below each database of one.
  def share(tree)
    shared = tree.delete('shared')
    return tree unless shared

    tree.transform_values do |config|
      next config unless config.is_a?(Hash)
      next shared.merge(config) unless config.values.all?(Hash)

      config.to_h do |name, part|
        below = shared.is_a?(Hash) && shared.values.all?(Hash) ? shared[name] || {} : shared
        [name, below.merge(part)]
      end
    end
  end

  def in_environment(config)
    case config
    when nil then []
    when Hash
      return [build('primary', config)] unless config.values.all?(Hash)

      config.map { |name, part| build(name.to_s, part) }
    when String then [with_url('primary', config, {}, 'yaml-url', nil)]
    else raise "the configuration of #{@environment} is neither a map nor a URL"
    end
  end

  # A url: key in the file is final: variables are not asked.
  def build(name, config)
    settings = config.transform_keys(&:to_s)
    url = settings.delete('url')
    return with_url(name, url, settings, 'yaml-url', nil) if url

    from_variable(name, settings) || entry(name, settings, 'yaml', nil, nil)
  end

  def from_variable(name, settings)
    variables = ["#{name.upcase}_DATABASE_URL"]
    variables << 'DATABASE_URL' if name == 'primary'
    variable = variables.find { |candidate| ENV[candidate] }
    variable && with_url(name, ENV[variable], settings, 'variable', variable)
  end

  def with_url(name, url, settings, from, variable)
    text = url.to_s
    resolved = text.start_with?('jdbc:', 'http:', 'https:') ? {} : resolve(text, variable || "the url: of #{name}")
    entry(name, settings.merge(resolved), from, variable, text)
  end

  def resolve(url, where)
    raise "#{where} is empty" if url.strip.empty?

    uri = parse_url(url, where)
    adapter = uri.scheme && uri.scheme.tr('-', '_')
    adapter = 'postgresql' if adapter == 'postgres'
    settings = uri.opaque ? opaque(uri, adapter) : hierarchical(uri, adapter)
    settings.reject { |_, value| value.blank? }.transform_values { |value| value.is_a?(String) ? URL_PARSER.unescape(value) : value }
  end

  # The parser's own message holds the URL, and so the password.
  def parse_url(url, where)
    URL_PARSER.parse(url)
  rescue URI::Error
    raise "#{where} is not a valid URL"
  end

  def opaque(uri, adapter)
    path, query = uri.opaque.split('?', 2)
    parameters(query).merge('adapter' => adapter, 'database' => path)
  end

  def hierarchical(uri, adapter)
    path = uri.path.to_s
    {
      'adapter' => adapter, 'username' => uri.user, 'password' => uri.password, 'port' => uri.port,
      'database' => adapter == 'sqlite3' ? path : path.delete_prefix('/'), 'host' => uri.hostname
    }.merge(parameters(uri.query))
  end

  def parameters(query)
    query.to_s.split('&').reject(&:empty?).to_h { |pair| pair.split('=', 2).then { |key, value| [key, value.to_s] } }
  end

  def entry(name, settings, from, variable, url)
    replica = [true, 'true'].include?(settings['replica'])
    { name: name, from: from, variable: variable, url: url, replica: replica, settings: settings }
  end
end

# A template may print; only the answer goes to standard output.
answer = $stdout.dup
answer.sync = true
$stdout.reopen($stderr)

begin
  Dir.chdir(ARGV.fetch(0))
  Rails.root = Pathname.new(Dir.pwd)
  Rails.env = Rails::Environment.new([ENV['RAILS_ENV'], ENV['RACK_ENV']].find { |name| name && !name.empty? } || 'development')
  databases = DatabaseConfig.new(Rails.env.to_s).databases('config/database.yml')
  answer.puts JSON.generate(environment: Rails.env.to_s, databases: databases)
rescue Exception => error
  answer.puts JSON.generate(error: "#{error.class}: #{error.message.lines.first.to_s.strip}"[0, 500], where: 'config/database.yml')
  exit! 1
end
