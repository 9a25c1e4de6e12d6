# frozen_string_literal: true

# Required by every Ruby of a guarded command (RUBYOPT): Bundler loads RubyGems' plugins in some of its commands only (not in
# `bundle install --local` from 2.5 on, nor in `bundle pristine`), and RubyGems before 3.2 not from every folder.
require_relative 'rubygems_plugin' if defined?(Gem.post_build)
