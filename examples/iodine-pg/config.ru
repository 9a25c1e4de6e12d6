# frozen_string_literal: true

require_relative '../app/app'
require_relative 'live'

run App.new(Database.new, Live)
