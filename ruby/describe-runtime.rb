# frozen_string_literal: true

# Prints, as one JSON object, what bezel must know of the Ruby that runs this. Loads nothing of the application.
require 'rbconfig'

quote = lambda { |text| "\"#{text.to_s.gsub(/["\\\x00-\x1f]/) { |char| format('\\u%04x', char.ord) }}\"" }
keys = %w[MAJOR MINOR TEENY PATCHLEVEL ruby_version arch ENABLE_SHARED LIBRUBY_SO DLEXT rubylibdir rubyarchdir vendorarchdir rubylibprefix]
config = keys.map { |key| "#{quote[key]}:#{quote[RbConfig::CONFIG[key]]}" }.join(',')
folders = Gem.path.map(&quote).join(',')
puts "{\"ruby\":#{quote[RbConfig.ruby]},\"engine\":#{quote[RUBY_ENGINE]},\"config\":{#{config}},\"gemFolders\":[#{folders}]}"
