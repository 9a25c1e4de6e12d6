# frozen_string_literal: true

# Prints, as one JSON object, what bezel must know of the Ruby that runs this. Loads nothing of the application.
# Runs with --disable=gems: to load all of RubyGems takes four times as long as Ruby itself, and only its search path is wanted.
require 'rbconfig'
# The one extension that every start of RubyGems loads.
require 'monitor'

# A file that is not there is passed over, as lib/rubygems.rb does; one that fails tells nothing.
load_if_there = lambda do |feature|
  require feature
rescue LoadError => e
  raise unless e.path == feature
end

# `Gem.path`, from the files that make it up. Before RubyGems 3.2 the home came from lib/rubygems.rb, as does what Ruby 2 asks of texts.
gem_path = lambda do
  require 'rubygems/defaults'
  Gem.define_singleton_method(:user_home) { Dir.home } unless Gem.respond_to?(:user_home)
  Gem.const_set(:UNTAINT, :itself.to_proc) unless Gem.const_defined?(:UNTAINT)
  load_if_there['rubygems/defaults/operating_system']
  load_if_there["rubygems/defaults/#{RUBY_ENGINE}"]
  require 'rubygems/path_support'
  Gem::PathSupport.new(ENV).path
end

folders =
  if defined?(Gem.path)
    Gem.path
  else
    begin
      gem_path.call
    rescue StandardError, ScriptError
      # A distribution's own file may need what is not loaded here.
      exec(RbConfig.ruby, __FILE__)
    end
  end

quote = lambda { |text| "\"#{text.to_s.gsub(/["\\\x00-\x1f]/) { |char| format('\\u%04x', char.ord) }}\"" }
keys = %w[MAJOR MINOR TEENY PATCHLEVEL ruby_version arch ENABLE_SHARED LIBRUBY_SO DLEXT rubylibdir rubyarchdir vendorarchdir rubylibprefix]
config = keys.map { |key| "#{quote[key]}:#{quote[RbConfig::CONFIG[key]]}" }.join(',')
puts "{\"ruby\":#{quote[RbConfig.ruby]},\"engine\":#{quote[RUBY_ENGINE]},\"config\":{#{config}},\"gemFolders\":[#{folders.map(&quote).join(',')}]}"
