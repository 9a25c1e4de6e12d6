# frozen_string_literal: true

# Makes gems.json: for each critical gem, every released version with the Rubies it asks for and the platforms it is built for.
# Source: the index of rubygems.org that Bundler itself reads (https://guides.rubygems.org/rubygems-org-compact-index-api/).
# Usage: ruby data/compatibility/make-gems.rb [--newest]   (--newest only prints each gem's newest version)
# Ends with 75 when the registry can't be reached.
require 'json'
require 'rubygems/remote_fetcher'
require 'uri'

GEMS = %w[bcrypt bootsnap ffi google-protobuf grpc iodine msgpack mysql2 nio4r nokogiri pg puma sqlite3].freeze
PLATFORM = /\A(?:ruby|(?:x86_64|aarch64|arm64|arm|x86|universal)-(?:linux|darwin)(?:-\w+)?)\z/

# "1.6.0-x86_64-linux a:>= 1|checksum:..,ruby:>= 2.7&< 3.5.dev"
def read_line(line)
  head, rest = line.split(' ', 2)
  version, platform = head.split('-', 2)
  ruby = rest.to_s.split('|', 2).last.to_s[/(?:\A|,)ruby:([^,]*)/, 1]
  { version: version, platform: platform || 'ruby', ruby: ruby ? ruby.split('&').map(&:strip) : [] }
end

def builds(name)
  text = Gem::RemoteFetcher.fetcher.fetch_path(URI("https://rubygems.org/info/#{name}"))
  lines = text.lines(chomp: true).drop_while { |line| line != '---' }.drop(1).reject(&:empty?)
  lines.map { |line| read_line(line) }
       .reject { |build| Gem::Version.new(build[:version]).prerelease? || build[:platform] !~ PLATFORM }
end

begin
  all = GEMS.to_h { |name| [name, builds(name)] }
rescue Gem::RemoteFetcher::FetchError, SystemCallError, SocketError, Timeout::Error => e
  warn "rubygems.org can't be reached: #{e.message}"
  exit 75
end
newest = all.transform_values { |list| list.map { |build| build[:version] }.max_by { |version| Gem::Version.new(version) } }
if ARGV.include?('--newest')
  puts JSON.generate(newest)
  exit
end

gems = all.transform_values do |list|
  list.group_by { |build| build[:version] }.transform_values do |same|
    same.to_h { |build| [build[:platform], build[:ruby]] }
  end
end
lines = gems.map do |name, versions|
  rows = versions.map { |version, platforms| "      #{JSON.generate(version)}: #{JSON.generate(platforms)}" }
  "    #{JSON.generate(name)}: {\n#{rows.join(",\n")}\n    }"
end
File.write(File.join(__dir__, 'gems.json'), <<~JSON)
  {
    "made": #{JSON.generate(Time.now.utc.strftime('%Y-%m-%d'))},
    "source": "https://rubygems.org/info/GEM",
    "gems": {
  #{lines.join(",\n")}
    }
  }
JSON
