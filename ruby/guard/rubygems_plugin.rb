# frozen_string_literal: true

# Loaded by RubyGems and Bundler: has bezel validate each native extension right after it is built.
# A hook that answers false makes RubyGems remove the gem's folder and fail the install (Gem.post_build).
unless defined?(BezelGuard)
  module BezelGuard
    BEZEL = File.expand_path('../../bin/bezel', __dir__)

    module_function

    # What validation has to know, one field a line; a path with a line break can't be a gem's.
    def describe(installer)
      spec = installer.spec
      [
        spec.name, spec.version, spec.platform, installer.gem_dir, installer_extension_dir(installer), RbConfig.ruby,
        *spec.require_paths.map { |path| File.join(installer.gem_dir, path) }
      ].join("\n")
    end

    def installer_extension_dir(installer)
      installer.spec.extension_dir
    end

    # True unless bezel says that the build does not fit: what keeps bezel itself from answering stops no install.
    def fits?(installer)
      return true if installer.spec.extensions.empty? || !File.executable?(BEZEL)

      output = IO.popen([BEZEL, 'guard', 'check', { err: %i[child out] }], 'r+') do |pipe|
        begin
          pipe.write(describe(installer))
        rescue Errno::EPIPE
          # It answered without reading; what it says counts.
        end
        pipe.close_write
        pipe.read
      end
      return true if $?.success?

      warn output
      return true unless $?.exitstatus == 78

      FileUtils.rm_rf(installer_extension_dir(installer))
      false
    rescue SystemCallError => error
      warn "bezel guard: #{error.message}; #{installer.spec.full_name} was not validated"
      true
    end
  end

  Gem.post_build { |installer| BezelGuard.fits?(installer) }
end
